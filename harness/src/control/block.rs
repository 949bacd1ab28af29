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
//! A round beside a busy stranger is set aside and run again while that costs at most a quarter of the
//! block. The controller sleeps during slices. Next: [`super::arm`], [`super::marks`].

use super::{
    arm::Arm,
    closed::Lengths,
    contamination::{Look, MOST_CORES, Watch},
    course::Course,
    driver::{Launch, Turn},
    events::{Event, Reporter},
    inbox::{Inbox, Interrupted},
    plan::{ArmPlan, ContestPlan, Plan},
    schedule::Seen,
    service,
};
use crate::protocol::SEEDS;
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_pcg::Pcg64Mcg;
use simul_results::TrialRecord;
use std::collections::HashSet;

/// A block that is being lived.
pub struct Block<'a> {
    plan: &'a Plan,
    contest: &'a ContestPlan,
    block: u32,
    seed: u64,
    arms: Vec<Arm<'a>>,
    service: Option<service::Running>,
    watch: Watch,
    /// Every process that is ours.
    ours: HashSet<i32>,
    look: Look,
}

impl<'a> Block<'a> {
    /// A block of a contest; cells that have failed before, or of which enough has been seen, are left out.
    #[must_use]
    pub fn new(plan: &'a Plan, contest: &'a ContestPlan, block: u32, seen: &Seen) -> Self {
        // Every block draws its own inputs and orders; the same for all runners.
        let seed = plan.record.seed.wrapping_add(u64::from(block)) % SEEDS;
        let mut new = Self {
            plan,
            contest,
            block,
            seed,
            arms: Vec::new(),
            service: None,
            watch: Watch::default(),
            ours: HashSet::from([std::process::id() as i32]),
            look: Look::default(),
        };
        let arms = contest.arms.iter().filter(|arm| !seen.is_over(&arm.cell.to_string()));
        // A refusal is written down once.
        let arms = arms.filter(|arm| block == 0 || arm.refusal.is_none());
        new.arms = arms.map(|arm| Arm::new(&new.launch(arm, 0), new.lengths())).collect();
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
        let arms = std::mem::take(&mut self.arms);
        Ok(arms.into_iter().map(|arm| arm.judged(self.contest)).collect())
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
            usual_slice_ns: self.plan.record.slice_ns.max(self.plan.record.warm_up_ns),
            service: self.service.as_ref().map(|service| service.standing(format!("arm_{place}"))),
        }
    }

    fn lengths(&self) -> Lengths {
        Lengths {
            slice_ns: self.plan.record.slice_ns,
            drop_ns: self.plan.record.drop_ns,
            warm_up_ns: self.plan.record.warm_up_ns,
            least_operations: self.plan.least_operations,
            exact: self.plan.exact_slice,
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

    fn warm_up(&mut self, arms: &[usize], inbox: &mut Inbox) -> Result<(), Interrupted> {
        let rate_per_sec = Course::of(self.contest).next().unwrap_or(0);
        let turn = Turn { round: 0, position: 0, rate_per_sec, seed: self.seed };
        arms.iter().try_for_each(|arm| self.arms[*arm].warm_up(turn, inbox).map(|_| ()))
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
        self.look = self.watch.look(&self.ours);
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
            let foreign_cores = self.round(turn, &wanted, inbox, reporter)?;
            if foreign_cores > MOST_CORES && course.repeat() {
                self.set_aside(arms, round);
                reporter.take_in(&Event::RoundSetAside { foreign_cores });
            } else {
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
        let mut worst: f64 = 0.0;
        for (position, arm) in arms.iter().enumerate() {
            let turn = Turn { position: position as u32, ..turn };
            let arm = &mut self.arms[*arm];
            arm.before_slice(inbox)?;
            let ours = arm.is_ours();
            let slice = arm.slice(turn, inbox)?;
            let look = self.watch.look(&self.ours);
            // Beside a server that is not ours nobody can tell who is a stranger.
            if let Some(slice) = slice.filter(|_| ours) {
                let foreign_ns = look.since_ns(&self.look, &self.ours);
                slice.foreign_cpu_ns = Some(foreign_ns);
                worst = worst.max(cores(foreign_ns, slice.ended_ns - slice.started_ns));
            }
            self.look = look;
            reporter.take_in(&Event::SliceEnded { cell: &arm.record.cell });
        }
        Ok(worst)
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
