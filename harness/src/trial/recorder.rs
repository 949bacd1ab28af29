//! Where does a latency go while everything is being measured?
//!
//! Into one arena, allocated and touched before anything runs, the same for all runners of a contest. An
//! actor's turn takes [`CHUNK`] cells at a time and fills them: a sample is one store, without lock or
//! allocation, and exact to the nanosecond. Between slices the samples become an HdrHistogram.
//!
//! Why not one histogram per thread: with 3 digits it is 216 KiB, and one runner has two threads where
//! another has a thousand. An arena costs all the same, and rounds nothing before the histogram does.
//! It must not know what the samples are of. Next: [`super::turn`] fills it.

use hdrhistogram::Histogram;
use simul_results::histogram;
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed},
};

/// Cells that a turn takes at a time: 256 bytes, so that two turns share a cache line only at the seams and
/// a thousand actors waste at most 256 kB.
pub const CHUNK: usize = 64;

/// There is room for one sample in so many nanoseconds of a slice. The quickest operation known, a yield
/// on a current-thread scheduler, takes about as long.
const NS_PER_SAMPLE: u64 = 50;

/// There is never more room than this: 64 MiB, enough for 10 s at 1.6 million operations a second.
const MOST_SAMPLES: u64 = 1 << 24;

/// The arena.
#[derive(Debug)]
pub struct Recorder {
    /// Nanoseconds; 0 is an empty cell.
    cells: Box<[AtomicU32]>,
    taken: AtomicUsize,
    /// Times beyond 4.29 s. Such operations can afford a lock.
    long: Mutex<Vec<u64>>,
    unrecorded: AtomicU64,
}

/// The part of the arena that a turn may fill.
#[derive(Debug, Default)]
pub struct Chunk {
    next: usize,
    end: usize,
}

impl Recorder {
    /// An arena for slices of this length with this many actors. Every page is touched here, so that none
    /// is faulted in while something is measured.
    #[must_use]
    pub fn new(slice_ns: u64, actors: u32) -> Self {
        let samples = (slice_ns / NS_PER_SAMPLE).min(MOST_SAMPLES) as usize;
        let samples = samples + actors as usize * CHUNK;
        let chunks = samples.div_ceil(CHUNK);
        let cells: Box<[AtomicU32]> = (0..chunks * CHUNK).map(|_| AtomicU32::new(1)).collect();
        cells.iter().for_each(|cell| cell.store(0, Relaxed));
        let long = Mutex::new(Vec::with_capacity(1024));
        Self { cells, taken: AtomicUsize::new(0), long, unrecorded: AtomicU64::new(0) }
    }

    /// What the arena keeps resident.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        size_of_val(&*self.cells) as u64
    }

    /// Records one sample.
    #[inline]
    pub fn record(&self, chunk: &mut Chunk, time_ns: u64) {
        if chunk.next == chunk.end && !self.take(chunk) {
            return;
        }
        match u32::try_from(time_ns) {
            Ok(time) => {
                // An operation of 0 ns is shorter than the clock can tell: 1 ns is as true.
                self.cells[chunk.next].store(time.max(1), Relaxed);
                chunk.next += 1;
            }
            Err(_) => self.record_long(time_ns),
        }
    }

    #[cold]
    fn take(&self, chunk: &mut Chunk) -> bool {
        let start = self.taken.fetch_add(CHUNK, Relaxed);
        if start >= self.cells.len() {
            self.unrecorded.fetch_add(1, Relaxed);
            return false;
        }
        (chunk.next, chunk.end) = (start, start + CHUNK);
        true
    }

    #[cold]
    fn record_long(&self, time_ns: u64) {
        self.long.lock().unwrap_or_else(PoisonError::into_inner).push(time_ns);
    }

    /// Empties the arena into a fresh histogram, and tells how many samples had no room. Nobody may be
    /// recording: all turns must have ended.
    pub fn drain(&self) -> (Histogram<u64>, u64) {
        // A fresh one: `clear` would keep the extremes of before.
        let mut histogram = histogram::empty();
        let used = self.taken.swap(0, Relaxed).min(self.cells.len());
        for cell in &self.cells[..used] {
            match cell.swap(0, Relaxed) {
                0 => {}
                time => histogram.saturating_record(u64::from(time)),
            }
        }
        for time in self.long.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            histogram.saturating_record(time);
        }
        (histogram, self.unrecorded.swap(0, Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_of_every_turn_arrives_once() {
        let recorder = Recorder::new(1_000_000, 2);
        std::thread::scope(|scope| {
            for turn in 0..2 {
                let recorder = &recorder;
                scope.spawn(move || {
                    let mut chunk = Chunk::default();
                    for value in 1..=1000 {
                        recorder.record(&mut chunk, value * 2 + turn);
                    }
                });
            }
        });
        let (histogram, unrecorded) = recorder.drain();
        assert_eq!((histogram.len(), unrecorded), (2000, 0));
        assert_eq!((histogram.min(), histogram.max()), (2, 2001));
    }

    #[test]
    fn nothing_of_the_last_slice_is_left() {
        let recorder = Recorder::new(0, 1);
        recorder.record(&mut Chunk::default(), 5_000_000_000);
        let (first, _) = recorder.drain();
        assert_eq!(first.len(), 1);
        recorder.record(&mut Chunk::default(), 7);
        let (second, _) = recorder.drain();
        assert_eq!((second.len(), second.max()), (1, 7));
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let recorder = Recorder::new(0, 1);
        let mut chunk = Chunk::default();
        for _ in 0..CHUNK + 3 {
            recorder.record(&mut chunk, 1);
        }
        let (histogram, unrecorded) = recorder.drain();
        assert_eq!((histogram.len(), unrecorded), (CHUNK as u64, 3));
    }
}
