//! How late is work given up whose time is over?
//!
//! A session: each actor starts something slow, a wait of ten seconds after which it would leave a mark, under a
//! limit that is drawn anew each time, with the runner's own time limit. What is recorded is how much later than
//! the limit the actor goes on; sooner is wrong work. When it goes on, the slow work must have begun, and must be
//! gone: it was dropped where it waited, so that its mark can never be left. Marks are looked for until the end.
//!
//! It cannot tell the timer from the dropping; nor how work is given up that holds a thread, which cannot be: there
//! the pair is not applicable. And not how much it costs to give up an operation of a socket.

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Profile, Runtime, Shape,
    Surroundings, Workload, draw,
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

/// How long the slow work would take: beyond any stall of a machine, which could bring both to their ends at once.
const SLOW: Duration = Duration::from_secs(10);

/// See the module's documentation.
#[derive(Debug)]
pub struct Timeout {
    shortest_us: u64,
    longest_us: u64,
    seed: u64,
}

/// What became of the slow work of one actor.
#[derive(Debug, Default)]
pub struct Traces {
    begun: AtomicU64,
    dropped: AtomicU64,
    marks: AtomicU64,
}

/// One actor's place in the sequence, and the traces of what it started.
#[derive(Debug)]
pub struct State {
    traces: Arc<Traces>,
    actor: u32,
    next: u64,
}

impl Workload for Timeout {
    type State<R: Runtime> = State;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "timeout",
        question: "How much later than its time limit is slow work given up?",
        class: Class::Sync,
        shape: Shape::Session,
        measure: Measure::Lateness,
        // As in `sleep`, to compare with it.
        parameters: &[("shortest_us", "500"), ("longest_us", "2000")],
        actors: 32,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        // Well below what the slow work takes.
        let shortest_us = parameters.number("shortest_us", 0, 1_000_000)?;
        let longest_us = parameters.number("longest_us", shortest_us, 1_000_000)?;
        Ok(Self { shortest_us, longest_us, seed })
    }

    fn needs(&self, _actors: u32) -> Needs {
        Needs { cancellation: true, ..Needs::default() }
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<State> {
        Ok(State { traces: Arc::default(), actor, next: 0 })
    }

    async fn operation<R: Runtime>(&self, runtime: R, state: &mut State) -> io::Result<Digest> {
        let limit = self.asked(state.actor, state.next);
        let outcome = runtime.timeout(limit, slow(runtime, Arc::clone(&state.traces))).await;
        if outcome.is_some() {
            return Err(io::Error::other("work of ten seconds was not given up"));
        }
        state.next += 1;
        let begun = state.traces.vanished(state.next)?;
        Ok(given_up(state.actor, begun, limit))
    }

    async fn close<R: Runtime>(&self, runtime: R, state: State) -> io::Result<()> {
        // What was not really given up gets one more chance to show it.
        runtime.yield_now().await;
        state.traces.vanished(state.next).map(drop)
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        given_up(actor, index + 1, self.asked(actor, index))
    }

    #[inline]
    fn asked(&self, actor: u32, index: u64) -> Duration {
        let range = self.longest_us - self.shortest_us + 1;
        Duration::from_micros(self.shortest_us + draw::below(range, self.seed, actor, index))
    }
}

/// Tells that it was dropped.
struct Witness(Arc<Traces>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, SeqCst);
    }
}

async fn slow<R: Runtime>(runtime: R, traces: Arc<Traces>) {
    let witness = Witness(traces);
    witness.0.begun.fetch_add(1, SeqCst);
    runtime.sleep(SLOW).await;
    witness.0.marks.fetch_add(1, SeqCst);
}

impl Traces {
    /// How many have begun, if all `wanted` have, and all of them are gone without a mark.
    fn vanished(&self, wanted: u64) -> io::Result<u64> {
        let [begun, dropped, marks] =
            [&self.begun, &self.dropped, &self.marks].map(|count| count.load(SeqCst));
        if (begun, dropped, marks) == (wanted, wanted, 0) {
            return Ok(begun);
        }
        Err(io::Error::other(format!(
            "of {wanted} pieces of work, {begun} have begun, {dropped} were given up, and {marks} went on"
        )))
    }
}

/// An operation: whose, which, and under which limit.
fn given_up(actor: u32, begun: u64, limit: Duration) -> Digest {
    let place = Digest::of_number((u64::from(actor) << 32) ^ begun);
    place.plus(Digest::of_number(limit.as_micros() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_given_up_is_told() {
        let traces = Arc::new(Traces::default());
        assert!(traces.vanished(1).is_err(), "it never began");
        let witness = Witness(Arc::clone(&traces));
        traces.begun.fetch_add(1, SeqCst);
        assert!(traces.vanished(1).is_err(), "it is still there");
        drop(witness);
        assert_eq!(traces.vanished(1).unwrap(), 1);
        traces.marks.fetch_add(1, SeqCst);
        assert_eq!(
            traces.vanished(1).unwrap_err().to_string(),
            "of 1 pieces of work, 1 have begun, 1 were given up, and 1 went on"
        );
    }

    #[test]
    fn limits_are_within_their_bounds_and_below_what_is_slow() {
        let parse = |parts: &str| {
            let parameters = Parameters::parse(&Timeout::PROFILE, parts.split(':')).unwrap();
            Timeout::new(&parameters, 1)
        };
        let timeout = parse("7:longest_us=8").unwrap();
        assert!((0..50).all(|index| (7..=8).contains(&timeout.asked(0, index).as_micros())));
        assert!(parse("8:longest_us=7").is_err());
        assert!(parse("8:longest_us=10000000").is_err());
    }
}
