//! Do three waits that start together take as long as the longest of them?
//!
//! The textbook's first example. A session: three tasks A, B and C are started one after the other and wait 2, 1
//! and 3 units; each says its name when its wait is over, over a channel that has room for all, so that nobody
//! waits for the listener. All three are awaited, then the names are read in the order in which they came.
//! Together the waits take 3 units, one after the other 6.
//!
//! Where tasks run at once where they are spawned, the order is A, B, C and the time 6 units: that is right work
//! done slowly. So the digest covers who has finished, each once, and what came of it; the order is a figure. It
//! is no more than that on other runners either: a machine that stands still for longer than a unit lets two
//! waits end at the same moment, and then any order is right.
//!
//! It cannot tell how late a timer is (`sleep` does), and not what many waits cost (`footprint` does).

use crate::{
    Class, Digest, Erased, Figure, Ledger, Measure, Needs, ParameterError, Parameters, Profile,
    Receiver, Runtime, Sender, Shape, Surroundings, Workload,
};
use std::{io, time::Duration};

/// See the module's documentation.
#[derive(Debug)]
pub struct Gather {
    unit: Duration,
}

/// One actor's place in the sequence.
#[derive(Debug)]
pub struct State {
    ledger: Ledger,
    actor: u32,
    next: u64,
}

/// Names, in the order of their start, and the units that each waits.
const WAITS: [(char, u32); 3] = [('A', 2), ('B', 1), ('C', 3)];
/// The order in which the waits end if they overlap.
const IN_ORDER: [char; 3] = ['B', 'A', 'C'];

const ORDER: Figure = Figure {
    name: "order",
    unit: "1",
    describes: "1 where the waits ended in the order B, A, C, 0 in any other",
};

impl Workload for Gather {
    type State<R: Runtime> = State;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "gather",
        question: "Do three waits that start together take as long as the longest of them?",
        class: Class::Sync,
        shape: Shape::Session,
        measure: Measure::Makespan,
        // A millisecond: above every timer's grain, and short enough for many operations.
        parameters: &[("unit_us", "1000")],
        actors: 1,
        figures: &[ORDER],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        // A second: six of them one after the other end within a trial.
        let unit = Duration::from_micros(parameters.number("unit_us", 1, 1_000_000)?);
        Ok(Self { unit })
    }

    fn needs(&self, _actors: u32) -> Needs {
        // No task waits for another: run one after the other, they end as well.
        Needs { nested_join: true, ..Needs::default() }
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<State> {
        Ok(State { ledger: surroundings.ledger.clone(), actor, next: 0 })
    }

    async fn operation<R: Runtime>(&self, runtime: R, state: &mut State) -> io::Result<Digest> {
        let word = word(state.actor, state.next);
        state.next += 1;
        let (report, mut finished) = runtime.channel(WAITS.len());
        let mut joins = Vec::with_capacity(WAITS.len());
        for (name, units) in WAITS {
            let mut report = report.clone();
            let wait = self.unit * units;
            joins.push(runtime.spawn(async move {
                runtime.sleep(wait).await;
                report.send(name).await.then(|| result(word, name, units))
            }));
        }
        drop(report);
        let mut digest = Digest::default();
        for join in joins {
            digest = digest.plus(join.await.ok_or_else(nobody_listens)?);
        }
        let mut order = Vec::with_capacity(WAITS.len());
        while let Some(name) = finished.receive().await {
            order.push(name);
        }
        state.ledger.enter(&ORDER, f64::from(u8::from(order == IN_ORDER)));
        Ok(order.into_iter().fold(digest, |digest, name| digest.plus(heard(name))))
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: State) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let word = word(actor, index);
        let ended = [('A', 2), ('B', 1), ('C', 3)].map(|(name, units)| result(word, name, units));
        let heard = IN_ORDER.map(heard);
        ended.into_iter().chain(heard).fold(Digest::default(), Digest::plus)
    }

    /// One after the other.
    fn at_worst(&self) -> Duration {
        WAITS.iter().map(|(_, units)| self.unit * *units).sum()
    }

    /// Nobody can be done before the longest wait is over.
    fn asked(&self, _actor: u32, _index: u64) -> Duration {
        self.longest()
    }

    /// The longest of the three.
    fn ideal(&self) -> Option<Duration> {
        Some(self.longest())
    }
}

impl Gather {
    fn longest(&self) -> Duration {
        let most = WAITS.iter().map(|(_, units)| *units).max();
        self.unit * most.unwrap_or_default()
    }
}

/// What the tasks of one operation are given, different for each.
fn word(actor: u32, index: u64) -> u64 {
    Digest::of_number((u64::from(actor) << 32) ^ index).0
}

/// What a task returns.
fn result(word: u64, name: char, units: u32) -> Digest {
    Digest::of_number(word ^ (u64::from(name) << 8) ^ u64::from(units))
}

/// What hearing a name adds. A name that is heard twice, or not at all, shows.
fn heard(name: char) -> Digest {
    Digest::of_number(u64::from(name))
}

fn nobody_listens() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "a task found nobody who hears that it has ended")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(parts: &str) -> Result<Gather, ParameterError> {
        Gather::new(&Parameters::parse(&Gather::PROFILE, parts.split(':')).unwrap(), 1)
    }

    #[test]
    fn the_ideal_is_three_units_and_not_six() {
        assert_eq!(gather("100000").unwrap().ideal(), Some(Duration::from_millis(300)));
    }

    #[test]
    fn the_expected_order_is_that_of_the_waits() {
        let mut waits = WAITS;
        waits.sort_by_key(|(_, units)| *units);
        assert_eq!(waits.map(|(name, _)| name), IN_ORDER);
    }

    #[test]
    fn units_out_of_range_are_refused() {
        for parts in ["0", "1000001", "fast"] {
            assert!(gather(parts).unwrap_err().to_string().contains("from 1 to 1000000"));
        }
    }

    #[test]
    fn a_name_that_is_missing_or_heard_twice_shows() {
        let sum = |names: &[char]| names.iter().copied().map(heard).fold(Digest(5), Digest::plus);
        assert_eq!(sum(&['A', 'B', 'C']), sum(&['B', 'A', 'C']));
        assert_ne!(sum(&['A', 'B', 'C']), sum(&['B', 'A']));
        assert_ne!(sum(&['A', 'B', 'C']), sum(&['B', 'B', 'C']));
    }
}
