//! What happens inside a measured process?
//!
//! It reads one spec, sets up the actors on the runner, and then does what it is ordered: warm-up,
//! slices, finish. Between slices it waits in a read of its standard input and burns nothing. It must not
//! know what else is measured, in what order, or why. Next: [`actors`], [`mod@slice`], [`turn`], [`recorder`].

pub mod actors;
pub mod audit;
pub mod costs;
mod gatekeepers;
pub mod recorder;
mod seating;
pub mod serve;
pub mod slice;
mod telling;
pub mod turn;

use crate::protocol::{self, Finished, Mode, Order, PROTOCOL, Ready, Reply, Spec};
use audit::Audit;
use costs::Costs;
use simul_results::State;
use simul_runners::{FairnessCard, Receipt, bare, turn::gate_of};
use simul_workloads::{Ledger, Parameters, Workload};
use slice::Engine;
use std::{
    collections::BTreeMap,
    io::{self, BufRead, Write},
    num::NonZeroUsize,
    sync::mpsc,
    time::Duration,
};
use turn::TrialTurn;

/// How long actors may take to close their connections at the end.
const CLOSING: Duration = Duration::from_secs(2);

/// Runs one trial over standard input and output: of the runner that the spec names, or of this one in its place.
///
/// # Errors
/// Standard input or output is broken; everything else is a reply.
pub fn main(in_place: Option<&str>) -> io::Result<()> {
    protocol::follow_guardian();
    let mut lines = io::stdin().lock().lines();
    let Some(line) = lines.next().transpose()? else { return Ok(()) };
    let started = serde_json::from_str(&line)
        .map_err(|error| Refusal::failed(format!("the spec is not understood: {error}")))
        .and_then(|mut spec: Spec| {
            // Whoever measures has the clock; a ledger from elsewhere stands still.
            spec.surroundings.ledger = Ledger::new(crate::clock::now_ns);
            if let Some(runner) = in_place {
                spec.runner = runner.to_owned();
            }
            Trial::by(&spec)
        });
    let mut trial = match started {
        Ok(trial) => trial,
        Err(Refusal { state, reason }) => return reply(&Reply::Refused { state, reason }),
    };
    reply(&Reply::Ready(trial.ready()))?;
    for line in lines {
        let order = serde_json::from_str(&line?);
        let answer = match order {
            Ok(order) => trial.obey(order),
            Err(error) => failed(format!("the order is not understood: {error}")),
        };
        reply(&answer)?;
        if matches!(answer, Reply::Finished(_) | Reply::Failed { .. }) {
            // Actors that hang must not keep the process: it ends here, with all its threads. Not even the
            // engine is dropped, since some runtimes wait for their threads then.
            std::mem::forget(trial);
            return Ok(());
        }
    }
    Ok(())
}

fn reply(reply: &Reply) -> io::Result<()> {
    let mut text = serde_json::to_string(reply)?;
    text.push('\n');
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

fn failed(reason: String) -> Reply {
    Reply::Failed { reason, slice: None, timed_out: false }
}

/// Why a trial cannot be.
struct Refusal {
    state: State,
    reason: String,
}

impl Refusal {
    /// What the work says that this machine does not have is nobody's failure.
    fn of_preparation(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::Unsupported {
            return Self { state: State::Unavailable, reason: error.to_string() };
        }
        Self::failed(format!("set-up failed: {error}"))
    }

    fn failed(reason: impl Into<String>) -> Self {
        Self { state: State::Failed, reason: reason.into() }
    }
}

/// A trial that is set up.
enum Trial {
    Closed(Box<Started>),
    Serving(std::sync::Arc<serve::Server>),
}

impl Trial {
    fn by(spec: &Spec) -> Result<Self, Refusal> {
        if spec.protocol != PROTOCOL {
            let found = spec.protocol;
            return Err(Refusal::failed(format!("protocol {found}, but this is {PROTOCOL}")));
        }
        match spec.mode {
            Mode::Closed => Started::by(spec).map(Box::new).map(Self::Closed),
            Mode::Serve => serve::for_trial(spec).map(Self::Serving),
        }
    }

    fn ready(&self) -> Ready {
        match self {
            Self::Closed(actors) => actors.ready(),
            Self::Serving(server) => server.ready(),
        }
    }

    fn obey(&mut self, order: Order) -> Reply {
        match self {
            Self::Closed(actors) => actors.obey(order),
            Self::Serving(server) => server.obey(order),
        }
    }
}

/// A trial whose actors wait at the gate.
struct Started {
    engine: Engine,
    endings: Option<mpsc::Receiver<io::Result<()>>>,
    /// Held to the end of the process; bare loops have none.
    _runner: Option<std::sync::Arc<dyn std::any::Any + Send + Sync>>,
    receipt: Receipt,
    card: FairnessCard,
    /// What it waits with, as looked up; of bare loops it is looked up in the end.
    backend: Option<&'static str>,
    one_worker: bool,
    /// By how much heap and stacks grew with the actors; the recorder comes later. Not the resident set: with the first
    /// actor come the pages of the program that only actors run.
    actors_anonymous_bytes: Option<u64>,
}

impl Started {
    fn by(spec: &Spec) -> Result<Self, Refusal> {
        let name = spec.workload.split(':').next().unwrap_or_default();
        simul_workloads::registry::visit(name, OnWorkload { spec })
            .unwrap_or_else(|| Err(Refusal::failed(format!("no workload '{name}'"))))
    }

    fn ready(&self) -> Ready {
        let Receipt { package, version, source } = self.receipt.clone();
        Ready {
            pid: std::process::id() as i32,
            receipt: Some((package, version, source)),
            card: in_words(&self.card),
            one_worker: self.one_worker,
            address: None,
            actors_anonymous_bytes: self.actors_anonymous_bytes,
        }
    }

    fn obey(&mut self, order: Order) -> Reply {
        let slice = match order {
            Order::WarmUp { duration_ns } => self.engine.slice(duration_ns, 0).map(Reply::Warm),
            Order::Slice { duration_ns, drop_ns } => {
                self.engine.slice(duration_ns, drop_ns).map(Reply::Slice)
            }
            Order::Finish => return self.finish(),
        };
        slice.unwrap_or_else(|trouble| Reply::Failed {
            reason: trouble.reason,
            slice: Some(trouble.slice),
            timed_out: trouble.timed_out,
        })
    }

    fn finish(&mut self) -> Reply {
        let costs = Costs::read();
        let backend = self.backend.unwrap_or_else(costs::backend);
        self.engine.close();
        if let Some(endings) = &self.endings {
            for _ in self.engine.totals() {
                match endings.recv_timeout(CLOSING) {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return failed(format!("an actor failed to close: {error}")),
                    Err(_) => return failed("actors did not close".into()),
                }
            }
        }
        Reply::Finished(Finished {
            actors: self.engine.totals().to_vec(),
            early: self.engine.early(),
            ..finished(&costs, backend, self.engine.recorder_bytes())
        })
    }
}

/// What a trial without actors says at its end.
fn finished(costs: &Costs, backend: &str, recorder_bytes: u64) -> Finished {
    Finished {
        actors: Vec::new(),
        early: 0,
        backend: Some(backend.into()),
        costs: Some(protocol::Costs {
            user_ns: costs.user_ns,
            system_ns: costs.system_ns,
            voluntary_switches: costs.voluntary_switches,
            involuntary_switches: costs.involuntary_switches,
            peak_rss_bytes: costs.peak_rss_bytes,
            recorder_bytes,
            threads: costs.threads,
        }),
    }
}

/// The card as words, which is how a recording keeps it.
fn in_words(card: &FairnessCard) -> BTreeMap<String, String> {
    let FairnessCard {
        workers,
        backend,
        timers,
        files,
        sockets,
        channels,
        locks,
        offload,
        borrowed,
    } = card;
    let borrowed = if borrowed.is_empty() { "nothing".into() } else { borrowed.join(", ") };
    [
        ("workers", workers.to_string()),
        ("backend", backend.clone()),
        ("timers", timers.clone()),
        ("files", files.clone()),
        ("sockets", sockets.clone()),
        ("channels", channels.clone()),
        ("locks", locks.clone()),
        ("offload", offload.clone()),
        ("borrowed", borrowed),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// The workload is known; next, the runner: [`seating`].
struct OnWorkload<'a> {
    spec: &'a Spec,
}

impl simul_workloads::registry::Visitor for OnWorkload<'_> {
    type Output = Result<Started, Refusal>;

    fn visit<W: Workload>(self) -> Self::Output {
        let Self { spec } = self;
        let parts = spec.workload.split(':').skip(1);
        let parameters = Parameters::parse(&W::PROFILE, parts)
            .map_err(|error| Refusal::failed(error.to_string()))?;
        let work =
            W::new(&parameters, spec.seed).map_err(|error| Refusal::failed(error.to_string()))?;
        work.prepare(&spec.surroundings).map_err(Refusal::of_preparation)?;
        if let Some(profile) = bare::find(&spec.runner) {
            return start_bare(profile, spec, &parameters);
        }
        seating::seat(spec, work)
    }
}

fn start_bare(
    profile: &bare::Profile,
    spec: &Spec,
    parameters: &Parameters,
) -> Result<Started, Refusal> {
    let workers = workers(spec)?;
    let site = bare::Site {
        workers,
        actors: spec.actors,
        parameters,
        surroundings: &spec.surroundings,
        seed: spec.seed,
    };
    let before = costs::anonymous_bytes();
    let openers = profile
        .start::<TrialTurn>(&site)
        .map_err(|error| Refusal::failed(format!("set-up failed: {error}")))?;
    let grown = growth(before);
    let floor = profile.counterpart_of.is_none();
    Ok(Started {
        engine: Engine::new(gate_of(openers), spec).audited(spec.audit.then(|| Audit::new(None))),
        endings: None,
        _runner: None,
        receipt: profile.receipt().map_err(Refusal::failed)?,
        card: FairnessCard::of_bare_loop(if floor { 1 } else { workers.get() }),
        backend: None,
        one_worker: floor,
        actors_anonymous_bytes: grown,
    })
}

/// By how much more memory is used than before; 0 where it is less.
fn growth(before: Option<u64>) -> Option<u64> {
    before.zip(costs::anonymous_bytes()).map(|(before, now)| now.saturating_sub(before))
}

fn workers(spec: &Spec) -> Result<NonZeroUsize, Refusal> {
    NonZeroUsize::new(spec.workers as usize)
        .ok_or_else(|| Refusal::failed("workers must be 1 or more"))
}
