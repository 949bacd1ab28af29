//! How late does a task come that is to wake at a fixed rate?
//!
//! A session: each actor has a ticker of its own, armed when its slice begins, and an operation is one tick: the
//! frame of a game at 60 Hz, the block of an audio stream at 100 Hz. The schedule is absolute: a tick is due at a
//! multiple of the period after the start, however late the last one came, and lateness is told from there. What
//! could not be given before the next was due is skipped and counted (`missed`), as a game drops a frame.
//!
//! A runner that skips without saying so, or is slow to come, is late from then on; one that counts more than it
//! skipped says that a tick was due which was not, and that is wrong work.
//!
//! It cannot tell whether the timer is late or the worker was busy. All actors begin together, and so their ticks
//! come together too. A runner whose waits hold a worker (a fixed pool, inline) has no worker for the others
//! meanwhile: what they are late and miss is the finding.

use crate::{
    Class, Digest, Erased, Figure, Ledger, Measure, Needs, ParameterError, Parameters, Profile,
    Runtime, Shape, Surroundings, Ticker, Workload, ledger::Lap,
};
use std::{io, time::Duration};

/// See the module's documentation.
#[derive(Debug)]
pub struct Tick {
    period: Duration,
}

/// One actor's ticker and its place in the sequence.
#[derive(Debug)]
pub struct State<T> {
    /// None before the first tick of a slice.
    ticker: Option<T>,
    /// When it was armed, or nearly: just before.
    armed: Lap,
    /// The ticks that have been due since, given and skipped.
    ticks: u64,
    ledger: Ledger,
    actor: u32,
    next: u64,
}

/// Ticks that were skipped.
pub const MISSED: Figure = Figure {
    name: "missed",
    unit: Figure::IN_ALL,
    describes: "ticks that were skipped because they could not be given before the next was due",
};

impl Workload for Tick {
    type State<R: Runtime> = State<R::Ticker>;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "tick",
        question: "How late does a task come that is to wake at a fixed rate?",
        class: Class::Sync,
        shape: Shape::Session,
        measure: Measure::Lateness,
        // An audio block of 10 ms: several to a slice. 16667 is a game's frame.
        parameters: &[("period_us", "10000")],
        actors: 32,
        figures: &[MISSED],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        // A second: longer periods have no tick within a slice.
        let period_us = parameters.number("period_us", 100, 1_000_000)?;
        Ok(Self { period: Duration::from_micros(period_us) })
    }

    fn needs(&self, _actors: u32) -> Needs {
        Needs::default()
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let ledger = surroundings.ledger.clone();
        Ok(State { ticker: None, armed: ledger.lap(), ticks: 0, ledger, actor, next: 0 })
    }

    /// What ticked in an earlier slice would have missed all that came between.
    async fn begin<R: Runtime>(&self, _runtime: R, state: &mut Self::State<R>) -> io::Result<()> {
        state.ticker = None;
        Ok(())
    }

    async fn operation<R: Runtime>(
        &self,
        runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let ticker = match &mut state.ticker {
            Some(ticker) => ticker,
            none => {
                state.ticks = 0;
                // Before it is armed: no tick that is on time is early by this.
                state.armed = state.ledger.lap();
                none.insert(runtime.ticker(self.period))
            }
        };
        let missed = ticker.tick().await;
        if missed > 0 {
            state.ledger.enter(&MISSED, missed as f64);
        }
        state.ticks = state.ticks.saturating_add(1).saturating_add(missed);
        let digest = ticked(state.actor, state.next);
        state.next += 1;
        Ok(digest)
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: Self::State<R>) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        ticked(actor, index)
    }

    fn due<R: Runtime>(&self, state: &Self::State<R>) -> Option<Lap> {
        Some(state.armed.later(self.after(state.ticks)))
    }
}

impl Tick {
    /// When so many ticks have been due.
    fn after(&self, ticks: u64) -> Duration {
        let ns = self.period.as_nanos().saturating_mul(u128::from(ticks));
        Duration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
    }
}

/// What a tick has done. That it was not early is the driver's to check.
#[inline]
fn ticked(actor: u32, index: u64) -> Digest {
    Digest::of_number((u64::from(actor) << 32) ^ index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(parts: &str) -> Result<Tick, ParameterError> {
        Tick::new(&Parameters::parse(&Tick::PROFILE, parts.split(':')).unwrap(), 1)
    }

    #[test]
    fn periods_are_between_a_tenth_of_a_millisecond_and_a_second() {
        assert!(tick("99").is_err());
        assert!(tick("1000001").is_err());
        for us in [100, 1_000_000] {
            assert_eq!(tick(&us.to_string()).unwrap().period, Duration::from_micros(us));
        }
    }

    #[test]
    fn ticks_are_due_at_multiples_of_the_period() {
        let tick = tick("16667").unwrap();
        assert_eq!(tick.after(60), Duration::from_micros(1_000_020));
        assert_eq!(tick.after(u64::MAX), Duration::from_nanos(u64::MAX), "never, not soon");
    }
}
