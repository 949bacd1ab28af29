//! What does a bounded queue cost that many fill and many empty?
//!
//! A session: one operation starts `producers` and `consumers`, which share one queue of the runner's own with
//! room for `capacity` items. Each producer puts `items` into it; the consumers take until all producers are gone.
//! Starting and joining the tasks is part of it: at 64 items a producer, the smaller one.
//!
//! Consumers look whether what they get of one producer comes in order, and sum all up.
//!
//! It cannot tell the queue from the scheduler that wakes its two ends, nor what a queue without a bound would
//! cost; and not which consumer got how much, which may be one of them all.

use crate::{
    Class, Digest, DirectSession, Measure, Needs, ParameterError, Parameters, Profile, Receiver,
    Runtime, Sender, Shape, Surroundings, Workload,
};
use std::io;

/// See the module's documentation.
#[derive(Debug)]
pub struct SharedQueue {
    items: u32,
    producers: u32,
    consumers: u32,
    capacity: usize,
}

/// One actor's place in the sequence.
#[derive(Debug)]
pub struct State {
    actor: u32,
    next: u64,
}

/// An item: who made it, and its number.
#[derive(Clone, Copy, Debug)]
struct Item {
    producer: u32,
    number: u32,
    value: u64,
}

/// What one consumer has seen.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    items: u64,
    sum: Digest,
}

impl Workload for SharedQueue {
    type State<R: Runtime> = State;
    type Port = DirectSession;

    const PROFILE: Profile = Profile {
        name: "queue",
        question: "What does a bounded queue cost that four tasks fill and four empty?",
        class: Class::Sync,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("items", "64"), ("producers", "4"), ("consumers", "4"), ("capacity", "8")],
        actors: 1,
        figures: &[],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        Ok(Self {
            items: parameters.number("items", 1, 1_000_000)? as u32,
            producers: parameters.number("producers", 1, 1000)? as u32,
            consumers: parameters.number("consumers", 1, 1000)? as u32,
            capacity: parameters.number("capacity", 1, 1_000_000)? as usize,
        })
    }

    fn needs(&self, actors: u32) -> Needs {
        Needs {
            waiting_tasks: (self.producers + self.consumers + 1).saturating_mul(actors),
            nested_join: true,
            ..Needs::default()
        }
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
        let word = word(state.actor, state.next);
        state.next += 1;
        let (sender, receiver) = runtime.queue(self.capacity);
        let consumers: Vec<_> = (0..self.consumers)
            .map(|_| runtime.spawn(take(receiver.clone(), self.producers)))
            .collect();
        // The last takers must be the consumers: a producer that they have left would learn it.
        drop(receiver);
        let producers: Vec<_> = (0..self.producers)
            .map(|producer| runtime.spawn(put(sender.clone(), producer, self.items, word)))
            .collect();
        drop(sender);
        for producer in producers {
            producer.await?;
        }
        let mut all = Seen::default();
        for consumer in consumers {
            let seen = consumer.await?;
            all.items += seen.items;
            all.sum = all.sum.plus_sum(seen.sum);
        }
        Ok(moved(all))
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: State) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let word = word(actor, index);
        let mut all = Seen::default();
        for producer in 0..self.producers {
            for number in 0..self.items {
                all.items += 1;
                all.sum = all.sum.plus(Digest(value(word, producer, number)));
            }
        }
        moved(all)
    }
}

/// A producer.
async fn put<S: Sender<Item>>(
    mut queue: S,
    producer: u32,
    items: u32,
    word: u64,
) -> io::Result<()> {
    for number in 0..items {
        let item = Item { producer, number, value: value(word, producer, number) };
        if !queue.send(item).await {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the consumers have ended"));
        }
    }
    Ok(())
}

/// A consumer: each producer's items must come to it in the order in which they were put in.
async fn take<Q: Receiver<Item>>(mut queue: Q, producers: u32) -> io::Result<Seen> {
    let mut seen = Seen::default();
    let mut least = vec![0; producers as usize];
    while let Some(Item { producer, number, value }) = queue.receive().await {
        let least = &mut least[producer as usize];
        if number < *least {
            return Err(io::Error::other(format!(
                "item {number} of producer {producer} came after one that was put in later"
            )));
        }
        *least = number + 1;
        seen.items += 1;
        seen.sum = seen.sum.plus(Digest(value));
    }
    Ok(seen)
}

/// What the items of one operation are made of, different for each.
fn word(actor: u32, index: u64) -> u64 {
    Digest::of_number((u64::from(actor) << 32) ^ index).0
}

fn value(word: u64, producer: u32, number: u32) -> u64 {
    Digest::of_number(word ^ (u64::from(producer) << 32) ^ u64::from(number)).0
}

fn moved(all: Seen) -> Digest {
    all.sum.plus(Digest::of_number(all.items))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_counts() {
        let queue = |parts: &str| {
            let parameters = Parameters::parse(&SharedQueue::PROFILE, parts.split(':'));
            SharedQueue::new(&parameters.unwrap(), 1).unwrap()
        };
        let whole = queue("64").expected(0, 0);
        assert_ne!(queue("63").expected(0, 0), whole);
        assert_ne!(queue("64").expected(0, 1), whole);
        assert_eq!(queue("64:capacity=1:consumers=9").expected(0, 0), whole, "how is no matter");
    }
}
