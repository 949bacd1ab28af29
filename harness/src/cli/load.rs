//! Load a server: from the options to slices of [`simul_load`], and to the exit code.
//!
//! The generator runs in this process and on this thread, on a core that it is pinned to. How the result reads:
//! `load_text.rs`.

use super::{load_text, say};
use crate::{
    clock,
    control::placement,
    exit::{self, Failure},
};
use clap::Args;
use nix::{
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};
use simul_load::{
    Arrivals, Error, Fault, Generator, Mode, Outcome, Pacing, Settings, Target,
    document::{Document, SweepDocument},
    sweep::{Objective, Sweep},
};
use std::{process::ExitCode, sync::atomic::Ordering::Relaxed, time::Duration};

/// The highest rate of a sweep, unless `--rate` is above it.
const MOST_RATE: f64 = 1_000_000.0;

/// Where a sweep begins unless told otherwise.
const START_RATE: f64 = 1000.0;

/// Options of `load`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Exit codes: 0 every request was answered rightly; 1 some failed or did not end, or the \
server cannot be reached, or no rate meets the objective; 2 bad input; 130 interrupted."
)]
pub struct LoadOptions {
    /// The server and what to ask, such as http://127.0.0.1:8080/echo; {id} becomes the request's number
    url: String,
    /// Requests a second; with --sweep, where to begin
    #[arg(long, value_name = "RATE", conflicts_with = "closed")]
    rate: Option<f64>,
    /// How long, such as 10s; with --sweep, each slice [default: 10s; with --sweep 2s and 2000 requests]
    #[arg(long, value_name = "TIME", value_parser = time)]
    duration: Option<Duration>,
    /// The first part of it is sent and does not count
    #[arg(long, value_name = "TIME", value_parser = time_or_none, default_value = "0s")]
    drop: Duration,
    /// Connections
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    connections: u32,
    /// The law of the intended times: constant, poisson or burst:N
    #[arg(long, default_value = "constant")]
    arrivals: Arrivals,
    /// Decides the intended times
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How to wait for intended times: hybrid, spin (for a core of its own) or sleep
    #[arg(long, default_value = "hybrid")]
    pacing: Pacing,
    /// A request has failed when it is not answered so long after it was sent
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "10s")]
    timeout: Duration,
    /// The method [default: GET, with --body POST]
    #[arg(long)]
    method: Option<String>,
    /// The body of each request
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// The whole body of a right answer; otherwise any with a status of 2xx is right
    #[arg(long, value_name = "TEXT")]
    expect: Option<String>,
    /// An answer is wrong when it comes sooner than this after its request
    #[arg(long, value_name = "TIME", value_parser = time_or_none, default_value = "0s")]
    least: Duration,
    /// The core of the generator [default: the last that it may use, if there are several]
    #[arg(long)]
    core: Option<u32>,
    /// A closed load: each connection at full speed, one request after the other
    #[arg(long, conflicts_with_all = ["sweep", "arrivals"])]
    closed: bool,
    /// Raise the rate until the server is saturated: the curve, its knee, and the capacity
    #[arg(long)]
    sweep: bool,
    /// The objective of a sweep, such as p99=10ms
    #[arg(long, value_name = "OBJECTIVE", value_parser = objective, requires = "sweep")]
    slo: Option<Objective>,
    /// Print one JSON object on standard output, and nothing else there
    #[arg(long)]
    json: bool,
}

/// Loads the server as the options say.
///
/// # Errors
/// Bad input, or a server that cannot be reached.
pub fn main(options: &LoadOptions) -> Result<ExitCode, Failure> {
    if options.rate.is_none() && !options.closed && !options.sweep {
        return Err(Failure::BadInput(
            "no rate; say --rate N for requests a second, --sweep to find the highest, or --closed"
                .into(),
        ));
    }
    let mut generator = Generator::new(settings(options)?).map_err(failure)?;
    pin(options.core)?;
    let stop = generator.stop_flag();
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // The second signal ends the program at once.
        signal_hook::flag::register_conditional_shutdown(
            signal,
            i32::from(exit::INTERRUPTED),
            stop.clone(),
        )
        .and_then(|_| signal_hook::flag::register(signal, stop.clone()))
        .map_err(super::broken)?;
    }
    if options.sweep {
        return sweep(options, &mut generator);
    }
    let duration = options.duration.unwrap_or(Duration::from_secs(10));
    let mode = match options.rate {
        Some(rate_per_sec) => Mode::Open { rate_per_sec, arrivals: options.arrivals },
        None => Mode::Closed,
    };
    // Bad rates are refused before the server hears of us.
    if let Mode::Open { rate_per_sec, arrivals } = mode {
        arrivals.check(rate_per_sec, duration).map_err(failure)?;
    }
    if options.drop >= duration {
        return Err(Failure::BadInput(format!(
            "{:?} cannot be dropped of {duration:?}; choose a longer --duration",
            options.drop
        )));
    }
    let outcome = match generator.connect() {
        Ok(_) => generator.drive(&mode, duration, options.drop, options.seed).map_err(failure)?,
        Err(Error::Connect { fault, .. }) if options.json => {
            unreached(options, mode, duration, fault)?
        }
        Err(error) => return Err(failure(error)),
    };
    let document = Document::of(&outcome, &options.url, options.pacing);
    say(&match options.json {
        true => json(&document)?,
        false => load_text::slice(&document),
    })?;
    Ok(match () {
        () if outcome.interrupted => exit::INTERRUPTED,
        () if outcome.is_clean() => exit::OK,
        () => exit::FAILED,
    }
    .into())
}

fn sweep(options: &LoadOptions, generator: &mut Generator) -> Result<ExitCode, Failure> {
    let start = options.rate.unwrap_or(START_RATE);
    let length = |rate| {
        let usual = || Sweep::slice_length(rate, Duration::from_secs(2));
        options.duration.unwrap_or_else(usual)
    };
    options.arrivals.check(start, length(start)).map_err(failure)?;
    let mut sweep = Sweep::new(start, MOST_RATE.max(start), options.slo);
    let stop = generator.stop_flag();
    let mut interrupted = false;
    let mut number = 0;
    while let Some((_, rate)) = sweep.next() {
        connect(generator)?;
        let mode = Mode::Open { rate_per_sec: rate, arrivals: options.arrivals };
        let duration = length(rate);
        // Every slice has times of its own; the same seed gives the same sweep.
        let seed = options.seed.wrapping_add(number);
        number += 1;
        let outcome = generator.drive(&mode, duration, duration / 10, seed).map_err(failure)?;
        if stop.load(Relaxed) {
            interrupted = true;
            break;
        }
        sweep.report(&outcome);
        if !options.json
            && let Some(step) = sweep.finding().steps.last()
        {
            say(&load_text::step(step))?;
        }
    }
    let finding = sweep.finding();
    let arrivals = options.arrivals.to_string();
    let asked = (options.url.as_str(), options.connections, arrivals.as_str());
    let document = SweepDocument::of(&finding, asked, interrupted);
    say(&match options.json {
        true => json(&document)?,
        false => load_text::sweep(&document),
    })?;
    Ok(match document.capacity_rate {
        _ if interrupted => exit::INTERRUPTED,
        Some(_) => exit::OK,
        None => exit::FAILED,
    }
    .into())
}

/// What there is to tell when nobody can be asked: the attempt failed, and nothing was sent.
fn unreached(
    options: &LoadOptions,
    mode: Mode,
    duration: Duration,
    fault: Fault,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::empty(mode, options.seed, options.connections);
    outcome.errors.insert(fault, 1);
    outcome.window_ns = clock::to_ns(duration - options.drop);
    if let Mode::Open { rate_per_sec, arrivals } = mode {
        let times = arrivals.draw(rate_per_sec, duration, options.seed).map_err(failure)?;
        let first = times.partition_point(|time| *time < clock::to_ns(options.drop));
        outcome.drawn = (times.len() - first) as u64;
        outcome.unfinished = outcome.drawn;
        outcome.offered_per_sec = outcome.drawn as f64 * 1e9 / outcome.window_ns as f64;
    }
    Ok(outcome)
}

fn settings(options: &LoadOptions) -> Result<Settings, Failure> {
    let mut target = Target::parse(&options.url).map_err(failure)?;
    target.body = options.body.clone().unwrap_or_default().into_bytes();
    let usual = if options.body.is_some() { "POST" } else { "GET" };
    target.method = options.method.clone().unwrap_or_else(|| usual.into());
    target.expected = options.expect.clone().map(String::into_bytes);
    target.least_service = options.least;
    // In a sweep, what is left after an overload is not waited for long.
    let grace = if options.sweep { Duration::from_secs(1) } else { options.timeout };
    Ok(Settings {
        target,
        connections: options.connections,
        pacing: options.pacing,
        timeout: options.timeout,
        grace,
        lag: Duration::ZERO,
    })
}

/// A core of its own for the generator, where there are several.
fn pin(asked: Option<u32>) -> Result<(), Failure> {
    let available = placement::available();
    let core = match asked {
        Some(core) if !available.contains(&core) => {
            return Err(Failure::BadInput(format!(
                "core '{core}' is not one that can be used here; choose one of {available:?} with --core"
            )));
        }
        Some(core) => core,
        None if available.len() < 2 => return Ok(()),
        None => available[available.len() - 1],
    };
    let mut set = CpuSet::new();
    set.set(core as usize)
        .and_then(|()| sched_setaffinity(Pid::from_raw(0), &set))
        .map_err(|error| super::broken(error.into()))
}

fn connect(generator: &mut Generator) -> Result<(), Failure> {
    generator.connect().map(|_| ()).map_err(failure)
}

fn json(document: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string(document).map_err(|error| Failure::Broken(error.to_string()))
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Connect { .. } | Error::System(_) => Failure::Broken(error.to_string()),
        _ => Failure::BadInput(error.to_string()),
    }
}

fn time_or_none(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok();
    let length = parsed.and_then(|length| Duration::try_from(length).ok());
    length
        .filter(|length| *length <= Duration::from_secs(86_400))
        .ok_or_else(|| format!("'{text}' is not a time up to a day, such as 10s or 500ms"))
}

fn time(text: &str) -> Result<Duration, String> {
    time_or_none(text).and_then(|length| match length.is_zero() {
        true => Err(format!("'{text}' is no time at all; such as 10s or 500ms")),
        false => Ok(length),
    })
}

fn objective(text: &str) -> Result<Objective, String> {
    let wrong = || format!("'{text}' is not an objective such as p99=10ms");
    let (percentile, most) = text.split_once('=').ok_or_else(wrong)?;
    let percentile = percentile.strip_prefix('p').and_then(|number| number.parse::<f64>().ok());
    let percentile =
        percentile.filter(|number| *number > 0.0 && *number < 100.0).ok_or_else(wrong)?;
    Ok(Objective { percentile, most: time(most).map_err(|_| wrong())? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_are_read() {
        let found = objective("p99.9=250us").unwrap();
        assert_eq!((found.percentile, found.most), (99.9, Duration::from_micros(250)));
        for bad in ["", "p99", "99=1ms", "p100=1ms", "p0=1ms", "pNaN=1ms", "p99=0s", "p99=fast"] {
            assert!(objective(bad).unwrap_err().contains("p99=10ms"), "{bad}");
        }
    }

    #[test]
    fn times_have_a_unit() {
        assert_eq!(time("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(time_or_none("0s"), Ok(Duration::ZERO));
        for bad in ["0s", "10", "-1s", "48h", "soon"] {
            assert!(time(bad).unwrap_err().contains("such as 10s"), "{bad}");
        }
    }
}
