//! What do operations do, besides taking time?
//!
//! When all timed blocks are over, each measured cell has at least three more trials, alone on the machine. One counts its
//! own allocations and polls, in a short and in a long slice. Two count nothing and are traced as a whole by
//! [`super::tracer`], one with a short slice and one with a long one. What is kept is two counts each time, whose difference
//! is the operations' own: what comes besides (an order read, the gate, the answer; of a traced trial its set-up and its
//! end) is in both.
//!
//! No time of these trials is kept, and no verdict hears of them. Next: `simul_results::record`, `AuditRecord`.

use super::{
    arm::Arm,
    dialogue::NoAnswer,
    driver::{Launch, Purpose, Turn},
    events::{Event, Reporter},
    inbox::{Inbox, Interrupted},
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

/// The short slice of a traced trial: long enough for what comes only with the first operations (threads of a pool, memory),
/// since it has no warm-up; so much shorter than [`LONG`] that a trial which lives in another state than the long one (either
/// of two threads may hold a reactor, to the end) spoils a tenth.
const SHORT_TRACED: Duration = Duration::from_millis(20);
/// So many operations the long slice of a traced trial is to have, at the pace of the short one: a `brk` more or less in
/// set-up, which is seen now and then, is then 0.02 an operation.
const WANTED_OPERATIONS: u32 = 50;
/// So many operations more than the short slice the long one must have; else another, four times as long, takes its
/// place: under a tracer an operation of a thousand system calls takes 50 ms and more.
const LEAST_OPERATIONS: u64 = 10;
/// From there on, what there is must do.
const LONGEST: Duration = Duration::from_secs(3);

/// The slice of a traced trial, and all system calls of that trial by their names.
type Traced = (Slice, BTreeMap<String, u64>);

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
            let name = arm.cell.to_string();
            if done.contains(&*name) || !seen.is_measured(&name) {
                continue;
            }
            reporter.take_in(&Event::AuditStarted { contest, cell: &name });
            match inbox.check().and_then(|()| cell(plan, contest, arm, no_tracer.as_deref(), inbox))
            {
                Ok(trial) => writer.append(&[trial])?,
                Err(interrupted) => return Ok(Err(interrupted)),
            }
        }
    }
    Ok(Ok(()))
}

/// Audits one cell, beside the service that its work needs: one for all its trials, of which each makes its own tables.
fn cell(
    plan: &Plan,
    contest: &ContestPlan,
    arm: &ArmPlan,
    no_tracer: Option<&str>,
    inbox: &mut Inbox,
) -> Result<TrialRecord, Interrupted> {
    let needed = contest.needs.service;
    let service = needed.map(|needed| service::start(needed, contest, inbox)).transpose()?;
    let pass = Pass { plan, contest, arm, no_tracer, service: service.as_ref() };
    let audited = pass.audit(inbox);
    if let Some(Ok(running)) = service {
        running.bury(inbox);
    }
    audited
}

/// The audit of one cell.
struct Pass<'a> {
    plan: &'a Plan,
    contest: &'a ContestPlan,
    arm: &'a ArmPlan,
    /// Why there is no tracer, if so.
    no_tracer: Option<&'a str>,
    /// What the work needs, or why it is not there.
    service: Option<&'a Result<service::Running, NoAnswer>>,
}

impl Pass<'_> {
    fn audit(&self, inbox: &mut Inbox) -> Result<TrialRecord, Interrupted> {
        let (mut record, counted) = self.trial(Purpose::Counts, inbox, count)?;
        let mut audit = AuditRecord::default();
        let mut length = LONG;
        match counted {
            Ok(slices) => {
                length = length.max(Duration::from_nanos(slices[1].window_ns));
                take_in(&mut audit, slices);
            }
            Err(why) => {
                let why = format!("the audit trial {why}");
                for part in [part::ALLOCATIONS, part::POLLS] {
                    audit.absent.insert(part.into(), why.clone());
                }
            }
        }
        let traced = match self.no_tracer {
            Some(why) => Err(why.to_owned()),
            None => self.traced(length, inbox)?,
        };
        match traced {
            Ok(trials) => audit.traced = Some(trials),
            Err(why) => drop(audit.absent.insert(part::SYSCALLS.into(), why)),
        }
        record.audit = Some(audit);
        Ok(record)
    }

    /// Two traced trials, one short, one at least so long; or why there are none.
    fn traced(
        &self,
        at_least: Duration,
        inbox: &mut Inbox,
    ) -> Result<Result<[TraceRecord; 2], String>, Interrupted> {
        let trace = |length, inbox: &mut Inbox| {
            let live = |arm: &mut Arm<'_>, launch: &Launch<'_>, inbox: &mut Inbox| {
                trace(arm, launch, length, inbox)
            };
            Ok(self.trial(Purpose::SystemCalls, inbox, live)?.1)
        };
        let (short, each) = match trace(SHORT_TRACED, inbox)? {
            Ok((slice, calls)) => (traced_record(&slice, calls), per_operation(&slice)),
            Err(why) => return Ok(Err(why)),
        };
        let mut length = at_least.max((each * WANTED_OPERATIONS).min(LONGEST));
        loop {
            let (slice, calls) = match trace(length, inbox)? {
                Ok(long) => long,
                Err(why) => return Ok(Err(why)),
            };
            let is_enough = slice.operations >= short.operations + LEAST_OPERATIONS;
            // Where operations are long, it was longer than was asked for.
            if is_enough || u128::from(slice.window_ns) >= LONGEST.as_nanos() {
                return Ok(Ok([short, traced_record(&slice, calls)]));
            }
            length *= 4;
        }
    }

    /// One trial; the record, which has nothing of it, and what was seen, or why it is missing.
    fn trial<T>(
        &self,
        purpose: Purpose,
        inbox: &mut Inbox,
        live: impl FnOnce(&mut Arm<'_>, &Launch<'_>, &mut Inbox) -> Result<Option<T>, Interrupted>,
    ) -> Result<(TrialRecord, Result<T, String>), Interrupted> {
        let service = self.service.and_then(|service| service.as_ref().ok());
        let launch = Launch {
            contest: self.contest,
            arm: self.arm,
            block: 0,
            seed: self.plan.record.seed % SEEDS,
            usual_slice_ns: LONG.as_nanos() as u64,
            service: service.map(|running| running.standing("arm_0".into())),
            purpose,
        };
        let mut arm = Arm::new(&launch, self.contest.lengths);
        if let Some(Err((state, why))) = self.service {
            arm.refuse(*state, why.clone());
        }
        let lived = live(&mut arm, &launch, inbox);
        arm.release();
        arm.bury(inbox);
        let seen = lived?;
        let mut record = arm.judged(self.contest);
        let why = record.reason.take().unwrap_or_else(|| "ended without a word".into());
        let seen = seen.filter(|_| record.state == State::Measured).ok_or_else(|| {
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
        Ok((record, seen))
    }
}

impl Arm<'_> {
    /// One slice of an audit, which is kept nowhere.
    fn audit(
        &mut self,
        at_least: Duration,
        inbox: &mut Inbox,
    ) -> Result<Option<Slice>, Interrupted> {
        self.step(|arm| arm.driver.audit(&mut arm.subject, at_least, inbox))
    }
}

/// Lives a trial that counts by itself: a short and a long slice. `None` if it did not come so far.
fn count(
    arm: &mut Arm<'_>,
    launch: &Launch<'_>,
    inbox: &mut Inbox,
) -> Result<Option<[Slice; 2]>, Interrupted> {
    arm.prepare(launch, inbox)?;
    arm.start(launch, inbox)?;
    arm.await_ready(launch, inbox)?;
    arm.warm_up(Turn { round: 0, position: 0, rate_per_sec: 0, seed: launch.seed }, inbox)?;
    let short = arm.audit(SHORT, inbox)?;
    let mut length = LONG;
    let mut long = arm.audit(length, inbox)?;
    let few = |short: &Option<Slice>, long: &Option<Slice>| {
        short.as_ref().zip(long.as_ref()).is_some_and(|(short, long)| {
            let is_short = u128::from(long.window_ns) < LONGEST.as_nanos();
            is_short && long.operations < short.operations + LEAST_OPERATIONS
        })
    };
    while few(&short, &long) {
        length *= 4;
        long = arm.audit(length, inbox)?;
    }
    arm.finish(inbox)?;
    Ok(short.zip(long).map(|(short, long)| [short, long]))
}

/// Lives a trial that is traced from its first instruction to its end, with one slice; that, and all system calls. It has no
/// warm-up: nobody asks how long anything takes.
fn trace(
    arm: &mut Arm<'_>,
    launch: &Launch<'_>,
    length: Duration,
    inbox: &mut Inbox,
) -> Result<Option<Traced>, Interrupted> {
    arm.prepare(launch, inbox)?;
    arm.start(launch, inbox)?;
    let tracer = arm.step(|arm| {
        let trial = arm.subject.trial()?;
        let tracer = Tracer::attach(trial, &launch.contest.cores.runner, inbox)?;
        trial.begin()?;
        Ok(tracer)
    })?;
    arm.await_ready(launch, inbox)?;
    let slice = arm.audit(length, inbox)?;
    arm.finish(inbox)?;
    // Where a step went wrong, those behind it were not taken.
    let calls = match tracer {
        Some(tracer) => arm.step(|_| tracer.table(inbox))?,
        None => None,
    };
    Ok(slice.zip(calls))
}

/// How long an operation took, beside those of other actors.
fn per_operation(slice: &Slice) -> Duration {
    let span_ns = slice.ended_ns.saturating_sub(slice.started_ns);
    Duration::from_nanos(span_ns / slice.operations.max(1))
}

fn traced_record(slice: &Slice, calls: BTreeMap<String, u64>) -> TraceRecord {
    TraceRecord { operations: slice.operations, calls }
}

/// Takes in what the trial counted; programs that are not ours count nothing.
fn take_in(audit: &mut AuditRecord, slices: [Slice; 2]) {
    let counts = slices.map(|slice| (slice.operations, slice.audit.unwrap_or_default()));
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
