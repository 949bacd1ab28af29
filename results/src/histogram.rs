//! How is a distribution kept whole?
//!
//! As an HdrHistogram of nanoseconds with three significant digits (an error of at most 0.1 %), from 1 ns
//! to an hour, stored as base64 of the V2 format that all libraries of that family read. Distributions are
//! merged, never their percentiles.

mod counts;

use base64::{Engine, prelude::BASE64_STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer, Serializer, V2Serializer},
};

/// The largest value that is told apart: an hour. Longer ones are kept as an hour.
pub const LONGEST_NS: u64 = 3_600_000_000_000;

/// An empty histogram.
#[must_use]
pub fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_NS, 3)
        .expect("1 ns to 1 h with 3 digits is a legal range")
}

/// As base64 of the V2 format.
#[must_use]
pub fn encode(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    V2Serializer::new().serialize(histogram, &mut bytes).expect("a vector takes every byte");
    BASE64_STANDARD.encode(bytes)
}

/// The CRC-32 (IEEE) of an encoded histogram.
#[must_use]
pub fn checksum(text: &str) -> u32 {
    crc32fast::hash(text.as_bytes())
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// Text that is not base64, or bytes that are not a histogram; says which.
pub fn decode(text: &str) -> Result<Histogram<u64>, String> {
    let bytes = BASE64_STANDARD
        .decode(text)
        .map_err(|error| format!("histogram is not base64: {error}"))?;
    Deserializer::new()
        .deserialize(&mut bytes.as_slice())
        .map_err(|error| format!("histogram is not in the V2 format: {error:?}"))
}

/// Adds what [`encode`] wrote, which must hold as many values as is said. Nothing is added where that is an error.
///
/// A run has hundreds of thousands of these, and nearly all of their 33,000 counts are zeros, which the format names
/// in a few bytes: so those that are as ours are added from there, which is about ten times as fast as decoding
/// them into a whole histogram first.
pub(crate) fn merge(into: &mut Histogram<u64>, stored: &str, says: u64) -> Result<(), String> {
    let miscounted =
        |holds: u64| format!("the histogram holds {holds} operations and the slice says {says}");
    if let Some(counts) = counts::of(stored) {
        let holds = counts.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
        if holds != says {
            return Err(miscounted(holds));
        }
        let recorded = |(value, count)| into.record_n(value, count);
        return counts
            .into_iter()
            .try_for_each(recorded)
            .map_err(|why| format!("histogram: {why}"));
    }
    let part = decode(stored)?;
    if part.len() != says {
        return Err(miscounted(part.len()));
    }
    into.add(&part).map_err(|problem| format!("histogram: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_survives_the_journey() {
        let mut histogram = empty();
        for value in [1, 999, 1_000_000, LONGEST_NS] {
            histogram.record(value).unwrap();
        }
        assert_eq!(decode(&encode(&histogram)).unwrap(), histogram);
    }

    #[test]
    fn no_damage_ends_the_program() {
        let mut histogram = empty();
        for value in [1, 70_000, 71_000, 90_000_000] {
            histogram.record(value).unwrap();
        }
        let bytes = BASE64_STANDARD.decode(encode(&histogram)).unwrap();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            // Read or refused, but answered.
            let _ = decode(&BASE64_STANDARD.encode(&damaged));
            let _ = decode(&BASE64_STANDARD.encode(&bytes[..at]));
        }
    }

    #[test]
    fn the_checksum_is_the_usual_one() {
        // The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
        assert_eq!(checksum("123456789"), 0xCBF4_3926);
    }

    #[test]
    fn merging_is_adding_what_was_decoded() {
        let mut random = 7_u64;
        let mut parts = vec![empty()];
        for size in [1, 50, 3000] {
            let mut part = empty();
            for _ in 0..size {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                // From 1 ns to an hour, evenly over the orders of magnitude, some of them often.
                let value = (random >> 22 >> (random % 42)).clamp(1, LONGEST_NS);
                part.record_n(value, 1 + random % 300).unwrap();
            }
            part.record_n(LONGEST_NS, u64::MAX >> 20).unwrap();
            parts.push(part);
        }
        let (mut merged, mut added) = (empty(), empty());
        for part in &parts {
            assert!(counts::of(&encode(part)).is_some(), "the short way is taken");
            merge(&mut merged, &encode(part), part.len()).unwrap();
            added.add(part).unwrap();
            assert_eq!(encode(&merged), encode(&added));
            assert_eq!((merged.len(), merged.max()), (added.len(), added.max()));
        }
        let foreign = Histogram::<u64>::new_with_bounds(1, 1_000_000, 2).unwrap();
        assert!(counts::of(&encode(&foreign)).is_none(), "not as ours");
        merge(&mut merged, &encode(&foreign), 0).unwrap();
        assert!(merge(&mut merged, &encode(&parts[1]), 0).unwrap_err().contains("says 0"));
        assert_eq!(encode(&merged), encode(&added), "an error adds nothing");
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(decode("%%%").unwrap_err().starts_with("histogram is not base64"));
        assert!(decode("AAAA").unwrap_err().starts_with("histogram is not in the V2 format"));
    }
}
