//! How is one block lived?
//!
//! All trials of a contest are started, set up, and warmed up; then come the rounds, in each of which every
//! trial works one slice, in fresh random order, while all others wait; then all are stopped. The next
//! block has fresh processes, since every process carries an offset of its own: the process, not the
//! slice, is what may be counted.
//!
//! Work that must be alone on the machine has no company: each trial, in random order, is started, warmed, does its
//! rounds and is ended before the next one starts.
//!
//! A round beside a busy stranger is set aside and run again, within a budget ([`super::repeats`]). Before the first
//! process is started and when the last one is gone, the machine is probed for hiccups. The controller sleeps during
//! slices. Next: [`super::arm`], [`super::marks`].

use super::{
    arm::Arm,
    contamination::{MOST_CORES, Watch},
    course::Course,
    driver::{Launch, Purpose, Turn},
    events::{Event, Reporter},
    inbox::{Inbox, Interrupted},
    placement,
    plan::{ArmPlan, ContestPlan, Plan},
    repeats::Repeats,
    schedule::Seen,
    service,
};
use crate::{
    clock,
    hiccups::{self, Hiccups},
    protocol::SEEDS,
};
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_pcg::Pcg64Mcg;
use simul_results::TrialRecord;
use std::collections::HashSet;

/// Strangers are looked at again before a slice if the last look is older than this: what they used meanwhile would
/// be told as used during the slice, which may be as short as 5 ms. So it is after a trial of a thousand threads has been
/// read, a burner has been stopped, or connections have been opened again.
const STALE_NS: u64 = 2_000_000;

/// A block that is being lived.
pub struct Block<'a> {
    contest: &'a ContestPlan,
    block: u32,
    seed: u64,
    arms: Vec<Arm<'a>>,
    service: Option<service::Running>,
    watch: Watch,
    /// Every process that is ours.
    ours: HashSet<i32>,
    /// Of the whole run.
    repeats: &'a mut Repeats,
}

impl<'a> Block<'a> {
    /// A block of a contest; cells that have failed before, or of which enough has been seen, are left out.
    #[must_use]
    pub fn new(
        plan: &'a Plan,
        contest: &'a ContestPlan,
        block: u32,
        seen: &Seen,
        repeats: &'a mut Repeats,
    ) -> Self {
        // Every block draws its own inputs and orders; the same for all runners.
        let seed = plan.record.seed.wrapping_add(u64::from(block)) % SEEDS;
        let mut new = Self {
            contest,
            block,
            seed,
            arms: Vec::new(),
            service: None,
            watch: Watch::default(),
            ours: HashSet::from([std::process::id() as i32]),
            repeats,
        };
        let arms = contest.arms.iter().filter(|arm| !seen.is_over(&arm.cell.to_string()));
        // A refusal is written down once.
        let arms = arms.filter(|arm| block == 0 || arm.refusal.is_none());
        new.arms = arms.map(|arm| Arm::new(&new.launch(arm, 0), contest.lengths)).collect();
        new
    }

    /// Lives it, and returns one record for each of its trials.
    ///
    /// # Errors
    /// [`Interrupted`]: what was measured is lost, and all its processes are gone.
    pub fn live(
        mut self,
        inbox: &mut Inbox,
        reporter: &mut dyn Reporter,
    ) -> Result<Vec<TrialRecord>, Interrupted> {
        let mut random = Pcg64Mcg::seed_from_u64(self.seed ^ u64::from(self.block).rotate_left(32));
        let mut hiccups = self.probe();
        self.start_service(inbox)?;
        let mut all: Vec<usize> = (0..self.arms.len()).collect();
        if self.contest.needs.alone {
            all.shuffle(&mut random);
            for arm in all {
                self.sitting(&[arm], inbox, reporter, &mut random)?;
            }
        } else {
            self.sitting(&all, inbox, reporter, &mut random)?;
        }
        if let Some(service) = self.service.take() {
            service.bury(inbox);
        }
        hiccups.add(self.probe());
        let found = hiccups.record();
        self.arms.iter_mut().for_each(|arm| arm.record.hiccups.clone_from(&found));
        let arms = std::mem::take(&mut self.arms);
        Ok(arms.into_iter().map(|arm| arm.judged(self.contest)).collect())
    }

    /// Probes the cores that the contest uses for what the machine takes; not where nothing is measured.
    fn probe(&self) -> Hiccups {
        if !self.arms.iter().any(Arm::is_alive) {
            return Hiccups::default();
        }
        let cores = &self.contest.cores;
        let mut used: Vec<u32> = cores.runner.iter().chain(&cores.peer).copied().collect();
        if used.is_empty() {
            used = placement::available();
        }
        used.sort_unstable();
        used.dedup();
        hiccups::probe(&used, hiccups::LOOK)
    }

    /// These arms live from start to end, together: normally all, and just one where the work must be alone.
    fn sitting(
        &mut self,
        arms: &[usize],
        inbox: &mut Inbox,
        reporter: &mut dyn Reporter,
        random: &mut Pcg64Mcg,
    ) -> Result<(), Interrupted> {
        self.set_up(arms, inbox, random)?;
        self.warm_up(arms, inbox)?;
        self.rounds(arms, inbox, reporter, random)?;
        for arm in arms {
            self.arms[*arm].finish(inbox)?;
        }
        arms.iter().for_each(|arm| self.arms[*arm].release());
        arms.iter().for_each(|arm| self.arms[*arm].bury(inbox));
        Ok(())
    }

    /// What is needed to start the arm at this place.
    fn launch(&self, arm: &'a ArmPlan, place: usize) -> Launch<'a> {
        Launch {
            contest: self.contest,
            arm,
            block: self.block,
            seed: self.seed,
            usual_slice_ns: self.contest.lengths.slice_ns.max(self.contest.lengths.warm_up_ns),
            service: self.service.as_ref().map(|service| service.standing(format!("arm_{place}"))),
            purpose: Purpose::Times,
        }
    }

    /// Starts all processes, in random order, and waits until all actors are at their gates.
    fn set_up(
        &mut self,
        arms: &[usize],
        inbox: &mut Inbox,
        random: &mut Pcg64Mcg,
    ) -> Result<(), Interrupted> {
        let mut order = arms.to_vec();
        order.shuffle(random);
        let arms = self.arms.iter().enumerate();
        let launches: Vec<Launch<'a>> =
            arms.map(|(place, arm)| self.launch(arm.plan(), place)).collect();
        for arm in &order {
            self.arms[*arm].prepare(&launches[*arm], inbox)?;
        }
        for arm in &order {
            self.arms[*arm].start(&launches[*arm], inbox)?;
        }
        for arm in &order {
            self.arms[*arm].await_ready(&launches[*arm], inbox)?;
        }
        self.ours.extend(self.arms.iter().flat_map(Arm::processes));
        self.ours.extend(self.service.iter().flat_map(service::Running::processes));
        Ok(())
    }

    /// Starts the service that the work needs; without it no arm can be measured.
    fn start_service(&mut self, inbox: &mut Inbox) -> Result<(), Interrupted> {
        let closed = self.contest.open.is_none() && self.arms.iter().any(Arm::is_alive);
        let Some(needed) = self.contest.needs.service.filter(|_| closed) else { return Ok(()) };
        match service::start(needed, self.contest, inbox)? {
            Ok(running) => self.service = Some(running),
            Err((state, why)) => {
                self.arms.iter_mut().for_each(|arm| arm.refuse(state, why.clone()));
            }
        }
        Ok(())
    }

    /// Gives all of them slices as long as the longest that any has.
    fn align(&mut self, arms: &[usize]) {
        let longest =
            arms.iter().filter_map(|arm| self.arms[*arm].driver.slice_ns().copied()).max();
        for arm in arms {
            let own = self.arms[*arm].driver.slice_ns();
            own.into_iter().zip(longest).for_each(|(own, longest)| *own = longest);
        }
    }

    fn warm_up(&mut self, arms: &[usize], inbox: &mut Inbox) -> Result<(), Interrupted> {
        let rate_per_sec = Course::of(self.contest).next().unwrap_or(0);
        let turn = Turn { round: 0, position: 0, rate_per_sec, seed: self.seed };
        for arm in arms {
            self.arms[*arm].warm_up(turn, inbox)?;
            self.watch_resting(arms, *arm);
        }
        if self.contest.lengths.alike {
            self.align(arms);
        }
        Ok(())
    }

    fn rounds(
        &mut self,
        arms: &[usize],
        inbox: &mut Inbox,
        reporter: &mut dyn Reporter,
        random: &mut Pcg64Mcg,
    ) -> Result<(), Interrupted> {
        let mut course = Course::of(self.contest);
        let mut order = arms.to_vec();
        let mut round = 0;
        self.watch.look(&self.ours);
        while let Some(rate_per_sec) = course.next() {
            order.shuffle(random);
            // The arrivals of a round are the same for all arms, and other ones in the next.
            let seed = random.next_u64();
            let turn = Turn { round, position: 0, rate_per_sec, seed };
            let wanted = order.iter().copied().filter(|arm| self.arms[*arm].wants(turn));
            let wanted: Vec<usize> = wanted.collect();
            if wanted.is_empty() {
                break;
            }
            let started_ns = clock::now_ns();
            let foreign_cores = self.round(turn, &wanted, inbox, reporter)?;
            let round_ns = clock::now_ns() - started_ns;
            if foreign_cores > MOST_CORES && self.repeats.grant(round_ns, course.ahead()) {
                self.set_aside(arms, round);
                reporter.take_in(&Event::RoundSetAside { foreign_cores });
            } else {
                self.repeats.count(round_ns);
                course.advance();
            }
            round += 1;
        }
        Ok(())
    }

    /// One slice of each of these arms; returns the foreign CPU of the worst slice, in cores.
    fn round(
        &mut self,
        turn: Turn,
        arms: &[usize],
        inbox: &mut Inbox,
        reporter: &mut dyn Reporter,
    ) -> Result<f64, Interrupted> {
        let (mut worst, mut looked_ns) = (0.0_f64, 0);
        for (position, place) in arms.iter().enumerate() {
            let turn = Turn { position: position as u32, ..turn };
            let arm = &mut self.arms[*place];
            arm.before_slice(inbox)?;
            let ours = arm.is_ours();
            if clock::now_ns().saturating_sub(looked_ns) > STALE_NS {
                self.watch.look(&self.ours);
            }
            let slice = arm.slice(turn, inbox)?;
            let foreign = self.watch.look(&self.ours);
            looked_ns = clock::now_ns();
            // Beside a server that is not ours nobody can tell who is a stranger.
            if let Some(slice) = slice.filter(|_| ours) {
                slice.foreign_cpu_ns = Some(foreign.seen_ns);
                slice.foreign_estimated_ns = foreign.estimated_ns;
                worst = worst.max(cores(foreign.cpu_ns(), slice.ended_ns - slice.started_ns));
            }
            reporter.take_in(&Event::SliceEnded { cell: &arm.record.cell });
            arm.after_slice(turn);
            self.watch_resting(arms, *place);
        }
        Ok(worst)
    }

    /// Looks at all of these but the one that has just worked.
    fn watch_resting(&mut self, arms: &[usize], worked: usize) {
        let resting = arms.iter().filter(|arm| **arm != worked);
        resting.for_each(|arm| self.arms[*arm].watch_rest());
    }

    fn set_aside(&mut self, arms: &[usize], round: u32) {
        for arm in arms {
            let slices =
                self.arms[*arm].record.slices.iter_mut().filter(|slice| slice.round == round);
            slices.for_each(|slice| slice.set_aside = true);
        }
    }
}

impl Drop for Block<'_> {
    /// Also when interrupted: all guardians are told first, then each is waited for.
    fn drop(&mut self) {
        self.arms.iter_mut().for_each(Arm::release);
        self.service.iter_mut().for_each(service::Running::release);
    }
}

/// CPU time in cores, over a span of time.
pub(super) fn cores(cpu_ns: u64, span_ns: u64) -> f64 {
    cpu_ns as f64 / span_ns.max(1) as f64
}
