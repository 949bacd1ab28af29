//! What does it take to gather tasks of which some fail?
//!
//! A session: one operation starts `tasks` tasks and gathers all their outcomes; `failing` of them, drawn anew
//! each time, fail, in turn by an error that they return, by a peer that resets their connection, and by a
//! panic. The others must finish all the same, and every failure must arrive once, at the place of the task
//! that it belongs to, carrying what only that task could say.
//!
//! A panic here is an unwinding that the panic hook is not told of (`resume_unwind`): what a hook prints is not
//! the runner's doing. It passes through the runner like any other, and the join hands it on.
//!
//! It cannot tell what a failure costs by its kind, nor whether the others are cancelled when one fails: gathering
//! waits for all.

use crate::{
    Buffer, Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Peer, Profile,
    Runtime, Shape, Stream, Surroundings, Workload, draw,
};
use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    task::Poll,
    thread,
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Failures {
    tasks: u32,
    failing: u32,
    seed: u64,
}

/// One actor's place in the sequence, and who resets connections.
#[derive(Debug)]
pub struct State {
    peer: SocketAddr,
    actor: u32,
    next: u64,
}

/// How a task is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Finish,
    ReturnError,
    MeetReset,
    Panic,
}

/// The fates of those that fail, in turn.
const WAYS: [Fate; 3] = [Fate::ReturnError, Fate::MeetReset, Fate::Panic];
/// What is said to the peer before it resets: its bytes do not matter.
const REQUEST_BYTES: usize = 16;

/// What a task that fails without a panic says.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// Its own error, with its word.
    Told(u64),
    /// What the operating system said.
    System(io::ErrorKind),
}

/// What a task panics with: its word.
struct Shout(u64);

/// How a task has ended, as its gatherer saw it.
type Outcome = thread::Result<Result<u64, Trouble>>;

impl Workload for Failures {
    type State<R: Runtime> = State;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "failures",
        question: "What does it take to gather tasks of which some fail?",
        class: Class::Io,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("tasks", "16"), ("failing", "6")],
        actors: 2,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        // More would measure how many tasks there can be, which `spawn` does.
        let tasks = parameters.number("tasks", 1, 1000)? as u32;
        let failing = parameters.number("failing", 0, tasks.into())? as u32;
        Ok(Self { tasks, failing, seed })
    }

    fn needs(&self, actors: u32) -> Needs {
        let tasks = u64::from(self.tasks) * u64::from(actors);
        let resets = u64::from(self.failing.div_ceil(WAYS.len() as u32)) * u64::from(actors);
        Needs {
            nested_join: true,
            peer: Some(Peer::Reset),
            live_tasks: tasks,
            // A connection that was reset waits for nothing: its port is free at once.
            descriptors: resets,
            ports: resets,
            ..Needs::default()
        }
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<State> {
        Ok(State { peer: surroundings.peer()?, actor, next: 0 })
    }

    async fn operation<R: Runtime>(&self, runtime: R, state: &mut State) -> io::Result<Digest> {
        let (actor, index, peer) = (state.actor, state.next, state.peer);
        state.next += 1;
        let mut joins = Vec::with_capacity(self.tasks as usize);
        for (task, fate) in self.fates(actor, index).into_iter().enumerate() {
            let word = self.word(actor, index, task);
            joins.push(runtime.spawn(live(runtime, peer, fate, word)));
        }
        let mut sum = Digest::default();
        for (task, join) in joins.into_iter().enumerate() {
            sum = sum.plus(seen(task, caught(join).await)?);
        }
        Ok(sum)
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: State) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let mut sum = Digest::default();
        for (task, fate) in self.fates(actor, index).into_iter().enumerate() {
            let word = self.word(actor, index, task);
            // The system's error carries no word.
            let (kind, word) = match fate {
                Fate::Finish => (FINISHED, word),
                Fate::ReturnError => (RETURNED, word),
                Fate::MeetReset => (RESET, 0),
                Fate::Panic => (PANICKED, word),
            };
            sum = sum.plus(of_outcome(task, kind, word));
        }
        sum
    }
}

impl Failures {
    /// How each task of one operation ends: so many fail, each drawn from those that are left.
    fn fates(&self, actor: u32, index: u64) -> Vec<Fate> {
        let mut fates = vec![Fate::Finish; self.tasks as usize];
        let mut places: Vec<usize> = (0..fates.len()).collect();
        for failure in 0..self.failing as usize {
            let left = (places.len() - failure) as u64;
            let draw_number = index * u64::from(self.tasks) + failure as u64;
            let other = failure + draw::below(left, self.seed, actor, draw_number) as usize;
            places.swap(failure, other);
            fates[places[failure]] = WAYS[failure % WAYS.len()];
        }
        fates
    }

    /// What only this task can say.
    fn word(&self, actor: u32, index: u64, task: usize) -> u64 {
        let of_operation = Digest::of_number(self.seed ^ (u64::from(actor) << 32) ^ index).0;
        Digest::of_number(of_operation.wrapping_add(task as u64)).0
    }
}

/// The kinds of outcomes, as they are counted.
const FINISHED: u64 = 1;
const RETURNED: u64 = 2;
const RESET: u64 = 3;
const PANICKED: u64 = 4;

/// One task, to its end.
async fn live<R: Runtime>(
    runtime: R,
    peer: SocketAddr,
    fate: Fate,
    word: u64,
) -> Result<u64, Trouble> {
    // Others have their turn in between, so that failures fall into the lives of those that finish.
    runtime.yield_now().await;
    match fate {
        Fate::Finish => {
            runtime.yield_now().await;
            Ok(word)
        }
        Fate::ReturnError => Err(Trouble::Told(word)),
        Fate::MeetReset => {
            let met = meet_reset(runtime, peer).await;
            met.map(|()| word).map_err(|error| Trouble::System(error.kind()))
        }
        Fate::Panic => resume_unwind(Box::new(Shout(word))),
    }
}

/// Asks the peer something, and waits for the answer that never comes.
async fn meet_reset<R: Runtime>(runtime: R, peer: SocketAddr) -> io::Result<()> {
    let mut connection = runtime.connect(peer).await?;
    let request = connection.write_all(Buffer::filled(b'?', REQUEST_BYTES)).await?;
    connection.read_exact(request).await.map(drop)
}

/// Waits for a task, whose panic is an outcome like any other.
async fn caught<F: Future>(join: F) -> thread::Result<F::Output> {
    let mut join = pin!(join);
    poll_fn(|context| {
        // The join is not touched again after a panic.
        match catch_unwind(AssertUnwindSafe(|| join.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

/// What one task's outcome adds to the digest: kind, place and word.
fn seen(task: usize, outcome: Outcome) -> io::Result<Digest> {
    let (kind, word) = match outcome {
        Ok(Ok(word)) => (FINISHED, word),
        Ok(Err(Trouble::Told(word))) => (RETURNED, word),
        Ok(Err(Trouble::System(io::ErrorKind::ConnectionReset))) => (RESET, 0),
        Ok(Err(Trouble::System(kind))) => {
            return Err(io::Error::new(kind, format!("task {task} met '{kind}' and no reset")));
        }
        Err(panic) => match panic.downcast::<Shout>() {
            Ok(shout) => (PANICKED, shout.0),
            // Not one of ours: whoever awaits this operation shall have it.
            Err(panic) => resume_unwind(panic),
        },
    };
    Ok(of_outcome(task, kind, word))
}

fn of_outcome(task: usize, kind: u64, word: u64) -> Digest {
    Digest::of_number(word ^ Digest::of_number((kind << 32) | task as u64).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(tasks: u32, failing: u32) -> Result<Failures, ParameterError> {
        let values = [format!("tasks={tasks}"), format!("failing={failing}")];
        let parameters = Parameters::parse(&Failures::PROFILE, values.iter().map(|v| &**v))?;
        Failures::new(&parameters, 7)
    }

    #[test]
    fn parameters_have_edges() {
        for (tasks, failing, fits) in
            [(1, 0, true), (1, 1, true), (1000, 1000, true), (0, 0, false), (3, 4, false)]
        {
            assert_eq!(workload(tasks, failing).is_ok(), fits, "{failing} of {tasks}");
        }
        assert!(workload(1001, 1).is_err());
    }

    #[test]
    fn so_many_fail_and_each_way_in_turn_and_others_each_time() {
        let workload = workload(16, 7).unwrap();
        let mut reached = [false; 16];
        for index in 0..100 {
            let fates = workload.fates(1, index);
            let count = |fate| fates.iter().filter(|other| **other == fate).count();
            assert_eq!(count(Fate::Finish), 9);
            assert_eq!(WAYS.map(count), [3, 2, 2]);
            for (reached, fate) in reached.iter_mut().zip(&fates) {
                *reached |= *fate != Fate::Finish;
            }
        }
        assert_eq!(reached, [true; 16], "every task fails at some time");
        assert_ne!(workload.fates(1, 0), workload.fates(1, 1));
        assert_ne!(workload.fates(0, 0), workload.fates(1, 0));
    }

    #[test]
    fn kind_place_and_word_of_every_outcome_count() {
        let one = of_outcome(3, PANICKED, 9);
        for other in
            [of_outcome(3, RETURNED, 9), of_outcome(4, PANICKED, 9), of_outcome(3, PANICKED, 8)]
        {
            assert_ne!(one, other);
        }
        let seen = |outcome| seen(3, outcome).unwrap();
        assert_eq!(seen(Err(Box::new(Shout(9)))), one);
        assert_eq!(seen(Ok(Err(Trouble::Told(9)))), of_outcome(3, RETURNED, 9));
        let reset = Trouble::System(io::ErrorKind::ConnectionReset);
        assert_eq!(seen(Ok(Err(reset))), of_outcome(3, RESET, 0));
        let end = Trouble::System(io::ErrorKind::UnexpectedEof);
        assert!(super::seen(3, Ok(Err(end))).is_err(), "an end is no reset");
    }
}
