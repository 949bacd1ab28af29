//! Which values does a stored histogram hold, and how often?
//!
//! Read off the V2 format itself, without making a histogram of it: a header of 40 bytes, then for each bucket in
//! ascending order its count as a zigzag varint, where a negative number stands for that many empty buckets. Only
//! histograms whose header is that of [`super::empty`] are read; of all others it knows nothing. Read next:
//! `../histogram.rs`.

use base64::{Engine, prelude::BASE64_STANDARD};
use std::sync::LazyLock;

/// Cookie, length of the counts, offset, digits, lowest and highest value, ratio.
const HEADER: usize = 40;
/// Where the length of the counts stands, which differs.
const LENGTH: std::ops::Range<usize> = 4..8;
/// Buckets of the same width follow one another in this number: the least power of two that tells 1,000 values apart,
/// for three digits.
const HALF: u64 = 1024;

/// What our own histograms begin with.
static OURS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bytes = BASE64_STANDARD.decode(super::encode(&super::empty())).unwrap_or_default();
    bytes.truncate(HEADER);
    bytes
});

/// The values, each the smallest of its bucket, with their counts. `None` for what is not as ours, or is damaged.
pub(super) fn of(stored: &str) -> Option<Vec<(u64, u64)>> {
    let bytes = BASE64_STANDARD.decode(stored).ok()?;
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let length = u32::from_be_bytes(header[LENGTH].try_into().ok()?);
    let known = header[..LENGTH.start] == OURS[..LENGTH.start]
        && header[LENGTH.end..] == OURS[LENGTH.end..];
    if !known || rest.len() != usize::try_from(length).ok()? {
        return None;
    }
    let mut counts = Vec::new();
    let (mut rest, mut bucket) = (rest, 0_u64);
    while !rest.is_empty() {
        match varint(&mut rest)? {
            // One empty bucket by itself is a count of nothing.
            empty if empty <= 0 => bucket = bucket.checked_add(empty.unsigned_abs().max(1))?,
            count => {
                counts.push((value(bucket)?, count.unsigned_abs()));
                bucket += 1;
            }
        }
    }
    Some(counts)
}

/// The smallest value of a bucket: up to twice [`HALF`] each value has its own; from there on each [`HALF`] buckets are
/// twice as wide as those before.
fn value(bucket: u64) -> Option<u64> {
    let doublings = (bucket / HALF).saturating_sub(1);
    let within = if bucket < HALF { bucket } else { bucket % HALF + HALF };
    let value = within.checked_mul(1_u64.checked_shl(u32::try_from(doublings).ok()?)?)?;
    (value <= super::LONGEST_NS).then_some(value)
}

/// Takes one number: seven bits a byte, the lowest first, of which the ninth byte has eight; its sign is the lowest bit.
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
    Some((bits >> 1).cast_signed() ^ -(bits & 1).cast_signed())
}
