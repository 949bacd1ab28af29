//! How fast do items go through stages that hand them on over short queues?
//!
//! A session: each actor has a pipeline of four tasks, joined by bounded queues of the runner: *read* brings a
//! line of text, *parse* makes a number of it, *transform* computes, *aggregate* adds up. One operation sends a
//! batch of `items` through, many of them under way at once, and ends with the batch's aggregate. The stages
//! start when the actor opens and end when it closes.
//!
//! Transforming takes the longest, so the queues before it fill, and *read* must wait: back-pressure. Every
//! item is counted in at the first stage and out at the last; if ever more are under way than the queues and the
//! stages' hands can hold, the operation fails, since a queue without an end is another kind of pipeline.
//!
//! It cannot tell what reading from a disk or a socket does to a pipeline: its lines are made in memory.

use crate::{
    Class, Digest, DirectSession, Measure, Needs, ParameterError, Parameters, Profile, Receiver,
    Runtime, Sender, Shape, Surroundings, Workload,
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Pipeline {
    items: u64,
    queue: u64,
    rounds: u64,
}

/// One actor's pipeline: its two ends, and its stages.
#[derive(Debug)]
pub struct State<S, R, J> {
    orders: S,
    aggregates: R,
    stages: Vec<J>,
    next: u64,
}

/// A batch that is to go through.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    index: u64,
}

/// What came of a batch: its aggregate, or what went wrong.
pub type Aggregate = Result<u64, &'static str>;

/// A line, a parsed item, or a transformed one.
type Item<T> = (u64, T);

/// The stages, each of which can have an item in its hands.
const STAGES: u64 = 4;
/// The queues between the stages.
const QUEUES: u64 = 3;

impl Workload for Pipeline {
    type State<R: Runtime> = State<R::Sender<Order>, R::Receiver<Aggregate>, R::Join<u64>>;
    type Port = DirectSession;

    const PROFILE: Profile = Profile {
        name: "pipeline",
        question: "How fast do items go through four stages over bounded queues?",
        class: Class::Sync,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("items", "64"), ("queue", "4"), ("rounds", "100")],
        actors: 1,
        figures: &[],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        Ok(Self {
            items: parameters.number("items", 1, 1 << 20)?,
            // A longer queue would hold a whole batch: nothing would ever wait.
            queue: parameters.number("queue", 1, 1024)?,
            // Enough of them make this stage the slowest, which is what back-pressure comes from.
            rounds: parameters.number("rounds", 1, 1_000_000)?,
        })
    }

    fn needs(&self, actors: u32) -> Needs {
        Needs {
            // The stages wait for one another through the whole trial, and one actor at least for them.
            waiting_tasks: actors.saturating_mul(STAGES as u32).saturating_add(1),
            live_tasks: u64::from(actors) * STAGES,
            ..Needs::default()
        }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let queue = self.queue as usize;
        let (orders, batches) = runtime.channel(1);
        let (lines, unparsed) = runtime.channel(queue);
        let (values, untransformed) = runtime.channel(queue);
        let (results, unadded) = runtime.channel(queue);
        let (totals, aggregates) = runtime.channel(1);
        let under_way = Arc::new(UnderWay::new(STAGES + QUEUES * self.queue));
        let (items, rounds) = (self.items, self.rounds);
        let stages = vec![
            runtime.spawn(read(batches, lines, Arc::clone(&under_way), actor, items)),
            runtime.spawn(parse(unparsed, values)),
            runtime.spawn(transform(untransformed, results, rounds)),
            runtime.spawn(aggregate(unadded, totals, under_way, items)),
        ];
        Ok(State { orders, aggregates, stages, next: 0 })
    }

    async fn operation<R: Runtime>(
        &self,
        _runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let order = Order { index: state.next };
        state.next += 1;
        if !state.orders.send(order).await {
            return Err(ended());
        }
        let total = state.aggregates.receive().await.ok_or_else(ended)?;
        total.map(Digest::of_number).map_err(io::Error::other)
    }

    async fn close<R: Runtime>(&self, _runtime: R, state: Self::State<R>) -> io::Result<()> {
        drop(state.orders);
        let wanted = state.next * self.items;
        for stage in state.stages {
            let passed = stage.await;
            if passed != wanted {
                let what = format!("a stage passed {passed} items instead of {wanted}");
                return Err(io::Error::other(what));
            }
        }
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let numbers = index * self.items..(index + 1) * self.items;
        let results = numbers.map(|number| transformed(value(actor, number), self.rounds));
        Digest::of_number(results.fold(index, added))
    }
}

/// Counts what is in the pipeline.
#[derive(Debug)]
struct UnderWay {
    now: AtomicU64,
    /// The most that there ever were at once.
    peak: AtomicU64,
    limit: u64,
}

impl UnderWay {
    fn new(limit: u64) -> Self {
        Self { now: AtomicU64::new(0), peak: AtomicU64::new(0), limit }
    }

    /// An item begins its way.
    fn enter(&self) {
        let now = self.now.fetch_add(1, SeqCst) + 1;
        self.peak.fetch_max(now, SeqCst);
    }

    /// An item has arrived.
    fn leave(&self) {
        self.now.fetch_sub(1, SeqCst);
    }

    fn is_within_limit(&self) -> bool {
        self.peak.load(SeqCst) <= self.limit
    }
}

/// The first stage: brings the lines of every batch that is ordered.
async fn read<I: Receiver<Order>, O: Sender<Item<String>>>(
    mut batches: I,
    mut lines: O,
    under_way: Arc<UnderWay>,
    actor: u32,
    items: u64,
) -> u64 {
    let mut passed = 0;
    while let Some(order) = batches.receive().await {
        for number in order.index * items..(order.index + 1) * items {
            under_way.enter();
            if !lines.send((number, line(value(actor, number)))).await {
                return passed;
            }
            passed += 1;
        }
    }
    passed
}

/// The second stage: makes a value of each line. A line that is none becomes 0, which the aggregate shows.
async fn parse<I: Receiver<Item<String>>, O: Sender<Item<u64>>>(mut lines: I, mut out: O) -> u64 {
    let mut passed = 0;
    while let Some((number, line)) = lines.receive().await {
        if !out.send((number, parsed(&line).unwrap_or(0))).await {
            break;
        }
        passed += 1;
    }
    passed
}

/// The third stage: computes.
async fn transform<I: Receiver<Item<u64>>, O: Sender<Item<u64>>>(
    mut values: I,
    mut out: O,
    rounds: u64,
) -> u64 {
    let mut passed = 0;
    while let Some((number, value)) = values.receive().await {
        if !out.send((number, transformed(value, rounds))).await {
            break;
        }
        passed += 1;
    }
    passed
}

/// The last stage: adds up, and tells the sum of each batch. Items must come one after the other, each once.
async fn aggregate<I: Receiver<Item<u64>>, O: Sender<Aggregate>>(
    mut results: I,
    mut totals: O,
    under_way: Arc<UnderWay>,
    items: u64,
) -> u64 {
    let (mut passed, mut total) = (0, 0);
    while let Some((number, result)) = results.receive().await {
        under_way.leave();
        if number != passed {
            let _ = totals.send(Err("an item came twice, or not at all, or out of order")).await;
            break;
        }
        total = added(total, result);
        passed += 1;
        if passed % items == 0 {
            let within = under_way.is_within_limit();
            let whole = if within { Ok(total) } else { Err("the queues held too many items") };
            if !totals.send(whole).await {
                break;
            }
            // The next batch begins with its number.
            total = passed / items;
        }
    }
    passed
}

/// What an item is about, different for each.
fn value(actor: u32, number: u64) -> u64 {
    Digest::of_number((u64::from(actor) << 40) ^ number).0
}

/// A value as it is read: three fields, of which the last one counts.
fn line(value: u64) -> String {
    format!("item;{};{value:016x}", value % 1000)
}

/// The value of a line.
fn parsed(line: &str) -> Option<u64> {
    let mut fields = line.split(';');
    (fields.next()? == "item").then_some(())?;
    let short: u64 = fields.next()?.parse().ok()?;
    let value = u64::from_str_radix(fields.next()?, 16).ok()?;
    (value % 1000 == short && fields.next().is_none()).then_some(value)
}

/// The computing: so many rounds.
fn transformed(value: u64, rounds: u64) -> u64 {
    (0..rounds).fold(value, |value, round| Digest::of_number(value ^ round).0)
}

/// Adds an item to the sum of those before it; their order counts.
fn added(total: u64, result: u64) -> u64 {
    total.rotate_left(7).wrapping_add(result)
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "a stage has ended before its time")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(text: &str) -> Result<Pipeline, ParameterError> {
        Pipeline::new(&Parameters::parse(&Pipeline::PROFILE, text.split(':'))?, 1)
    }

    #[test]
    fn parameters_have_edges() {
        for (text, fits) in [
            ("items=1:queue=1:rounds=1", true),
            ("items=0", false),
            ("queue=0", false),
            ("queue=1025", false),
            ("rounds=0", false),
        ] {
            assert_eq!(workload(text).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn lines_are_parsed_and_others_are_not() {
        for value in [0, 7, u64::MAX, value(3, 5)] {
            assert_eq!(parsed(&line(value)), Some(value));
        }
        for line in ["", "item", "item;7", "item;7;8", "item;8;8;8", "thing;8;8", "item;8;x"] {
            assert_eq!(parsed(line), None, "{line}");
        }
        assert_eq!(parsed("item;8;8"), Some(8));
    }

    #[test]
    fn the_aggregate_depends_on_every_item_and_on_their_order() {
        let workload = workload("items=3:rounds=2").unwrap();
        // By hand, for the second batch.
        let [a, b, c] = [3, 4, 5].map(|number| {
            let value = Digest::of_number((9 << 40) ^ number).0;
            Digest::of_number(Digest::of_number(value).0 ^ 1).0
        });
        let sum = |x: u64, y: u64, z: u64| {
            let first = 1_u64.rotate_left(7).wrapping_add(x);
            let second = first.rotate_left(7).wrapping_add(y);
            Digest::of_number(second.rotate_left(7).wrapping_add(z))
        };
        assert_eq!(workload.expected(9, 1), sum(a, b, c));
        assert_ne!(workload.expected(9, 1), sum(b, a, c));
    }

    #[test]
    fn what_is_under_way_is_limited_by_the_most_there_ever_was() {
        let under_way = UnderWay::new(2);
        under_way.enter();
        under_way.enter();
        assert!(under_way.is_within_limit());
        under_way.enter();
        for _ in 0..3 {
            under_way.leave();
        }
        assert!(!under_way.is_within_limit(), "it is not forgotten");
    }
}
