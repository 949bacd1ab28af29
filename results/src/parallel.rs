//! How is the same done to many things at once?
//!
//! With as many threads as there are cores, each of which takes the next thing that nobody has taken. What is done must
//! not depend on the order; the answers come in the order of the things. It must not know what is done.

use std::{
    panic,
    sync::atomic::{AtomicUsize, Ordering},
    thread::{self, ScopedJoinHandle},
};

/// More threads than this have nothing to do in any run that we know.
const MOST_THREADS: usize = 8;

/// How many threads are worth it here.
pub(crate) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS)
}

/// What `of` says of each thing.
pub(crate) fn map<T: Sync, R: Send>(things: &[T], of: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut mine = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(thing) = things.get(place) else { return mine };
            mine.push((place, of(thing)));
        }
    };
    let mut all: Vec<(usize, R)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads().min(things.len())).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        all.extend(others.into_iter().flat_map(joined));
        all
    });
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, answer)| answer).collect()
}

/// What a thread has answered; its panic is ours.
pub(crate) fn joined<R>(thread: ScopedJoinHandle<'_, R>) -> R {
    thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_order() {
        let things: Vec<usize> = (0..500).collect();
        assert_eq!(map(&things, |thing| thing * 2), (0..1000).step_by(2).collect::<Vec<_>>());
        assert!(map(&Vec::<u8>::new(), |thing| *thing).is_empty());
    }
}
