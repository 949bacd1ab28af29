//! How is a number shown to a reader?
//!
//! With three significant digits, a unit that suits its size, and its spread as a part of itself. It must
//! not know what the number is about. Read next: `grid.rs`, which fills tables.

use crate::statistics::Estimate;

/// A unit of time for a whole column, so that its numbers can be compared by eye.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeUnit {
    /// `ns`, `µs`, `ms` or `s`.
    pub name: &'static str,
    /// Nanoseconds in one.
    pub ns: f64,
}

const UNITS: [TimeUnit; 4] = [
    TimeUnit { name: "s", ns: 1e9 },
    TimeUnit { name: "ms", ns: 1e6 },
    TimeUnit { name: "µs", ns: 1e3 },
    TimeUnit { name: "ns", ns: 1.0 },
];

impl TimeUnit {
    /// The largest unit in which this many nanoseconds are at least 1; nanoseconds below that.
    #[must_use]
    pub fn of(ns: f64) -> Self {
        UNITS.into_iter().find(|unit| ns >= unit.ns).unwrap_or(UNITS[3])
    }
}

/// A time with its unit: `71.2 µs`.
#[must_use]
pub fn time(ns: f64) -> String {
    let unit = TimeUnit::of(ns);
    format!("{} {}", digits(ns / unit.ns), unit.name)
}

/// Three significant digits below 1000 and whole numbers in groups from there on: `0.0123`, `71.2`,
/// `112,340`.
#[must_use]
pub fn digits(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "?".into();
    }
    // The bounds are where rounding carries into the next power of ten.
    let decimals = match size {
        0.0 => 0,
        _ if size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ if size >= 0.099_95 => 3,
        _ => 4,
    };
    if decimals == 0 { grouped(value) } else { format!("{value:.decimals$}") }
}

/// A whole number with its thousands apart.
fn grouped(value: f64) -> String {
    let whole = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 && whole != "0" { format!("-{text}") } else { text }
}

/// A spread as a part of its number: `±1.3%`; empty where there is none.
#[must_use]
pub fn spread(estimate: &Estimate) -> String {
    match estimate.spread().map(|part| part * 100.0) {
        Some(percent) if percent >= 9.95 => format!("±{percent:.0}%"),
        Some(percent) => format!("±{percent:.1}%"),
        None => String::new(),
    }
}

/// An estimate divided by `unit`, with its spread: `71.2 ±1.3%`. One block has no spread, and gets none.
#[must_use]
pub fn estimate(estimate: &Estimate, unit: f64, blocks: u32) -> String {
    let value = digits(estimate.median / unit);
    let spread = if blocks > 1 { spread(estimate) } else { String::new() };
    if spread.is_empty() { value } else { format!("{value} {spread}") }
}

/// A ratio with its interval: `1.203 (1.190–1.216)`.
#[must_use]
pub fn ratio(estimate: f64, interval: Option<(f64, f64)>) -> String {
    match interval {
        Some((low, high)) => format!("{estimate:.3} ({low:.3}–{high:.3})"),
        None => format!("{estimate:.3}"),
    }
}

/// A size in bytes: `5.2 MiB`.
#[must_use]
pub fn bytes(size: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    for (name, power) in units {
        let unit = 1_u64 << power;
        if size >= unit {
            return format!("{} {name}", digits(size as f64 / unit as f64));
        }
    }
    format!("{size} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let shown = [
            (0.0, "0"),
            (0.012_34, "0.0123"),
            (0.5, "0.500"),
            (1.0, "1.00"),
            (9.996, "10.0"),
            (71.24, "71.2"),
            (99.96, "100"),
            (999.6, "1,000"),
            (112_340.4, "112,340"),
            (1_234_567.0, "1,234,567"),
            (-1234.0, "-1,234"),
            (f64::NAN, "?"),
        ];
        for (value, text) in shown {
            assert_eq!(digits(value), text);
        }
    }

    #[test]
    fn times_have_a_fitting_unit() {
        let shown = [(0.0, "0 ns"), (999.0, "999 ns"), (71_200.0, "71.2 µs"), (2e9, "2.00 s")];
        for (ns, text) in shown {
            assert_eq!(time(ns), text);
        }
    }

    #[test]
    fn estimates_carry_their_spread() {
        let wide = Estimate { median: 71_200.0, low: 70_000.0, high: 72_000.0 };
        assert_eq!(estimate(&wide, 1e3, 6), "71.2 ±1.7%");
        assert_eq!(estimate(&wide, 1e3, 1), "71.2");
        let wider = Estimate { median: 100.0, low: 50.0, high: 110.0 };
        assert_eq!(estimate(&wider, 1.0, 6), "100 ±50%");
    }

    #[test]
    fn sizes_and_ratios() {
        assert_eq!((bytes(12), bytes(5 << 20)), ("12 B".into(), "5.00 MiB".into()));
        assert_eq!(ratio(1.2, Some((1.1, 1.3))), "1.200 (1.100–1.300)");
    }
}
