//! Is foreign CPU what we say it is?
//!
//! The known load of `scripts/acceptance/foreign`, and its judge. A stranger burns CPU by its own clock, in a pattern
//! drawn from a seed, and writes down the truth; a watch looks at fixed windows with the very code that runs around
//! slices; the judge compares the two. It must not use what it judges: the truth comes from the stranger's own clock
//! and from what the kernel charges it for its children when they end.
//!
//! ```text
//! stranger load SEED SECONDS alone|children      writes lines "instant cpu", in nanoseconds
//! stranger watch MILLISECONDS SECONDS best|ticks|seen [PID]     writes lines "from to seen estimated"; ours are PID and
//!     whoever else is there already, with all that they start; `seen`: nothing is estimated
//! stranger judge TRUTH WINDOWS CORES             windows within so many cores of the truth
//! stranger bursts SEED TRIES                     bursts of 0.2 s on one core, lines "from to kind"
//! stranger flagged BURSTS RUN                    which of them the run has noticed
//! ```

use nix::{
    sched::{CpuSet, sched_setaffinity},
    sys::resource::{UsageWho, getrusage},
    sys::time::TimeValLike,
    unistd::Pid,
};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_pcg::Pcg64Mcg;
use simul::{
    clock::{now_ns, own_cpu_ns},
    control::{
        contamination::{MOST_CORES, Watch, totals::Total},
        placement,
    },
};
use simul_results::{SliceRecord, TrialRecord, record::mark, store};
use std::{
    collections::HashSet,
    error::Error,
    fmt::Write as _,
    fs,
    io::{self, Write},
    path::Path,
    process::Command,
    thread,
    time::Duration,
};

const MS: u64 = 1_000_000;
/// The stranger burns a part of each period.
const PERIOD_NS: u64 = 10 * MS;
const SHARES: [f64; 7] = [0.0, 0.02, 0.05, 0.1, 0.25, 0.5, 0.95];
const BURST_NS: u64 = 200 * MS;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["load", seed, seconds, kind] => load(seed.parse()?, seconds.parse()?, kind == "children"),
        ["burn", ns] => {
            burn(ns.parse()?);
            Ok(())
        }
        ["watch", ms, seconds, total, ref ours @ ..] => {
            let ours: Result<HashSet<i32>, _> = ours.iter().map(|pid| pid.parse()).collect();
            watch(ms.parse()?, seconds.parse()?, total, ours?)
        }
        ["judge", truth, windows, cores] => judge(truth, windows, cores.parse()?),
        ["bursts", seed, tries] => bursts(seed.parse()?, tries.parse()?),
        ["flagged", bursts, run] => flagged(bursts, Path::new(run)),
        _ => Err("see the first lines of harness/examples/stranger.rs".into()),
    }
}

/// Spends so much CPU time.
fn burn(ns: u64) {
    let end = own_cpu_ns() + ns;
    while own_cpu_ns() < end {}
}

/// CPU time of this process and of all its children that have ended.
fn spent_ns() -> u64 {
    let children = getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0, |usage| {
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds()
    });
    own_cpu_ns() + children.unsigned_abs() * 1000
}

/// Burns it in a process that comes and goes.
fn burn_in_child(ns: u64) -> io::Result<()> {
    let status = Command::new(std::env::current_exe()?).args(["burn", &ns.to_string()]).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other("a child has failed")) }
}

fn load(seed: u64, seconds: f64, in_children: bool) -> Outcome {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut truth = String::new();
    let mut note = || writeln!(truth, "{} {}", now_ns(), spent_ns());
    let end = now_ns() + (seconds * 1e9) as u64;
    note()?;
    while now_ns() < end {
        // A share for a while.
        let share = SHARES.choose(&mut random).copied().unwrap_or(0.0);
        let until = now_ns() + random.random_range(20..400) * MS;
        while now_ns() < until {
            let next = now_ns() + PERIOD_NS;
            let ns = (share * PERIOD_NS as f64) as u64;
            note()?;
            // In steps, so that the truth is known also where it was interrupted; of a child only when it has ended.
            let step_ns = if in_children { 2 * MS } else { MS / 5 };
            let end = spent_ns() + ns;
            while ns > 0 && spent_ns() < end {
                if in_children {
                    burn_in_child(step_ns)?
                } else {
                    burn(step_ns)
                }
                note()?;
            }
            note()?;
            thread::sleep(Duration::from_nanos(next.saturating_sub(now_ns())));
        }
    }
    note()?;
    Ok(io::stdout().write_all(truth.as_bytes())?)
}

fn watch(ms: u64, seconds: f64, total: &str, mut ours: HashSet<i32>) -> Outcome {
    ours.insert(std::process::id() as i32);
    ours.extend(all_but_ancestors()?);
    let mut watch = if total == "ticks" { Watch::with(Total::Ticks) } else { Watch::default() };
    let mut last_ns = watch.look(&ours).at_ns;
    let end = last_ns + (seconds * 1e9) as u64;
    let (mut lines, mut looks, before_ns) = (String::new(), 0, own_cpu_ns());
    while last_ns < end {
        let next = last_ns + ms * MS;
        thread::sleep(Duration::from_nanos(next.saturating_sub(now_ns())));
        let found = watch.look(&ours);
        let estimated_ns = match total == "seen" {
            true => 0,
            false => found.estimated_ns.ok_or("nothing can be estimated here")?,
        };
        writeln!(lines, "{last_ns} {} {} {estimated_ns}", found.at_ns, found.seen_ns)?;
        last_ns = found.at_ns;
        looks += 1;
    }
    let each_us = (own_cpu_ns() - before_ns) / looks.max(1) / 1000;
    let there = fs::read_dir("/proc")?.count();
    eprintln!("a look took {each_us} µs of CPU, with {there} entries in /proc");
    Ok(io::stdout().write_all(lines.as_bytes())?)
}

/// Everybody who is there but whoever has started this process: they start the stranger too.
fn all_but_ancestors() -> io::Result<HashSet<i32>> {
    let name = |entry: io::Result<fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    let mut all: HashSet<i32> = fs::read_dir("/proc")?.filter_map(name).collect();
    let mut pid = nix::unistd::getppid().as_raw();
    // The first process is above everybody, and no stranger.
    while pid > 1 {
        all.remove(&pid);
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        pid = parent.and_then(|pid| pid.trim().parse().ok()).unwrap_or(0);
    }
    Ok(all)
}

/// Lines of whole numbers.
fn numbers(path: &str) -> Result<Vec<Vec<u64>>, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    let line = |line: &str| line.split(' ').map(|number| Ok(number.parse()?)).collect();
    text.lines().map(line).collect()
}

fn judge(truth: &str, windows: &str, bar_cores: f64) -> Outcome {
    let truth = numbers(truth)?;
    let spent_by = |at_ns: u64| -> Option<f64> {
        let after = truth.partition_point(|line| line[0] <= at_ns);
        let (from, to) = (truth.get(after.checked_sub(1)?)?, truth.get(after)?);
        let part = (at_ns - from[0]) as f64 / (to[0] - from[0]) as f64;
        Some(from[1] as f64 + part * (to[1] - from[1]) as f64)
    };
    let (mut errors, mut others, mut estimated) = (Vec::new(), Vec::new(), 0.0);
    let (mut injected, mut loaded) = (0.0, 0);
    for window in numbers(windows)? {
        let &[from, to, seen_ns, estimated_ns] = &window[..] else { continue };
        let span_ns = (to - from) as f64;
        let found = (seen_ns + estimated_ns) as f64 / span_ns;
        match spent_by(from).zip(spent_by(to)) {
            Some((before, after)) => {
                let known = (after - before) / span_ns;
                errors.push(found - known);
                estimated += estimated_ns as f64 / span_ns;
                injected += known;
                loaded += usize::from(known > 0.01);
            }
            None => others.push(found),
        }
    }
    let count = errors.len().max(1) as f64;
    let within = errors.iter().filter(|error| error.abs() <= bar_cores).count();
    let mean = errors.iter().sum::<f64>() / count;
    errors.sort_unstable_by(|one, other| one.abs().total_cmp(&other.abs()));
    let at = |part: f64| errors.get((count * part) as usize).copied().unwrap_or(f64::NAN);
    println!(
        "{within} of {} windows ({loaded} with load) within ±{bar_cores} cores: {:.1} %; error: mean {mean:+.4}, \
         p50 {:.4}, p95 {:.4}, worst {:+.4}; injected {:.3}, estimated {:.3} cores in the mean; \
         without a stranger {:.3} cores in {} windows",
        errors.len(),
        100.0 * within as f64 / count,
        at(0.5).abs(),
        at(0.95).abs(),
        errors.last().copied().unwrap_or(f64::NAN),
        injected / count,
        estimated / count,
        others.iter().sum::<f64>() / others.len().max(1) as f64,
        others.len(),
    );
    if errors.len() < 10 {
        return Err("fewer than ten windows say nothing: look for longer".into());
    }
    if (within as f64) < 0.95 * count {
        return Err("the bar is not met".into());
    }
    Ok(())
}

fn bursts(seed: u64, tries: u32) -> Outcome {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let cores = placement::available();
    for number in 0..tries {
        thread::sleep(Duration::from_millis(random.random_range(300..800)));
        let mut set = CpuSet::new();
        set.set(cores.choose(&mut random).copied().unwrap_or(0) as usize)?;
        sched_setaffinity(Pid::from_raw(0), &set)?;
        let kind = number % 2;
        let from = now_ns();
        while now_ns() < from + BURST_NS {
            // By this process, or by one after another that comes and goes.
            if kind == 0 { burn(MS) } else { burn_in_child(10 * MS)? }
        }
        println!("{from} {} {kind}", now_ns());
    }
    Ok(())
}

fn foreign_cores(slice: &SliceRecord) -> f64 {
    let ns = slice.foreign_cpu_ns.unwrap_or(0) + slice.foreign_estimated_ns.unwrap_or(0);
    ns as f64 / (slice.ended_ns - slice.started_ns).max(1) as f64
}

fn flagged(bursts: &str, run: &Path) -> Outcome {
    let recording = store::load(run)?;
    let slices = || recording.trials.iter().flat_map(|t| t.slices.iter().map(move |s| (t, s)));
    let is_flagged = |(trial, slice): &(&TrialRecord, &SliceRecord)| {
        let is_marked = trial.marks.iter().any(|name| name == mark::CONTAMINATED);
        foreign_cores(slice) > MOST_CORES && (slice.set_aside || is_marked)
    };
    let common_ns = |slice: &SliceRecord, burst: &[u64]| {
        slice.ended_ns.min(burst[1]).saturating_sub(slice.started_ns.max(burst[0]))
    };
    let bursts = numbers(bursts)?;
    let (mut tries, mut hits, mut missed) = ([0; 2], [0; 2], 0);
    for burst in &bursts {
        let beside: Vec<_> = slices().filter(|(_, slice)| common_ns(slice, burst) > 0).collect();
        let ns: u64 = beside.iter().map(|(_, slice)| common_ns(slice, burst)).sum();
        // Most of it lay between slices: processes were being started.
        if ns < BURST_NS / 2 {
            missed += 1;
            continue;
        }
        let kind = burst[2] as usize;
        tries[kind] += 1;
        hits[kind] += usize::from(beside.iter().any(is_flagged));
    }
    let alone = || slices().filter(|(_, slice)| bursts.iter().all(|b| common_ns(slice, b) == 0));
    let false_alarms = alone().filter(|(_, slice)| foreign_cores(slice) > MOST_CORES).count();
    let aside_ns: u64 =
        slices().filter(|(_, s)| s.set_aside).map(|(_, s)| s.ended_ns - s.started_ns).sum();
    let kept_ns: u64 =
        slices().filter(|(_, s)| !s.set_aside).map(|(_, s)| s.ended_ns - s.started_ns).sum();
    let (all, found) = (tries[0] + tries[1], hits[0] + hits[1]);
    println!(
        "{found} of {all} bursts flagged ({} of {} by one process, {} of {} by many short ones); {missed} fell between \
         slices; beside no burst {false_alarms} of {} slices had more than {MOST_CORES} cores; set aside: {:.1} % of the \
         time of the slices that were kept",
        hits[0],
        tries[0],
        hits[1],
        tries[1],
        alone().count(),
        100.0 * aside_ns as f64 / kept_ns.max(1) as f64,
    );
    // A quarter, of what was foreseen: rounds are not all of one length.
    if all == 0 || (found as f64) < 0.95 * all as f64 || aside_ns as f64 > 0.27 * kept_ns as f64 {
        return Err("the bar is not met".into());
    }
    Ok(())
}
