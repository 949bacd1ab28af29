//! Judges one run against a stalling server: `truth RESULT LOG DRAIN_RATE PERIOD_MS STALL_MS`.
//!
//! RESULT is what `simul load --json` printed, LOG what the server wrote, DRAIN_RATE how many requests a second
//! it answers when there is a queue, at the same number of connections. Prints our quantiles, those of the
//! departure log, and W(q) = S·(1 − (1−q)/f) with f = (S/P)/(1−ρ), ρ = rate/drain rate, for q > 1−f; fails when
//! one is beyond its bar. With one connection, the log is the truth; otherwise W(q) is. That formula is for a
//! steady flow: of Poisson arrivals, by chance more or fewer fall into the beginning of six stalls, which moves
//! its p99 by about 1 % (one standard deviation). So there the same server is replayed with the times that were
//! drawn, and that is the truth.

use serde_json::Value;
use simul_load::Arrivals;
use std::{fs, io, process::ExitCode, time::Duration};

/// Quantiles, their names, and how far they may be from the truth.
const BARS: [(&str, f64, f64); 4] =
    [("p95", 0.95, 0.025), ("p99", 0.99, 0.01), ("p999", 0.999, 0.01), ("max", 1.0, 0.005)];

fn main() -> io::Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [result, log, drain, period, stall] = words.as_slice() else {
        return Err(io::Error::other("usage: truth RESULT LOG DRAIN_RATE PERIOD_MS STALL_MS"));
    };
    let number = |word: &str| word.parse::<f64>().map_err(io::Error::other);
    let result: Value = serde_json::from_str(&fs::read_to_string(result)?)?;
    let schedule = schedule(&result)?;
    let oracle = oracle(&result, &schedule, &fs::read_to_string(log)?)?;
    let rate = result["offered_rate"].as_f64().unwrap_or_default();
    let (period, stall) = (number(period)?, number(stall)?);
    let share = (stall / period) / (1.0 - rate / number(drain)?);
    let is_poisson = result["arrivals"] == "poisson";
    let replayed = replay(&schedule, period * 1e6, stall * 1e6, 1e9 / number(drain)?);
    let connections = result["connections"].as_u64().unwrap_or_default();
    let is_clean = result["completed"] == result["drawn"];
    let is_limited = result["generator_limited"] == true;
    println!(
        "P {period} ms, S {stall} ms, {} {rate:.1}/s, {connections} connections, drain {drain}/s, all answered: \
         {is_clean}, generator-limited: {is_limited}",
        result["arrivals"].as_str().unwrap_or_default()
    );
    let mut good = is_clean && !is_limited;
    for (name, q, bar) in BARS {
        let ours = result["response_ns"][name].as_u64().unwrap_or_default() as f64 / 1e6;
        let rank = ((q * oracle.len() as f64).ceil() as usize).clamp(1, oracle.len());
        let (logged, drawn) = (oracle[rank - 1] as f64 / 1e6, replayed[rank - 1] / 1e6);
        let formula = stall * (1.0 - (1.0 - q) / share);
        // The short stall's bars are those of p99 and p99.9.
        let is_judged = period > 1000.0 || matches!(name, "p99" | "p999");
        let truth = match () {
            () if connections == 1 => logged,
            () if is_poisson => drawn,
            () => formula,
        };
        let error = ours / truth - 1.0;
        let is_good = !is_judged || error.abs() <= bar;
        good &= is_good;
        println!(
            "  {name:<5} ours {ours:9.3} ms  W(q) {formula:9.3} ms ({:+.2} %)  replayed {drawn:9.3} ms ({:+.2} %)  log {logged:9.3} ms ({:+.2} %)  {}",
            (ours / formula - 1.0) * 100.0,
            (ours / drawn - 1.0) * 100.0,
            (ours / logged - 1.0) * 100.0,
            match (is_judged, is_good) {
                (false, _) => "",
                (true, true) => "ok",
                (true, false) => "BEYOND THE BAR",
            }
        );
    }
    let service = result["service_ns"]["p99"].as_u64().unwrap_or_default() as f64 / 1e6;
    println!("  by service time, p99 would have been {service:.3} ms");
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The intended times, drawn again.
fn schedule(result: &Value) -> io::Result<Vec<u64>> {
    let missing = || io::Error::other("the result is not one of an open load");
    let arrivals: Arrivals =
        result["arrivals"].as_str().and_then(|word| word.parse().ok()).ok_or_else(missing)?;
    let number = |name: &str| result[name].as_u64().ok_or_else(missing);
    let asked = result["asked_rate"].as_f64().ok_or_else(missing)?;
    let slice = Duration::from_nanos(number("duration_ns")?);
    arrivals.draw(asked, slice, number("seed")?).map_err(io::Error::other)
}

/// What a server answers after so long, sorted, that stalls in the middle of every period from the first request
/// on, and otherwise takes `drain_ns` for a request.
fn replay(schedule: &[u64], period_ns: f64, stall_ns: f64, drain_ns: f64) -> Vec<f64> {
    let first = schedule.first().map_or(0.0, |first| *first as f64);
    let begin = (period_ns - stall_ns) / 2.0;
    let mut free = 0.0_f64;
    let mut times: Vec<_> = schedule
        .iter()
        .map(|intended| {
            let intended = *intended as f64;
            let mut at = intended.max(free);
            let place = (at - first) % period_ns;
            if (begin..begin + stall_ns).contains(&place) {
                at += begin + stall_ns - place;
            }
            free = at + drain_ns;
            free - intended
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

/// Departure − intended, sorted.
fn oracle(result: &Value, schedule: &[u64], log: &str) -> io::Result<Vec<u64>> {
    let started_ns = result["started_ns"].as_u64().unwrap_or_default();
    let departures = log.lines().map(|line| line.parse::<u64>().map_err(io::Error::other));
    let mut times = Vec::with_capacity(schedule.len());
    for (intended, departure) in schedule.iter().zip(departures) {
        let left = departure?.checked_sub(started_ns + intended);
        times.push(left.ok_or_else(|| io::Error::other("an answer left before it was asked for"))?);
    }
    times.sort_unstable();
    Ok(times)
}
