//! What do operations do, besides taking time?
//!
//! When all timed blocks are over, each measured cell has two more trials, alone on the machine. In one, allocations and
//! polls are counted by the trial itself; in the other, which counts nothing, [`super::tracer`] counts system calls. Each
//! does a short and a long slice, and the difference of the two is the operations' own: what a slice costs besides (an
//! order read, the gate, the tracer's interruptions, the answer written) happens once in both. Attaching alone is not
//! exact: it takes the gate for an operation's doing.
//!
//! No time of these trials is kept, and no verdict hears of them. Next: `simul_results::record`, `AuditRecord`.

use super::{
    arm::Arm,
    driver::{Launch, Turn},
    events::{Event, Reporter},
    inbox::{Inbox, Interrupted},
    lengths::Lengths,
    plan::{ArmPlan, ContestPlan, Plan},
    schedule::Seen,
    service,
    tracer::{self, Tracer},
};
use crate::protocol::{AuditCounts, SEEDS, Slice};
use simul_results::{
    State, TrialRecord, histogram,
    record::{AuditRecord, CountsRecord, TraceRecord, part},
    store::{StoreError, Writer},
};
use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

/// As short as an order can be, for work that does thousands of operations in the long one.
pub const SHORT: Duration = Duration::from_millis(1);
/// Long enough for some hundred operations under a tracer, which makes a system call take 20 to 50 µs. Where operations
/// are long, it is as long as a slice of that cell.
pub const LONG: Duration = Duration::from_millis(200);

/// So many operations more than the short slice the long one is to have; else another, four times as long, takes its
/// place: under a tracer an operation of a thousand system calls takes 50 ms and more.
const LEAST_OPERATIONS: u64 = 10;
/// From there on, what there is must do.
const LONGEST: Duration = Duration::from_secs(3);

/// One slice of an audit, with the system calls in it if they were traced.
type Audited = (Slice, BTreeMap<String, u64>);

/// Audits every measured cell that has not been audited yet.
///
/// # Errors
/// The recording cannot be written; within it, [`Interrupted`]: audits that were done are kept.
pub fn all(
    plan: &Plan,
    seen: &Seen,
    done: &[TrialRecord],
    writer: &mut Writer,
    inbox: &mut Inbox,
    reporter: &mut dyn Reporter,
) -> Result<Result<(), Interrupted>, StoreError> {
    let done: HashSet<&str> = done.iter().map(|trial| &*trial.cell).collect();
    let no_tracer = tracer::missing();
    for contest in plan.contests.iter().filter(|contest| !contest.contest.load.is_open()) {
        for arm in &contest.arms {
            let cell = arm.cell.to_string();
            if done.contains(&*cell) || !seen.is_measured(&cell) {
                continue;
            }
            reporter.take_in(&Event::AuditStarted { contest, cell: &cell });
            let pass = Pass { plan, contest, arm, no_tracer: no_tracer.as_deref() };
            match inbox.check().and_then(|()| pass.audit(inbox)) {
                Ok(trial) => writer.append(&[trial])?,
                Err(interrupted) => return Ok(Err(interrupted)),
            }
        }
    }
    Ok(Ok(()))
}

/// The audit of one cell.
struct Pass<'a> {
    plan: &'a Plan,
    contest: &'a ContestPlan,
    arm: &'a ArmPlan,
    /// Why there is no tracer, if so.
    no_tracer: Option<&'a str>,
}

impl Pass<'_> {
    fn audit(&self, inbox: &mut Inbox) -> Result<TrialRecord, Interrupted> {
        let (mut record, counted) = self.trial(false, inbox)?;
        let mut audit = AuditRecord::default();
        match counted {
            Ok(slices) => count(&mut audit, slices),
            Err(why) => {
                let why = format!("the audit trial {why}");
                for part in [part::ALLOCATIONS, part::POLLS] {
                    audit.absent.insert(part.into(), why.clone());
                }
            }
        }
        let traced = match self.no_tracer {
            Some(why) => Err(why.to_owned()),
            None => self.trial(true, inbox)?.1,
        };
        match traced {
            Ok(slices) => audit.traced = Some(slices.map(traced_record)),
            Err(why) => drop(audit.absent.insert(part::SYSCALLS.into(), why)),
        }
        record.audit = Some(audit);
        Ok(record)
    }

    /// One trial with both slices; the record, which has none of them, or why they are missing.
    fn trial(
        &self,
        traced: bool,
        inbox: &mut Inbox,
    ) -> Result<(TrialRecord, Result<[Audited; 2], String>), Interrupted> {
        let mut launch = Launch {
            contest: self.contest,
            arm: self.arm,
            block: 0,
            seed: self.plan.record.seed % SEEDS,
            usual_slice_ns: LONG.as_nanos() as u64,
            service: None,
            audit: !traced,
        };
        let mut arm = Arm::new(&launch, Lengths::of(self.plan));
        let mut running = None;
        if let Some(needed) = self.contest.needs.service {
            match service::start(needed, self.contest, inbox)? {
                Ok(started) => running = Some(started),
                Err((state, why)) => arm.refuse(state, why),
            }
        }
        launch.service = running.as_ref().map(|service| service.standing("arm_0".into()));
        let lived = live(&mut arm, &launch, traced, inbox);
        arm.release();
        arm.bury(inbox);
        if let Some(running) = running {
            running.bury(inbox);
        }
        let slices = lived?;
        let mut record = arm.judged(self.contest);
        let why = record.reason.take().unwrap_or_else(|| "ended without a word".into());
        let slices = slices.filter(|_| record.state == State::Measured).ok_or_else(|| {
            let is_reason = record.state == State::Unavailable;
            if is_reason { why.clone() } else { format!("{}: {why}", record.state.name()) }
        });
        record.state = State::Measured;
        record.marks.clear();
        record.slices.clear();
        record.costs = None;
        record.price = None;
        record.hiccups = None;
        record.actors = None;
        Ok((record, slices))
    }
}

impl Arm<'_> {
    /// One slice of an audit, and the system calls in it if it is traced; neither is kept here.
    fn audit(
        &mut self,
        at_least: Duration,
        traced: bool,
        inbox: &mut Inbox,
    ) -> Result<Option<Audited>, Interrupted> {
        self.step(|arm| {
            let processes = arm.subject.priced();
            let tracer = traced.then(|| Tracer::attach(&processes, inbox)).transpose()?;
            let slice = arm.driver.audit(&mut arm.subject, at_least, inbox)?;
            let calls = tracer.map(|tracer| tracer.detach(inbox)).transpose()?;
            Ok((slice, calls.unwrap_or_default()))
        })
    }
}

/// Lives one audit trial from start to end; `None` if it did not come so far.
fn live(
    arm: &mut Arm<'_>,
    launch: &Launch<'_>,
    traced: bool,
    inbox: &mut Inbox,
) -> Result<Option<[Audited; 2]>, Interrupted> {
    arm.prepare(launch, inbox)?;
    arm.start(launch, inbox)?;
    arm.await_ready(launch, inbox)?;
    arm.warm_up(Turn { round: 0, position: 0, rate_per_sec: 0, seed: launch.seed }, inbox)?;
    let short = arm.audit(SHORT, traced, inbox)?;
    let mut length = LONG;
    let mut long = arm.audit(length, traced, inbox)?;
    let few = |short: &Option<Audited>, long: &Option<Audited>| {
        short.as_ref().zip(long.as_ref()).is_some_and(|((short, _), (long, _))| {
            // Where operations are long, it was longer than was asked for.
            let is_short = u128::from(long.window_ns) < LONGEST.as_nanos();
            is_short && long.operations < short.operations + LEAST_OPERATIONS
        })
    };
    while few(&short, &long) {
        length *= 4;
        long = arm.audit(length, traced, inbox)?;
    }
    arm.finish(inbox)?;
    Ok(short.zip(long).map(|(short, long)| [short, long]))
}

/// Takes in what the trial counted; programs that are not ours count nothing.
fn count(audit: &mut AuditRecord, slices: [Audited; 2]) {
    let counts = slices.map(|(slice, _)| (slice.operations, slice.audit.unwrap_or_default()));
    let [_, (_, long)] = &counts;
    let mut absent = |part: &str, why: &str| drop(audit.absent.insert(part.into(), why.into()));
    if long.allocations.is_none() {
        absent(part::ALLOCATIONS, "not counted in a program of another language");
    }
    if long.polls.is_none() {
        let why = long.without_polls.as_deref();
        absent(part::POLLS, why.unwrap_or("not counted in a program of another language"));
    }
    audit.counted = Some(counts.map(counts_record));
}

fn counts_record((operations, counts): (u64, AuditCounts)) -> CountsRecord {
    let AuditCounts { allocations, allocated_bytes, polls, .. } = counts;
    let text = polls.as_ref().map(|polls| polls.histogram.clone());
    CountsRecord {
        operations,
        allocations,
        allocated_bytes,
        polls: polls.as_ref().map(|polls| polls.polls),
        migrations: polls.as_ref().map(|polls| polls.migrations),
        poll_histogram_crc: text.as_deref().map(histogram::checksum),
        poll_histogram: text,
    }
}

fn traced_record((slice, calls): Audited) -> TraceRecord {
    TraceRecord { operations: slice.operations, calls }
}
