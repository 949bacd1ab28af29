//! When is each request intended?
//!
//! The times are drawn before anything is sent, from a seed, and are never moved afterwards. The same rate,
//! duration and seed give the same times, whichever server is asked. This file knows no clock: times are
//! nanoseconds from the beginning of the slice.

use crate::error::Error;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr, time::Duration};

/// More are not drawn at once: their times alone take 400 MB.
pub const MOST_ARRIVALS: u64 = 50_000_000;

/// The highest rate that can be asked for, far above what one core can send.
pub const HIGHEST_RATE: f64 = 10_000_000.0;

/// The law of the intended times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrivals {
    /// Evenly, the first at once.
    #[default]
    Constant,
    /// Independently of one another, as the requests of many clients are: exponential gaps. The number of
    /// arrivals is random too.
    Poisson,
    /// So many at the same instant, the instants evenly, the first at once.
    Burst(u32),
}

impl Arrivals {
    /// Whether times can be drawn; how many, if so, of constant arrivals.
    ///
    /// # Errors
    /// A rate that is not above 0 and at most 10 million a second; no arrival or too many of them.
    pub fn check(self, rate_per_sec: f64, duration: Duration) -> Result<u64, Error> {
        if !(rate_per_sec > 0.0 && rate_per_sec <= HIGHEST_RATE) {
            return Err(Error::BadInput(format!(
                "the rate '{rate_per_sec}' is not above 0 and at most 10000000 requests a second; choose \
                 another with --rate"
            )));
        }
        let expected = (rate_per_sec * duration.as_secs_f64()).round();
        if expected < 1.0 || expected > MOST_ARRIVALS as f64 {
            return Err(Error::BadInput(format!(
                "{rate_per_sec} requests a second for {duration:?} are {expected} requests, not 1 to \
                 {MOST_ARRIVALS}; choose another --rate or --duration"
            )));
        }
        Ok(expected as u64)
    }

    /// The intended times of a slice, in order, in nanoseconds from its beginning, all before its end.
    ///
    /// # Errors
    /// What [`Self::check`] refuses.
    pub fn draw(self, rate_per_sec: f64, duration: Duration, seed: u64) -> Result<Vec<u64>, Error> {
        let count = self.check(rate_per_sec, duration)?;
        let gap_ns = 1e9 / rate_per_sec;
        Ok(match self {
            Self::Constant => (0..count).map(|number| (number as f64 * gap_ns) as u64).collect(),
            Self::Poisson => poisson(gap_ns, duration, seed),
            Self::Burst(size) => {
                let size = u64::from(size.max(1));
                let instant = |number| (number / size * size) as f64 * gap_ns;
                (0..count).map(|number| instant(number) as u64).collect()
            }
        })
    }
}

fn poisson(gap_ns: f64, duration: Duration, seed: u64) -> Vec<u64> {
    let mut random = Pcg64::seed_from_u64(seed);
    let end_ns = duration.as_nanos() as f64;
    let mut times = Vec::with_capacity((end_ns / gap_ns * 1.1) as usize + 64);
    let mut at_ns = 0.0;
    loop {
        // 53 random bits, from 0 up to but not 1, so that the logarithm is finite.
        let uniform = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        at_ns -= (1.0 - uniform).ln() * gap_ns;
        if at_ns >= end_ns {
            return times;
        }
        times.push(at_ns as u64);
    }
}

impl fmt::Display for Arrivals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => formatter.write_str("constant"),
            Self::Poisson => formatter.write_str("poisson"),
            Self::Burst(size) => write!(formatter, "burst:{size}"),
        }
    }
}

impl FromStr for Arrivals {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "constant" => Ok(Self::Constant),
            None if text == "poisson" => Ok(Self::Poisson),
            Some(("burst", size)) => match size.parse() {
                Ok(size @ 1..=1_000_000) => Ok(Self::Burst(size)),
                _ => Err(format!("'{size}' is not a size of bursts from 1 to 1000000")),
            },
            _ => Err(format!("'{text}' is none of constant, poisson, burst:N")),
        }
    }
}

impl Serialize for Arrivals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Arrivals {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn constant_arrivals_are_even_and_exact_in_number() {
        let times = Arrivals::Constant.draw(1000.0, 30 * SECOND, 1).unwrap();
        assert_eq!(times.len(), 30_000);
        assert!(times.iter().zip(0..).all(|(time, number)| *time == number * 1_000_000));
    }

    #[test]
    fn bursts_share_their_instants() {
        let times = Arrivals::Burst(4).draw(8.0, SECOND, 1).unwrap();
        assert_eq!(times, [0, 0, 0, 0, 500_000_000, 500_000_000, 500_000_000, 500_000_000]);
    }

    #[test]
    fn poisson_arrivals_have_exponential_gaps() {
        let times = Arrivals::Poisson.draw(100_000.0, SECOND, 7).unwrap();
        // A standard deviation is 316; the seed is fixed, so this never changes.
        assert!((98_500..101_500).contains(&times.len()), "{}", times.len());
        assert!(times.is_sorted() && times.last() < Some(&1_000_000_000));
        let gaps: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let mut sorted = gaps.clone();
        sorted.sort_by(f64::total_cmp);
        for quantile in [0.1, 0.5, 0.9, 0.99] {
            let expected = -(1.0_f64 - quantile).ln();
            let seen = sorted[(quantile * gaps.len() as f64) as usize] / 10_000.0;
            assert!((seen / expected - 1.0).abs() < 0.05, "{quantile}: {seen}, not {expected}");
        }
        // Independent of one another: neighbours are not correlated.
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let together: f64 = gaps.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
        let alone: f64 = gaps.iter().map(|gap| (gap - mean).powi(2)).sum();
        assert!((together / alone).abs() < 0.02, "{}", together / alone);
    }

    #[test]
    fn the_seed_alone_decides() {
        let draw = |seed| Arrivals::Poisson.draw(1000.0, SECOND, seed).unwrap();
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        for (rate, seconds) in [(0.0, 1), (-1.0, 1), (f64::NAN, 1), (1e8, 1), (0.1, 1), (1e6, 3600)]
        {
            let error = Arrivals::Constant.draw(rate, seconds * SECOND, 1).unwrap_err();
            assert!(error.to_string().contains("--rate"), "{rate}: {error}");
        }
    }

    #[test]
    fn words_are_read_back() {
        for arrivals in [Arrivals::Constant, Arrivals::Poisson, Arrivals::Burst(12)] {
            assert_eq!(arrivals.to_string().parse(), Ok(arrivals));
        }
        for bad in ["", "burst", "burst:0", "burst:x", "poisson:3", "Constant"] {
            assert!(bad.parse::<Arrivals>().is_err(), "{bad}");
        }
    }
}
