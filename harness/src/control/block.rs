//! How is one block lived?
//!
//! All trials of a contest are started, set up, and warmed up; then come the rounds, in each of which every
//! trial works one slice, in fresh random order, while all others wait; then all are stopped. The next
//! block has fresh processes, since every process carries an offset of its own: the process, not the
//! slice, is what may be counted.
//!
//! A round beside a busy stranger is set aside and run again while that costs at most a quarter of the
//! block. The controller sleeps during slices. Next: [`super::arm`], [`super::marks`].

use super::{
    arm::{Arm, Launch},
    contamination::{Look, MOST_CORES, Watch},
    events::{Event, Reporter},
    inbox::{Inbox, Interrupted},
    marks,
    plan::{ContestPlan, Plan},
    schedule::Seen,
    verification,
};
use crate::protocol::SEEDS;
use rand::{SeedableRng, seq::SliceRandom};
use rand_pcg::Pcg64Mcg;
use simul_results::{SliceRecord, State, TrialRecord};
use std::collections::HashSet;

/// Slices hold at least so many operations, unless one takes longer than 20 ms.
pub const LEAST_OPERATIONS: u64 = 20;
/// No slice is longer, unless it was asked for: a contest of ten would take minutes.
const LONGEST_SLICE_NS: u64 = 2_000_000_000;

/// Slices are so many times longer than the 99th percentile. An operation that begins before a window and
/// ends after it is in none: with windows as long as the tail, Little's law missed half of the operations
/// of a runner that lets some of a thousand connections wait for 40 ms.
const TAILS: u64 = 3;

/// A block that is being lived.
pub struct Block<'a> {
    plan: &'a Plan,
    contest: &'a ContestPlan,
    block: u32,
    seed: u64,
    arms: Vec<Arm<'a>>,
    watch: Watch,
    /// Every process that is ours.
    ours: HashSet<i32>,
    look: Look,
    /// For each arm: the length of its slices and what is dropped of them.
    lengths_ns: Vec<[u64; 2]>,
}

impl<'a> Block<'a> {
    /// A block of a contest; cells that have failed before are left out.
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
            watch: Watch::default(),
            ours: HashSet::from([std::process::id() as i32]),
            look: Look::default(),
            lengths_ns: Vec::new(),
        };
        let launch = new.launch();
        let arms = contest.arms.iter().filter(|arm| !seen.is_faulty(&arm.cell.to_string()));
        // A refusal is written down once.
        let arms = arms.filter(|arm| block == 0 || arm.refusal.is_none());
        new.arms = arms.map(|arm| Arm::new(arm, &launch)).collect();
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
        self.set_up(inbox, &mut random)?;
        self.warm_up(inbox)?;
        self.rounds(inbox, reporter, &mut random)?;
        for arm in &mut self.arms {
            arm.finish(inbox)?;
        }
        self.arms.iter_mut().for_each(Arm::release);
        self.arms.iter_mut().for_each(|arm| arm.bury(inbox));
        let arms = std::mem::take(&mut self.arms);
        Ok(arms.into_iter().map(|arm| judged(arm, self.contest, self.seed)).collect())
    }

    fn launch(&self) -> Launch<'a> {
        Launch {
            contest: self.contest,
            block: self.block,
            seed: self.seed,
            usual_slice_ns: self.plan.record.slice_ns.max(self.plan.record.warm_up_ns),
        }
    }

    /// Starts all processes, in random order, and waits until all actors are at their gates.
    fn set_up(&mut self, inbox: &mut Inbox, random: &mut Pcg64Mcg) -> Result<(), Interrupted> {
        let launch = self.launch();
        let mut order: Vec<usize> = (0..self.arms.len()).collect();
        order.shuffle(random);
        for arm in &order {
            self.arms[*arm].start_peer(&launch, inbox);
        }
        for arm in &order {
            self.arms[*arm].start_trial(&launch, inbox)?;
        }
        for arm in &order {
            self.arms[*arm].await_ready(inbox)?;
        }
        self.ours.extend(self.arms.iter().flat_map(Arm::processes));
        Ok(())
    }

    fn warm_up(&mut self, inbox: &mut Inbox) -> Result<(), Interrupted> {
        for arm in &mut self.arms {
            let asked = [self.plan.record.slice_ns, self.plan.record.drop_ns];
            let pace = if arm.is_alive() {
                arm.warm_up(self.plan.record.warm_up_ns, inbox)?
            } else {
                None
            };
            let length =
                pace.filter(|_| !self.plan.exact_slice).map(|pace| length_ns(&pace, asked));
            self.lengths_ns.push(length.unwrap_or(asked));
        }
        Ok(())
    }

    fn rounds(
        &mut self,
        inbox: &mut Inbox,
        reporter: &mut dyn Reporter,
        random: &mut Pcg64Mcg,
    ) -> Result<(), Interrupted> {
        let mut again = self.plan.record.rounds / 4;
        let (mut round, mut counted) = (0, 0);
        let mut order: Vec<usize> = (0..self.arms.len()).collect();
        self.look = self.watch.look(&self.ours);
        while counted < self.plan.record.rounds {
            order.shuffle(random);
            let foreign_cores = self.round(round, &order, inbox, reporter)?;
            if foreign_cores > MOST_CORES && again > 0 {
                again -= 1;
                self.set_aside(round);
                reporter.take_in(&Event::RoundSetAside { foreign_cores });
            } else {
                counted += 1;
            }
            round += 1;
            if !self.arms.iter().any(Arm::is_alive) {
                break;
            }
        }
        Ok(())
    }

    /// One slice of every trial; returns the foreign CPU of the worst slice, in cores.
    fn round(
        &mut self,
        round: u32,
        order: &[usize],
        inbox: &mut Inbox,
        reporter: &mut dyn Reporter,
    ) -> Result<f64, Interrupted> {
        let mut worst: f64 = 0.0;
        let alive = order.iter().filter(|arm| self.arms[**arm].is_alive());
        let alive: Vec<usize> = alive.copied().collect();
        for (position, arm) in alive.into_iter().enumerate() {
            let arm_lengths = self.lengths_ns[arm];
            let arm = &mut self.arms[arm];
            let slice = arm.slice(arm_lengths, [round, position as u32], inbox)?;
            let look = self.watch.look(&self.ours);
            if let Some(slice) = slice {
                let foreign_ns = look.since_ns(&self.look, &self.ours);
                slice.foreign_cpu_ns = Some(foreign_ns);
                worst = worst.max(cores(foreign_ns, slice.ended_ns - slice.started_ns));
            }
            self.look = look;
            reporter.take_in(&Event::SliceEnded { cell: &arm.record.cell });
        }
        Ok(worst)
    }

    fn set_aside(&mut self, round: u32) {
        for arm in &mut self.arms {
            let slices = arm.record.slices.iter_mut().filter(|slice| slice.round == round);
            slices.for_each(|slice| slice.set_aside = true);
        }
    }
}

impl Drop for Block<'_> {
    /// Also when interrupted: all guardians are told first, then each is waited for.
    fn drop(&mut self) {
        self.arms.iter_mut().for_each(Arm::release);
    }
}

/// CPU time in cores, over a span of time.
pub(super) fn cores(cpu_ns: u64, span_ns: u64) -> f64 {
    cpu_ns as f64 / span_ns.max(1) as f64
}

/// How long a trial's slices must be, by its pace in the warm-up: at least as long as asked, at least
/// [`LEAST_OPERATIONS`], and longer than its slow operations by [`TAILS`].
fn length_ns(pace: &SliceRecord, [slice_ns, drop_ns]: [u64; 2]) -> [u64; 2] {
    let per_operation_ns = pace.window_ns / pace.completed.max(1);
    // Half as many again, since the pace varies.
    let enough_ns = per_operation_ns * LEAST_OPERATIONS * 3 / 2;
    let wanted_ns = enough_ns.max(TAILS * pace.p99_ns) + drop_ns;
    [slice_ns.max(wanted_ns.min(LONGEST_SLICE_NS)), drop_ns]
}

/// The trial's record, after its work has been verified and its numbers have been looked at.
pub(super) fn judged(mut arm: Arm<'_>, contest: &ContestPlan, seed: u64) -> TrialRecord {
    if let Some(finished) = arm.finished.take() {
        if finished.early > 0 {
            let early = finished.early;
            arm.end(
                State::Discarded,
                format!("{early} operations ended before the time that they had asked to wait"),
            );
        }
        let workload = &contest.contest.workload;
        if let Some(complaint) = arm.miscount(&finished.actors) {
            arm.end(State::Discarded, complaint);
        } else if let Some(complaint) = verification::complaint(workload, seed, &finished.actors) {
            arm.end(State::Discarded, complaint);
        }
        arm.record.actors = Some(marks::evenness(&finished.actors));
    }
    arm.record.marks = marks::of(&arm, contest);
    arm.record
}
