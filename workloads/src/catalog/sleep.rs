//! How late does a task come back from waiting?
//!
//! A session: each actor sleeps again and again, each time for a delay that is drawn anew, so that no
//! runner's grain happens to fit all of them. What is recorded is how much longer it took than asked;
//! ending sooner is wrong work.
//!
//! It cannot tell whether a timer is late or the worker was busy with another actor's wake-up, and not how
//! a runner cancels timers. A runner whose sleep occupies a worker (a fixed pool, inline) makes the other
//! actors wait; that wait is in its lateness, and is the finding.

use crate::{
    Class, Digest, DirectSession, Measure, Needs, ParameterError, Parameters, Profile, Runtime,
    Shape, Surroundings, Workload, draw,
    server::{Call, Route},
};
use std::{io, time::Duration};

/// See the module's documentation.
#[derive(Debug)]
pub struct Sleep {
    shortest_us: u64,
    longest_us: u64,
    seed: u64,
}

/// One actor's place in the sequence.
#[derive(Debug)]
pub struct State {
    actor: u32,
    next: u64,
}

/// A minute: longer delays would not end within a trial.
const LONGEST_US: u64 = 60_000_000;

impl Workload for Sleep {
    type State<R: Runtime> = State;
    type Port = DirectSession;

    const PROFILE: Profile = Profile {
        name: "sleep",
        question: "How much later than asked does a task come back from waiting?",
        class: Class::Sync,
        shape: Shape::Session,
        measure: Measure::Lateness,
        // Around the millisecond, where a timer's grain shows.
        parameters: &[("shortest_us", "500"), ("longest_us", "2000")],
        actors: 32,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        let shortest_us = parameters.number("shortest_us", 0, LONGEST_US)?;
        let longest_us = parameters.number("longest_us", shortest_us, LONGEST_US)?;
        Ok(Self { shortest_us, longest_us, seed })
    }

    fn needs(&self, _actors: u32) -> Needs {
        Needs::default()
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<State> {
        Ok(State { actor, next: 0 })
    }

    async fn operation<R: Runtime>(&self, runtime: R, state: &mut State) -> io::Result<Digest> {
        let delay = self.asked(state.actor, state.next);
        runtime.sleep(delay).await;
        let digest = Self::slept(state.actor, state.next, delay);
        state.next += 1;
        Ok(digest)
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: State) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        Self::slept(actor, index, self.asked(actor, index))
    }

    /// One delay, in the middle of the range: a route that is asked the same each time has no other.
    fn call(&self) -> Result<Call, String> {
        let us = self.shortest_us.midpoint(self.longest_us);
        Ok(Call::new(Route::Sleep { us }, Vec::new()))
    }

    #[inline]
    fn asked(&self, actor: u32, index: u64) -> Duration {
        let range = self.longest_us - self.shortest_us + 1;
        Duration::from_micros(self.shortest_us + draw::below(range, self.seed, actor, index))
    }
}

impl Sleep {
    /// What an operation has done once its delay has passed. Public for the floor.
    #[inline]
    #[must_use]
    pub fn slept(actor: u32, index: u64, delay: Duration) -> Digest {
        let place = Digest::of_number((u64::from(actor) << 32) ^ index);
        place.plus(Digest::of_number(delay.as_micros() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleep(parts: &str) -> Result<Sleep, ParameterError> {
        Sleep::new(&Parameters::parse(&Sleep::PROFILE, parts.split(':')).unwrap(), 1)
    }

    #[test]
    fn delays_stay_within_both_bounds_and_reach_them() {
        let sleep = sleep("10:longest_us=12").unwrap();
        let mut seen: Vec<u128> = (0..200).map(|index| sleep.asked(3, index).as_micros()).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [10, 11, 12]);
    }

    #[test]
    fn bounds_in_the_wrong_order_are_refused() {
        assert_eq!(
            sleep("20:longest_us=19").unwrap_err().to_string(),
            "parameter longest_us = '19' is not a whole number from 20 to 60000000"
        );
    }
}
