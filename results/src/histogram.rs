//! How is a distribution kept whole?
//!
//! As an HdrHistogram of nanoseconds with three significant digits (an error of at most 0.1 %), from 1 ns
//! to an hour, stored as base64 of the V2 format that all libraries of that family read. Distributions are
//! merged, never their percentiles. Read next: `histogram/tally.rs`, which merges many of them quickly.

mod tally;

pub(crate) use tally::Tally;

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
    fn nonsense_is_refused() {
        assert!(decode("%%%").unwrap_err().starts_with("histogram is not base64"));
        assert!(decode("AAAA").unwrap_err().starts_with("histogram is not in the V2 format"));
    }
}
