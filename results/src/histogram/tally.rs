//! How do many stored histograms become one, quickly?
//!
//! A run has hundreds of thousands of them, and nearly all of their 33,000 counts are zeros, which the V2 format names
//! in a few bytes: a header of 40 bytes, then for each bucket in ascending order its count as a zigzag varint, where a
//! negative number stands for that many empty buckets. So counts are added up from there, and written again in the same
//! format, without making a histogram of each. Histograms of another layout than [`super::empty`]'s go the long way.
//! It must not know what is measured. Read next: `../histogram.rs`.

use super::{decode, empty};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{iter, ops::Range, sync::LazyLock};

/// Cookie, length of the counts, offset, digits, lowest and highest value, ratio.
const HEADER: usize = 40;
/// Where the length of the counts stands, which differs.
const LENGTH: Range<usize> = 4..8;
/// Buckets of the same width follow one another in this number: the least power of two that tells 1,000 values apart,
/// for three digits.
const HALF: u64 = 1024;
/// The bucket of [`super::LONGEST_NS`] and all below it.
const BUCKETS: usize = bucket(super::LONGEST_NS) + 1;

/// What our own histograms begin with.
static OURS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bytes = BASE64_STANDARD.decode(super::encode(&empty())).unwrap_or_default();
    bytes.truncate(HEADER);
    bytes
});

/// How often each value came, over all histograms that were added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// By bucket from [`Self::base`] on, as far as there is anything: zeros are made of memory too.
    counts: Vec<u64>,
    /// The bucket of the first count; a multiple of [`HALF`].
    base: usize,
    total: u64,
}

impl Tally {
    /// Adds what [`super::encode`] or [`Self::encode`] wrote, which must hold as many values as is said. After an error
    /// the tally is of no use.
    ///
    /// # Errors
    /// Text that is no histogram, holds longer values than ours can, or another number of them than is said.
    pub(crate) fn add(&mut self, stored: &str, says: u64) -> Result<(), String> {
        let bytes = BASE64_STANDARD
            .decode(stored)
            .map_err(|error| format!("histogram is not base64: {error}"))?;
        let holds = match of_ours(&bytes) {
            Some(counts) => self.add_ours(counts),
            None => self.add_foreign(stored)?,
        };
        let Some(holds) = holds else {
            // Damaged, which decoding knows to tell; or else too long.
            let why = decode(stored).err();
            return Err(why.unwrap_or_else(|| "histogram: a value is longer than an hour".into()));
        };
        self.total = self.total.saturating_add(holds);
        if holds == says {
            return Ok(());
        }
        Err(format!("the histogram holds {holds} operations and the slice says {says}"))
    }

    /// Adds the counts behind a header like ours; how many values they are. `None` if they are damaged, or if there are
    /// more than our buckets.
    fn add_ours(&mut self, mut rest: &[u8]) -> Option<u64> {
        let (mut at, mut holds) = (0_usize, 0_u64);
        while let Some((byte, tail)) = rest.split_first() {
            // Nearly all numbers are of one byte.
            let number = if *byte < 0x80 {
                rest = tail;
                signed(u64::from(*byte))
            } else {
                varint(&mut rest)?
            };
            if number <= 0 {
                // One empty bucket by itself is a count of nothing.
                at = at.checked_add(usize::try_from(number.unsigned_abs()).ok()?.max(1))?;
                continue;
            }
            self.count(at, number.unsigned_abs())?;
            holds = holds.saturating_add(number.unsigned_abs());
            at += 1;
        }
        Some(holds)
    }

    /// Adds a histogram of another layout, as its own crate does.
    fn add_foreign(&mut self, stored: &str) -> Result<Option<u64>, String> {
        let part = decode(stored)?;
        let mut own = empty();
        own.add(&part).map_err(|problem| format!("histogram: {problem}"))?;
        let mut steps = own.iter_recorded();
        Ok(steps.try_fold(0_u64, |holds, step| {
            self.count(bucket(step.value_iterated_to()), step.count_at_value())?;
            Some(holds.saturating_add(step.count_at_value()))
        }))
    }

    /// Counts in one bucket; `None` behind the last.
    #[inline]
    fn count(&mut self, at: usize, count: u64) -> Option<()> {
        // Below the base this is far behind the end.
        let place = at.wrapping_sub(self.base);
        let held = match place < self.counts.len() {
            true => &mut self.counts[place],
            false => self.grown(at)?,
        };
        *held = held.saturating_add(count);
        Some(())
    }

    /// Makes room for a bucket; `None` behind the last.
    #[cold]
    fn grown(&mut self, at: usize) -> Option<&mut u64> {
        if at >= BUCKETS {
            return None;
        }
        let half = HALF as usize;
        let base = at - at % half;
        if self.counts.is_empty() {
            self.base = base;
        }
        if base < self.base {
            self.counts.splice(0..0, iter::repeat_n(0, self.base - base));
            self.base = base;
        }
        let length = (at + 1).next_multiple_of(half) - self.base;
        if self.counts.len() < length {
            self.counts.resize(length, 0);
        }
        self.counts.get_mut(at - self.base)
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> u64 {
        self.total
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The values that came, ascending, each the largest of its bucket, and how often.
    pub(crate) fn values(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let held = (self.base..).zip(&self.counts).filter(|(_, count)| **count > 0);
        held.map(|(at, count)| (highest(at), *count))
    }

    /// As base64 of the V2 format, to the letter as the histogram itself would be.
    pub(crate) fn encode(&self) -> String {
        let mut bytes = OURS.clone();
        let end = self.counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        // An empty histogram still has a first bucket.
        let (held, mut none) =
            if end == 0 { (&[0][..], 0) } else { (&self.counts[..end], self.base as u64) };
        for count in held {
            if *count == 0 {
                none += 1;
                continue;
            }
            put_empty(&mut bytes, none);
            none = 0;
            // The format has no larger number.
            put(&mut bytes, count.min(&i64::MAX.cast_unsigned()) << 1);
        }
        put_empty(&mut bytes, none);
        let length = u32::try_from(bytes.len() - HEADER).unwrap_or(u32::MAX);
        bytes[LENGTH].copy_from_slice(&length.to_be_bytes());
        BASE64_STANDARD.encode(bytes)
    }
}

/// The counts, where what stands before them is as ours.
fn of_ours(bytes: &[u8]) -> Option<&[u8]> {
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let length = u32::from_be_bytes(header[LENGTH].try_into().ok()?);
    let known = header[..LENGTH.start] == OURS[..LENGTH.start]
        && header[LENGTH.end..] == OURS[LENGTH.end..];
    (known && rest.len() == usize::try_from(length).ok()?).then_some(rest)
}

/// Where a value is counted: up to twice [`HALF`] each has its own bucket; from there on each [`HALF`] buckets are twice
/// as wide as those before.
const fn bucket(value: u64) -> usize {
    if value < 2 * HALF {
        return value as usize;
    }
    let doublings = (value / HALF).ilog2() as u64;
    (doublings * HALF + (value >> doublings)) as usize
}

/// The largest value of a bucket.
fn highest(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let doublings = (bucket / HALF).saturating_sub(1);
    let within = if bucket < HALF { bucket } else { bucket % HALF + HALF };
    // Buckets end where an hour does, so nothing overflows.
    ((within + 1) << doublings) - 1
}

/// Takes one number: seven bits a byte, the lowest first, of which the ninth byte has eight.
fn varint(rest: &mut &[u8]) -> Option<i64> {
    let mut bits = 0_u64;
    for at in 0..9 {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        let is_last = at == 8 || byte & 0x80 == 0;
        bits |= u64::from(if at == 8 { *byte } else { byte & 0x7F }) << (7 * at);
        if is_last {
            break;
        }
    }
    Some(signed(bits))
}

/// Its sign is the lowest bit.
fn signed(bits: u64) -> i64 {
    (bits >> 1).cast_signed() ^ -(bits & 1).cast_signed()
}

/// Writes so many empty buckets: none not at all, one as a count of nothing.
fn put_empty(bytes: &mut Vec<u8>, count: u64) {
    match count {
        0 => {}
        1 => bytes.push(0),
        more => put(bytes, 2 * more - 1),
    }
}

/// Writes a number whose sign is its lowest bit already.
fn put(bytes: &mut Vec<u8>, mut bits: u64) {
    for _ in 0..8 {
        if bits < 0x80 {
            bytes.push(bits as u8);
            return;
        }
        bytes.push(bits as u8 | 0x80);
        bits >>= 7;
    }
    bytes.push(bits as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::histogram::{LONGEST_NS, encode};
    use hdrhistogram::Histogram;

    /// Values from 1 ns to an hour, evenly over the orders of magnitude, some of them often.
    fn scattered(size: u64) -> Histogram<u64> {
        let mut part = empty();
        let mut random = size;
        for _ in 0..size {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let value = (random >> 22 >> (random % 42)).clamp(1, LONGEST_NS);
            part.record_n(value, 1 + random % 300).unwrap();
        }
        part
    }

    #[test]
    fn adding_is_adding_what_was_decoded() {
        let mut high = empty();
        high.record_n(70_000, 3).unwrap();
        let mut long = empty();
        long.record_n(LONGEST_NS, u64::MAX >> 20).unwrap();
        long.record(0).unwrap();
        let (mut tally, mut added) = (Tally::default(), empty());
        assert_eq!(tally.encode(), encode(&added));
        for part in [empty(), high, scattered(1), scattered(50), long, scattered(3000)] {
            assert!(of_ours(&BASE64_STANDARD.decode(encode(&part)).unwrap()).is_some());
            tally.add(&encode(&part), part.len()).unwrap();
            added.add(&part).unwrap();
            assert_eq!((tally.encode(), tally.len()), (encode(&added), added.len()));
            let steps = added.iter_recorded();
            let steps: Vec<_> =
                steps.map(|step| (step.value_iterated_to(), step.count_at_value())).collect();
            assert_eq!(tally.values().collect::<Vec<_>>(), steps);
        }
    }

    #[test]
    fn other_layouts_are_added_too() {
        let mut coarse = Histogram::<u64>::new_with_bounds(1, 1_000_000, 2).unwrap();
        for value in [1, 77, 5000, 5010, 999_999] {
            coarse.record_n(value, 3).unwrap();
        }
        let (mut tally, mut added) = (Tally::default(), scattered(20));
        tally.add(&encode(&added), added.len()).unwrap();
        assert!(of_ours(&BASE64_STANDARD.decode(encode(&coarse)).unwrap()).is_none(), "not ours");
        tally.add(&encode(&coarse), 15).unwrap();
        added.add(&coarse).unwrap();
        assert_eq!(tally.encode(), encode(&added));
        let mut day = Histogram::<u64>::new_with_bounds(1, 24 * LONGEST_NS, 3).unwrap();
        day.record(20 * LONGEST_NS).unwrap();
        assert!(Tally::default().add(&encode(&day), 1).is_err(), "longer than an hour");
    }

    #[test]
    fn what_miscounts_or_is_damaged_is_refused() {
        let stored = encode(&scattered(9));
        let holds = scattered(9).len();
        let why = Tally::default().add(&stored, holds + 1).unwrap_err();
        assert!(why.contains(&format!("holds {holds} operations and the slice says")), "{why}");
        let bytes = BASE64_STANDARD.decode(&stored).unwrap();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            // Read or refused, but answered.
            let _ = Tally::default().add(&BASE64_STANDARD.encode(&damaged), holds);
            let _ = Tally::default().add(&BASE64_STANDARD.encode(&bytes[..at]), holds);
        }
        assert!(Tally::default().add("%%%", 0).unwrap_err().contains("not base64"));
        assert!(Tally::default().add("AAAA", 0).unwrap_err().contains("not in the V2 format"));
    }

    #[test]
    fn counts_beyond_all_measure_end_nothing() {
        let mut part = empty();
        part.record_n(7, u64::MAX >> 1).unwrap();
        let (stored, mut tally) = (encode(&part), Tally::default());
        for _ in 0..3 {
            tally.add(&stored, u64::MAX >> 1).unwrap();
        }
        assert_eq!(tally.len(), u64::MAX);
        assert_eq!(decode(&tally.encode()).unwrap().len(), u64::MAX >> 1, "what the format holds");
    }
}
