//! How does a load read? Text for people, from what `--json` prints.
//!
//! It adds nothing of its own but warnings where figures must not be read as the server's. In a closed load the
//! word *closed* stands beside every figure, and there is no response time.

use simul_load::{
    document::{Document, Quantiles, SweepDocument},
    sweep::Step,
};
use std::fmt::Write;

/// One slice.
pub(super) fn slice(document: &Document) -> String {
    let mut text = String::new();
    let is_closed = document.mode == "closed";
    let closed = if is_closed { " (closed)" } else { "" };
    let mut line = |name: &str, figure: String| {
        let _ = writeln!(text, "{name:<12}{figure}{closed}");
    };
    let law = document.arrivals.as_deref().unwrap_or("closed");
    let connections = document.connections;
    line("load", format!("{law}, {connections} connections, {}", document.url));
    if !is_closed {
        line("offered", format!("{} requests a second", rate(document.offered_rate)));
    }
    line("achieved", format!("{} requests a second", rate(document.achieved_rate)));
    line(
        "requests",
        format!(
            "{} drawn, {} sent, {} completed, {} failed, {} unfinished",
            document.drawn, document.sent, document.completed, document.failed, document.unfinished
        ),
    );
    for (kind, count) in &document.errors {
        line("error", format!("{kind}: {count}"));
    }
    if document.reconnects > 0 {
        line("reconnected", format!("{} times", document.reconnects));
    }
    if let Some(response) = &document.response_ns {
        line("response", quantiles(response));
    }
    line("service", quantiles(&document.service_ns));
    if !is_closed {
        line("wait", quantiles(&document.wait_ns));
    }
    line("lag", quantiles(&document.lag_ns));
    let cpu = document.cpu_us_per_request.unwrap_or(0.0);
    let busy = document.generator_busy * 100.0;
    line("generator", format!("{cpu:.2} µs CPU a request, busy for {busy:.0} %"));
    line("saturated", document.saturated.clone());
    if document.generator_limited {
        line(
            "warning",
            "generator-limited: these figures are the generator's, not the server's".into(),
        );
    }
    if document.interrupted {
        line("warning", "interrupted: this is what was measured until then".into());
    }
    text.trim_end().to_owned()
}

/// One slice of a sweep, as a line.
pub(super) fn step(step: &Step) -> String {
    let Quantiles { p50, p99, .. } = step.response_ns;
    let at = |ns: Option<u64>| ns.map_or("-".into(), time);
    let stage = format!("{:?}", step.stage).to_lowercase();
    let verdict = if step.good { "good" } else { "bad" };
    let limited = if step.generator_limited { ", generator-limited" } else { "" };
    format!(
        "{stage:<8}{:>10}/s  achieved {:>10}/s  p50 {:>9}  p99 {:>9}  faults {}  saturated {}{limited}: {verdict}",
        rate(step.rate),
        rate(step.achieved_rate),
        at(p50),
        at(p99),
        step.faults,
        step.saturated,
    )
}

/// What a sweep found.
pub(super) fn sweep(document: &SweepDocument) -> String {
    let known = |found: Option<f64>| found.map_or("not found".into(), |found| rate(found) + "/s");
    let objective = document.objective.as_deref().unwrap_or("not saturated");
    let highest = document.capacity_highest.map_or("not reached".into(), |high| rate(high) + "/s");
    let mut text = format!(
        "knee        {}\ncapacity    {} at {objective}; all slices good up to {}, none from {highest} on\n\
         limit       {}",
        known(document.knee_rate),
        known(document.capacity_rate),
        known(document.capacity_lowest),
        document.limit,
    );
    if document.limit == "generator" {
        text += "\nwarning     the generator was saturated first: the server may take more";
    }
    if document.interrupted {
        text += "\nwarning     interrupted: this is what was found until then";
    }
    text
}

fn quantiles(times: &Quantiles) -> String {
    let named = [
        ("p50", "p50", times.p50),
        ("p90", "p90", times.p90),
        ("p95", "p95", times.p95),
        ("p99", "p99", times.p99),
        ("p99.9", "p999", times.p999),
        ("max", "max", times.max),
    ];
    let one =
        |(shown, name, value): (&str, &str, Option<u64>)| match (value, times.at_least.get(name)) {
            (Some(ns), _) => format!("{shown} {}", time(ns)),
            (None, Some(bound)) => format!("{shown} ≥ {}", time(*bound)),
            (None, None) => format!("{shown} –"),
        };
    named.map(one).join("  ")
}

fn time(ns: u64) -> String {
    let ns = ns as f64;
    match ns {
        _ if ns < 1e3 => format!("{ns:.0} ns"),
        _ if ns < 1e6 => format!("{:.1} µs", ns / 1e3),
        _ if ns < 1e9 => format!("{:.2} ms", ns / 1e6),
        _ => format!("{:.3} s", ns / 1e9),
    }
}

fn rate(per_sec: f64) -> String {
    if per_sec < 100.0 { format!("{per_sec:.2}") } else { format!("{per_sec:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use simul_load::{Arrivals, Mode, Outcome, Pacing};

    fn text(mode: Mode) -> String {
        let outcome = Outcome::empty(mode, 1, 10);
        slice(&Document::of(&outcome, "http://x/", Pacing::Hybrid))
    }

    #[test]
    fn closed_stands_beside_every_figure() {
        let closed = text(Mode::Closed);
        assert!(closed.lines().all(|line| line.contains("closed")), "{closed}");
        assert!(!closed.contains("response"), "{closed}");
        let open = text(Mode::Open { rate_per_sec: 1.0, arrivals: Arrivals::Poisson });
        assert!(!open.contains("closed") && open.contains("response"), "{open}");
    }

    #[test]
    fn times_have_their_unit() {
        for (ns, shown) in
            [(999, "999 ns"), (1500, "1.5 µs"), (2_500_000, "2.50 ms"), (3_000_000_000, "3.000 s")]
        {
            assert_eq!(time(ns), shown);
        }
    }
}
