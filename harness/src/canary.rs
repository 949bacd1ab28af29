//! Would the instrument notice a runner program that misbehaves?
//!
//! A program on the trial protocol with one known fault, for the project's own tests: `simul canary FAULT`. It hands
//! every line to our own trial and spoils what comes back, so that all but the fault is sound. It must not know
//! who watches. Next: [`crate::protocol`]; `harness/tests/programs.rs` says what becomes of each.

use crate::exit::Failure;
use serde_json::{Value, json};
use simul_results::histogram;
use std::{
    io::{self, BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

/// All faults, and `none`, which only sends plain pairs and leaves out what is optional.
pub const FAULTS: [&str; 24] = [
    "none",
    "garbage",
    "late",
    "dies",
    "chatters",
    "answers-twice",
    "counts",
    "beyond",
    "order",
    "negative",
    "figure",
    "nan",
    "overflow",
    "clock",
    "operations",
    "wrong",
    "version",
    "state",
    "strays",
    "bad-end",
    "endless",
    "burns",
    "empties",
    "hesitates",
];

/// Whether the one that tells of no operation in its first slice has done so.
static HAS_HESITATED: AtomicBool = AtomicBool::new(false);

/// Plays a trial with this fault.
///
/// # Errors
/// There is no such fault; or the trial inside cannot be started.
pub fn main(fault: &str) -> Result<ExitCode, Failure> {
    if !FAULTS.contains(&fault) {
        let known = FAULTS.join(", ");
        return Err(Failure::BadInput(format!(
            "no canary has the fault '{fault}'; there are: {known}"
        )));
    }
    play(fault).map_err(|error| Failure::Broken(error.to_string()))
}

/// Our own trial, in a process of its own.
struct Sound {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Sound {
    fn start() -> io::Result<Self> {
        let mut command = Command::new("/proc/self/exe");
        command.arg("trial").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let (orders, answers) = process.stdin.take().zip(process.stdout.take()).ok_or_else(gone)?;
        Ok(Self { process, orders, answers: BufReader::new(answers) })
    }

    fn ask(&mut self, line: &str) -> io::Result<Value> {
        writeln!(self.orders, "{line}")?;
        let mut answer = String::new();
        if self.answers.read_line(&mut answer)? == 0 {
            return Err(gone());
        }
        Ok(serde_json::from_str(&answer)?)
    }
}

fn gone() -> io::Error {
    io::Error::other("the trial inside is gone")
}

fn play(fault: &str) -> io::Result<ExitCode> {
    eprintln!("canary: the fault is '{fault}'");
    let mut sound = Sound::start()?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        if line.contains("\"mode\":\"serve\"") {
            // Its faults are those of a trial.
            println!(
                "{}",
                json!({"reply": "refused", "state": "not-applicable", "reason": "no server"})
            );
            break;
        }
        let mut answer = sound.ask(&line)?;
        let kind = answer["reply"].as_str().unwrap_or_default().to_owned();
        if kind == "slice" {
            at_slice(fault);
        }
        if ["slice", "warm"].contains(&&*kind) {
            make_plain(&mut answer);
        }
        if kind == "ready" {
            at_ready(fault, &mut answer)?;
        }
        let mut text = spoilt(fault, &kind, answer);
        if fault == "chatters" && kind == "slice" {
            text = format!("working hard\n{text}");
        }
        if fault == "answers-twice" && kind == "warm" {
            text = format!("{text}\n{text}");
        }
        let mut output = io::stdout().lock();
        writeln!(output, "{text}")?;
        output.flush()?;
        drop(output);
        if ["finished", "refused", "failed"].contains(&&*kind) {
            break;
        }
    }
    drop(sound.orders);
    sound.process.wait()?;
    match fault {
        "bad-end" => Ok(ExitCode::from(3)),
        "endless" => forever(),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// What must be done before the first answer.
fn at_ready(fault: &str, answer: &mut Value) -> io::Result<()> {
    match fault {
        "strays" => {
            // The shell ends at once, so the sleeper's parent is gone too.
            let script = "setsid sleep 1000 </dev/null >/dev/null 2>&1 &";
            Command::new("sh").args(["-c", script]).status()?;
        }
        "burns" => {
            std::thread::spawn(|| {
                loop {
                    std::hint::spin_loop();
                }
            });
        }
        "version" => answer["receipt"] = json!(["std", "0.0.1", "hearsay"]),
        "state" => *answer = json!({"reply": "refused", "state": "measured", "reason": "so good"}),
        _ => {}
    }
    Ok(())
}

/// Faults that are not in the numbers.
fn at_slice(fault: &str) {
    match fault {
        "late" => forever(),
        "dies" => {
            eprintln!("canary: dying as told");
            std::process::exit(77);
        }
        _ => {}
    }
}

/// Pairs in place of the histogram, and nothing that is optional.
fn make_plain(answer: &mut Value) {
    let text = answer["histogram"].as_str().unwrap_or_default().to_owned();
    let Ok(histogram) = histogram::decode(&text) else { return };
    let pairs = histogram.iter_recorded();
    let pairs = pairs.map(|value| (value.value_iterated_to(), value.count_at_value()));
    answer["counts"] = json!(pairs.collect::<Vec<_>>());
    if let Some(fields) = answer.as_object_mut() {
        for name in ["histogram", "sum_ns", "p50_ns", "p90_ns", "p99_ns", "max_ns", "cpu_ns"] {
            fields.remove(name);
        }
    }
}

/// The answer as text, with the fault in it.
fn spoilt(fault: &str, kind: &str, mut answer: Value) -> String {
    let number = |answer: &Value, name: &str| answer[name].as_u64().unwrap_or(0);
    match (fault, kind) {
        ("garbage", "slice") => return "lorem ipsum dolor sit amet".into(),
        ("nan", "slice") => {
            let text = answer.to_string();
            return text.replacen("\"completed\":", "\"completed\":NaN,\"was\":", 1);
        }
        ("overflow", "slice") => {
            let text = answer.to_string();
            return text.replacen("\"started_ns\":", "\"started_ns\":99999999999", 1);
        }
        ("counts", "slice") => answer["recorded"] = json!(number(&answer, "recorded") + 1),
        ("beyond", "slice") => {
            let recorded = number(&answer, "recorded");
            answer["counts"] = json!([[3_600_000_000_000_u64, recorded]]);
        }
        ("order", "slice") => {
            answer["p50_ns"] = json!(2);
            answer["p90_ns"] = json!(1);
        }
        ("figure", "slice") => answer["figures"] = json!({ "beauty": [7.5] }),
        ("hesitates", "slice") if HAS_HESITATED.swap(true, Relaxed) => {}
        ("empties" | "hesitates", "slice") => {
            answer["completed"] = json!(0);
            answer["recorded"] = json!(0);
            answer["counts"] = json!([]);
        }
        ("negative", "slice") => answer["completed"] = json!(-5),
        ("clock", "slice") => {
            for name in ["started_ns", "ended_ns"] {
                answer[name] = json!(number(&answer, name) / 1000);
            }
        }
        ("operations", "finished") => answer["actors"] = json!([]),
        ("wrong", "finished") => {
            let digest = answer["actors"][0][1].as_u64().unwrap_or(0);
            answer["actors"][0][1] = json!(format!("{:016x}", digest ^ 1));
        }
        _ => {}
    }
    answer.to_string()
}

fn forever() -> ! {
    loop {
        std::thread::park();
    }
}
