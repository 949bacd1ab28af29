//! In which ways can a request fail? One word for each, under which it is counted.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// What became of a request that was not answered as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// No connection: nobody listens.
    Refused,
    /// No connection: no way to the host.
    Unreachable,
    /// No connection within the time-out.
    ConnectTimeout,
    /// No connection: this side has no port, file or memory left for one.
    Exhausted,
    /// The connection ended before the first byte of the answer.
    Closed,
    /// The connection was reset, or failed in another way.
    Reset,
    /// The connection ended within the answer.
    Truncated,
    /// What came is not HTTP/1.
    Malformed,
    /// More came than was announced, or without being asked for.
    Surplus,
    /// The head of the answer is longer than 64 KiB.
    Oversized,
    /// No whole answer within the time-out.
    Timeout,
    /// Another body than the expected one.
    WrongBody,
    /// The answer came before the work can have been done.
    TooEarly,
    /// Another status than 2xx.
    Status(u16),
}

/// All but the statuses.
const WORDS: [(Fault, &str); 13] = [
    (Fault::Refused, "refused"),
    (Fault::Unreachable, "unreachable"),
    (Fault::ConnectTimeout, "connect-timeout"),
    (Fault::Exhausted, "exhausted"),
    (Fault::Closed, "closed"),
    (Fault::Reset, "reset"),
    (Fault::Truncated, "truncated"),
    (Fault::Malformed, "malformed"),
    (Fault::Surplus, "surplus"),
    (Fault::Oversized, "oversized"),
    (Fault::Timeout, "timeout"),
    (Fault::WrongBody, "wrong-body"),
    (Fault::TooEarly, "too-early"),
];

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Status(status) = self {
            return write!(formatter, "status-{status}");
        }
        let word = WORDS.iter().find(|(fault, _)| fault == self).map_or("", |(_, word)| word);
        formatter.write_str(word)
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(status) = text.strip_prefix("status-").and_then(|status| status.parse().ok()) {
            return Ok(Self::Status(status));
        }
        let found = WORDS.iter().find(|(_, word)| *word == text);
        found.map(|(fault, _)| *fault).ok_or_else(|| format!("no fault is called '{text}'"))
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        let faults = WORDS.iter().map(|(fault, _)| *fault).chain([Fault::Status(500)]);
        for fault in faults {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        assert!("status-x".parse::<Fault>().is_err());
        assert!("".parse::<Fault>().is_err());
    }
}
