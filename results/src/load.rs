//! How much work comes, and when?
//!
//! A closed load has actors that wait for their answers; an open one has arrivals on a schedule that waits
//! for nobody; a sweep raises an open load until nobody keeps up. The printed form is a part of a cell and
//! can be asked for again: `closed-32`, `open-1000`, `open-1000-poisson`, `open-1000-burst:8`,
//! `sweep-500-poisson`. It must not know who brings the work. Read next: `cell.rs`.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How much work, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Load {
    /// So many actors without think time.
    Closed(u32),
    /// Requests at times drawn beforehand, whatever the server does.
    Open {
        /// Requests per second, on average.
        rate_per_sec: u32,
        /// When they come.
        arrivals: Arrivals,
    },
    /// Open loads one after the other, from a low rate up until every server is saturated.
    Sweep {
        /// The first rate, in requests per second.
        from_per_sec: u32,
        /// When they come.
        arrivals: Arrivals,
    },
}

/// How the arrivals of an open load lie in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Arrivals {
    /// At equal distances.
    Constant,
    /// At independent, exponentially distributed distances: many users who know nothing of each other.
    Poisson,
    /// So many at once, at equal distances.
    Burst(u32),
}

/// The most actors that a closed load may have; more would exhaust the ports of one loopback address.
pub const MOST_ACTORS: u32 = 20_000;
/// The highest rate of an open load, in requests per second: several times what one core can send.
pub const MOST_PER_SEC: u32 = 1_000_000;
/// The largest burst of an open load.
pub const MOST_AT_ONCE: u32 = 100_000;

impl Load {
    /// Whether requests come on a schedule: only then is there a response time.
    #[must_use]
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Closed(_))
    }

    /// Whether it rises until every server is saturated.
    #[must_use]
    pub fn is_sweep(self) -> bool {
        matches!(self, Self::Sweep { .. })
    }

    /// When requests come; `None` for a closed load.
    #[must_use]
    pub fn arrivals(self) -> Option<Arrivals> {
        match self {
            Self::Closed(_) => None,
            Self::Open { arrivals, .. } | Self::Sweep { arrivals, .. } => Some(arrivals),
        }
    }
}

impl Arrivals {
    /// In words, for tables and charts.
    #[must_use]
    pub fn title(self) -> String {
        match self {
            Self::Constant => "at equal distances".into(),
            Self::Poisson => "at random (Poisson)".into(),
            Self::Burst(count) => format!("{count} at once"),
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(actors) => write!(f, "closed-{actors}"),
            Self::Open { rate_per_sec, arrivals } => write!(f, "open-{rate_per_sec}{arrivals}"),
            Self::Sweep { from_per_sec, arrivals } => write!(f, "sweep-{from_per_sec}{arrivals}"),
        }
    }
}

/// As the end of a load: nothing for constant arrivals, else `-poisson` or `-burst:8`.
impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => Ok(()),
            Self::Poisson => f.write_str("-poisson"),
            Self::Burst(count) => write!(f, "-burst:{count}"),
        }
    }
}

impl FromStr for Load {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, rest) = text.split_once('-').unwrap_or((text, ""));
        match kind {
            "closed" if !rest.is_empty() => closed(text, rest),
            "open" | "sweep" if !rest.is_empty() => {
                let (rate_per_sec, arrivals) = arriving(text, rest)?;
                Ok(match kind {
                    "open" => Self::Open { rate_per_sec, arrivals },
                    _ => Self::Sweep { from_per_sec: rate_per_sec, arrivals },
                })
            }
            _ => Err(format!(
                "load '{text}' is not of the form closed-N or open-RATE, such as closed-32 or open-1000"
            )),
        }
    }
}

/// The actors of a closed load.
fn closed(text: &str, actors: &str) -> Result<Load, String> {
    match number(actors) {
        Some(actors @ 1..=MOST_ACTORS) => Ok(Load::Closed(actors)),
        Some(_) => Err(format!("load '{text}' needs from 1 to {MOST_ACTORS} actors")),
        None => Err(format!("load '{text}' is not of the form closed-N, such as closed-32")),
    }
}

/// Rate and arrivals of an open load.
fn arriving(text: &str, rest: &str) -> Result<(u32, Arrivals), String> {
    let (rate, law) = rest.split_once('-').map_or((rest, None), |(rate, law)| (rate, Some(law)));
    let rate = number(rate).filter(|rate| (1..=MOST_PER_SEC).contains(rate)).ok_or_else(|| {
        format!(
            "load '{text}' needs a whole number of requests per second from 1 to {MOST_PER_SEC}, \
             such as open-1000"
        )
    })?;
    let arrivals = match law {
        None | Some("constant") => Arrivals::Constant,
        Some("poisson") => Arrivals::Poisson,
        Some(other) => {
            let count = other.strip_prefix("burst:").and_then(number);
            Arrivals::Burst(count.filter(|count| (1..=MOST_AT_ONCE).contains(count)).ok_or_else(
                || {
                    format!(
                        "load '{text}' has arrivals '{other}', which are none of poisson and burst:N \
                         with N from 1 to {MOST_AT_ONCE}, such as open-1000-poisson"
                    )
                },
            )?)
        }
    };
    Ok((rate, arrivals))
}

/// A whole number in its one printed form: without sign or leading zeros, so that what is read back prints
/// as it was.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_read_back_what_they_print() {
        for text in [
            "closed-7",
            "open-1",
            "open-1000",
            "open-1000000-poisson",
            "open-250-burst:8",
            "sweep-500",
            "sweep-500-poisson",
        ] {
            assert_eq!(text.parse::<Load>().unwrap().to_string(), text);
        }
        assert_eq!("closed-7".parse(), Ok(Load::Closed(7)));
        assert_eq!("open-9-constant".parse::<Load>().unwrap().to_string(), "open-9");
        let burst = Load::Open { rate_per_sec: 250, arrivals: Arrivals::Burst(8) };
        assert_eq!("open-250-burst:8".parse(), Ok(burst));
        assert!(burst.is_open() && !burst.is_sweep() && !Load::Closed(1).is_open());
    }

    #[test]
    fn refusals_quote_the_value_and_show_a_right_one() {
        let refused = |text: &str| text.parse::<Load>().unwrap_err();
        assert_eq!(refused("closed-0"), "load 'closed-0' needs from 1 to 20000 actors");
        assert_eq!(
            refused("closed-x"),
            "load 'closed-x' is not of the form closed-N, such as closed-32"
        );
        for text in ["fast", "open", "closed-", "-", ""] {
            let line = format!(
                "load '{text}' is not of the form closed-N or open-RATE, such as closed-32 or open-1000"
            );
            assert_eq!(refused(text), line);
        }
        for text in
            ["open-0", "open-1e99", "open-1000001", "open-x", "open-1.5", "open-+5", "open-007"]
        {
            let problem = refused(text);
            assert!(
                problem.starts_with(&format!("load '{text}' needs a whole number")),
                "{problem}"
            );
            assert!(problem.contains("from 1 to 1000000") && problem.contains("open-1000"));
        }
        for text in
            ["open-5-burst:0", "open-5-burst", "open-5-normal", "open-5-poisson-x", "open-5-"]
        {
            assert!(refused(text).contains("none of poisson and burst:N"), "{text}");
        }
    }
}
