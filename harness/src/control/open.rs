//! How is an open load brought?
//!
//! By a generator, a process of its own at the other end of the sockets, which sends requests at times drawn
//! beforehand and waits for nobody. The process under test is a server, which knows nothing of slices: what it
//! burns is read from its CPU clock from outside, around each slice. Connections are checked, and opened again
//! where the server has closed them, before the slice and outside it. It must not know the order of turns. Next:
//! [`crate::generator`].

use super::{
    arm::{ANSWERING, SETTING_UP},
    child::Start,
    dialogue::Dialogue,
    driver::{Driver, Launch, Step, Stop, Turn},
    external::Source,
    inbox::Inbox,
    marks,
    open_plan::{OpenPlan, TOP_PER_SEC},
    open_recording,
    subject::Subject,
};
use crate::{
    clock,
    generator::{GeneratorOrder, GeneratorReply, GeneratorSpec},
    protocol::{Finished, Mode, PeerReady},
};
use simul_load::{Arrivals, Fault, Outcome};
use simul_results::{SliceRecord, State, record::Saturation};
use std::{net::SocketAddr, time::Duration};

/// A request that is not answered within this has failed. As long as `wrk2` and `simul load` wait.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long after a slice its last requests are awaited: as long as operations of a closed load.
const GRACE: Duration = super::arm::DRAIN;
/// Beyond the last request of a slice, the generator has only to write down what it saw: a few histograms.
const WRITING: Duration = Duration::from_secs(10);
/// A sweep goes on beyond the first rung at which a server is saturated, since a stall looks the same; after
/// so many in a row it has shown enough.
const SATURATED_IN_A_ROW: usize = 2;

/// A generator and what it is told.
pub struct Open {
    generator: Option<Dialogue>,
    plan: OpenPlan,
    /// What stands before the routes of a server that is not ours, and what its `Host` header says.
    elsewhere: Option<(String, String)>,
    /// Connections that had to be opened again since the last slice.
    reopened: u32,
    is_ours: bool,
}

impl Open {
    /// A driver whose generator has not been started.
    #[must_use]
    pub fn new(launch: &Launch<'_>, plan: &OpenPlan) -> Self {
        let elsewhere = match launch.arm.external.as_ref().map(|server| &server.source) {
            Some(Source::Url { host, prefix, .. }) => Some((prefix.clone(), host.clone())),
            Some(Source::Command(_)) | None => None,
        };
        let is_ours = elsewhere.is_none();
        Self { generator: None, plan: plan.clone(), elsewhere, reopened: 0, is_ours }
    }

    fn spec(&self, address: SocketAddr) -> GeneratorSpec {
        let call = &self.plan.call;
        let (prefix, host) =
            self.elsewhere.clone().unwrap_or_else(|| (String::new(), address.to_string()));
        GeneratorSpec {
            address,
            host,
            method: call.method.to_owned(),
            path: format!("{prefix}{}", call.path),
            body: call.body.clone(),
            expected: call.expected.clone(),
            least_service_ns: clock::to_ns(call.least),
            connections: self.plan.record.connections,
            timeout_ns: clock::to_ns(TIMEOUT),
            grace_ns: clock::to_ns(GRACE),
            lag_ns: self.plan.lag_ns,
        }
    }

    /// Asks the generator. Where it fails because the server is gone, the server's last words are the reason.
    fn ask(
        &mut self,
        order: Option<GeneratorOrder>,
        patience: Duration,
        subject: &mut Subject,
        inbox: &mut Inbox,
    ) -> Step<GeneratorReply> {
        let Some(generator) = &mut self.generator else {
            return Err(Stop::ended(State::Failed, "its generator is gone"));
        };
        if let Some(order) = &order {
            generator.tell(order);
        }
        let reply: GeneratorReply = generator
            .answer(inbox, patience)?
            .map_err(|silence| Stop::silence("its generator: ", silence))?;
        match reply {
            GeneratorReply::Failed { reason } => Err(match subject.obituary(inbox)? {
                Some(words) => Stop::ended(State::Failed, words),
                None => Stop::ended(State::Failed, format!("its generator: {reason}")),
            }),
            reply => Ok(reply),
        }
    }

    fn connect(&mut self, subject: &mut Subject, inbox: &mut Inbox) -> Step<u32> {
        let patience = TIMEOUT + ANSWERING;
        match self.ask(Some(GeneratorOrder::Connect), patience, subject, inbox)? {
            GeneratorReply::Connected { reopened } => Ok(reopened),
            other => Err(out_of_order(&other)),
        }
    }

    fn drive(
        &mut self,
        [duration_ns, drop_ns]: [u64; 2],
        turn: Turn,
        subject: &mut Subject,
        inbox: &mut Inbox,
    ) -> Step<Outcome> {
        let order = GeneratorOrder::Drive {
            rate_per_sec: f64::from(turn.rate_per_sec),
            arrivals: arrivals(self.plan.arrivals),
            duration_ns,
            drop_ns,
            seed: turn.seed,
        };
        let patience = Duration::from_nanos(duration_ns) + GRACE + WRITING;
        match self.ask(Some(order), patience, subject, inbox)? {
            GeneratorReply::Driven(outcome) => Ok(*outcome),
            other => Err(out_of_order(&other)),
        }
    }
}

impl Driver for Open {
    fn mode(&self) -> Mode {
        Mode::Serve
    }

    fn prepare(&mut self, _: &Launch<'_>, _: &mut Inbox) -> Step<()> {
        Ok(())
    }

    fn peer(&mut self, _: &mut Inbox) -> Step<Option<PeerReady>> {
        Ok(None)
    }

    fn meet(&mut self, subject: &mut Subject, launch: &Launch<'_>, inbox: &mut Inbox) -> Step<()> {
        let address = subject
            .address
            .ok_or_else(|| Stop::ended(State::Failed, "it did not say where it listens"))?;
        let start = Start {
            id: inbox.new_child(),
            cores: &launch.contest.cores.peer,
            program: None,
            arguments: &["generator"],
            environment: &[],
            folder: false,
            answers: true,
        };
        let mut generator = Dialogue::start(&start, inbox).map_err(|error| {
            Stop::ended(State::Failed, format!("its generator could not start: {error}"))
        })?;
        generator.tell(&self.spec(address));
        self.generator = Some(generator);
        match self.ask(None, SETTING_UP, subject, inbox)? {
            GeneratorReply::Ready { pid } => {
                if let Some(generator) = &mut self.generator {
                    generator.pid = pid;
                }
            }
            other => return Err(out_of_order(&other)),
        }
        self.connect(subject, inbox).map(|_| ())
    }

    fn warm_up(&mut self, subject: &mut Subject, turn: Turn, inbox: &mut Inbox) -> Step<u64> {
        let warm_up_ns = self.plan.record.warm_up_ns;
        self.connect(subject, inbox)?;
        let outcome = self.drive([warm_up_ns, 0], turn, subject, inbox)?;
        wrong_work(&outcome).map_or(Ok(outcome.completed), Err)
    }

    fn wants(&self, turn: Turn, slices: &[SliceRecord]) -> bool {
        turn.rate_per_sec <= TOP_PER_SEC && !(self.plan.is_sweep && is_done(slices))
    }

    fn before_slice(&mut self, subject: &mut Subject, inbox: &mut Inbox) -> Step<()> {
        self.reopened = self.connect(subject, inbox)?;
        Ok(())
    }

    fn slice(&mut self, subject: &mut Subject, turn: Turn, inbox: &mut Inbox) -> Step<SliceRecord> {
        let lengths_ns = self.plan.lengths_ns(turn.rate_per_sec);
        let before_ns = subject.cpu_ns();
        let outcome = self.drive(lengths_ns, turn, subject, inbox)?;
        let cpu_ns =
            subject.cpu_ns().zip(before_ns).map(|(after, before)| after.saturating_sub(before));
        let record = open_recording::slice(&outcome, turn, self.reopened, cpu_ns);
        match wrong_work(&outcome) {
            Some(Stop::Ended { state, reason, .. }) => {
                Err(Stop::Ended { state, reason, slice: Some(Box::new(record)) })
            }
            Some(stop) => Err(stop),
            None => Ok(record),
        }
    }

    /// Replies were checked as they came.
    fn complaint(&self, _: &Finished) -> Option<String> {
        None
    }

    /// It always is, and the CPU time of a server is read around the slice for all alike.
    fn cpu_seen_from_outside(&self) -> Option<&'static str> {
        None
    }

    fn marks(&self, slices: &[&SliceRecord]) -> Vec<&'static str> {
        marks::of_open(slices, &self.plan, self.is_ours)
    }

    fn release(&mut self) {
        self.generator.iter_mut().for_each(Dialogue::release);
    }

    fn bury(&mut self, inbox: &mut Inbox) {
        if let Some(generator) = self.generator.take() {
            generator.bury(inbox);
        }
    }

    fn processes(&self) -> Vec<i32> {
        self.generator.iter().flat_map(Dialogue::processes).collect()
    }
}

/// Whether the last rungs of a climb were all beyond the server, or beyond the generator. Rounds that were
/// set aside do not count.
fn is_done(slices: &[SliceRecord]) -> bool {
    let mut rungs: Vec<(u32, bool)> = Vec::new();
    for slice in slices.iter().filter(|slice| !slice.set_aside) {
        let Some(open) = &slice.open else { continue };
        let beyond = open.saturated != Saturation::None;
        match rungs.last_mut().filter(|(rate, _)| *rate == open.rate_per_sec) {
            Some((_, rung)) => *rung |= beyond,
            None => rungs.push((open.rate_per_sec, beyond)),
        }
    }
    rungs.len() >= SATURATED_IN_A_ROW
        && rungs.iter().rev().take(SATURATED_IN_A_ROW).all(|(_, beyond)| *beyond)
}

/// One wrong answer is enough: who knows what the others were.
fn wrong_work(outcome: &Outcome) -> Option<Stop> {
    let kinds =
        [(Fault::WrongBody, "with another body than"), (Fault::TooEarly, "in less time than")];
    kinds.into_iter().find_map(|(fault, how)| {
        let count = outcome.errors.get(&fault).filter(|count| **count > 0)?;
        Some(Stop::ended(
            State::Discarded,
            format!("{count} requests were answered {how} the work has; its timings are discarded"),
        ))
    })
}

fn arrivals(arrivals: simul_results::Arrivals) -> Arrivals {
    match arrivals {
        simul_results::Arrivals::Constant => Arrivals::Constant,
        simul_results::Arrivals::Poisson => Arrivals::Poisson,
        simul_results::Arrivals::Burst(count) => Arrivals::Burst(count),
    }
}

fn out_of_order(reply: &GeneratorReply) -> Stop {
    Stop::ended(State::Failed, format!("its generator answered out of order: {reply:?}"))
}
