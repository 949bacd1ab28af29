//! How is one test run in a process of its own, and what if it hangs?
//!
//! The test binary is started again for one ignored test. The child must print a receipt: a name that
//! matches no test would otherwise end well, having done nothing.

use std::{
    env,
    io::Read,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// What stands before the line that proves that the work was done.
pub(crate) const RECEIPT: &str = "receipt: ";
/// Tells the child what to do.
const TASK: &str = "SIMUL_CONFORMANCE_TASK";
/// After this a child counts as hanging. Far beyond what any needs on a loaded machine; nothing waits
/// for it unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// What this process was started for; `None` when somebody runs the ignored tests by hand.
pub(crate) fn task() -> Option<String> {
    env::var(TASK).ok()
}

/// Runs the ignored test `name` for `task`; its receipt must begin with `wanted`.
pub(crate) fn run(
    name: &str,
    task: &str,
    environment: &[(&str, String)],
    wanted: &str,
) -> Result<(), String> {
    let mut child = Command::new(env::current_exe().map_err(|error| error.to_string())?)
        .args([name, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(TASK, task)
        .env("RUST_BACKTRACE", "0")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start: {error}"))?;
    let output = output(&mut child)?;
    let status = child.wait().map_err(|error| error.to_string())?;
    let receipt = output.lines().find_map(|line| Some(line.split_once(RECEIPT)?.1));
    match receipt {
        Some(receipt) if status.success() && receipt.starts_with(wanted) => Ok(()),
        _ => Err(format!("{status}, wanted the receipt '{wanted}', got {receipt:?}\n{output}")),
    }
}

/// All that the child prints until it ends; killed when it never does.
fn output(child: &mut Child) -> Result<String, String> {
    let (sender, texts) = mpsc::channel();
    let mut pipes: Vec<Box<dyn Read + Send>> = Vec::new();
    pipes.extend(child.stdout.take().map(|pipe| Box::new(pipe) as _));
    pipes.extend(child.stderr.take().map(|pipe| Box::new(pipe) as _));
    let count = pipes.len();
    for mut pipe in pipes {
        let sender = sender.clone();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = pipe.read_to_end(&mut bytes);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let _ = sender.send(read.map(|_| text));
        });
    }
    let mut output = String::new();
    for _ in 0..count {
        let Ok(text) = texts.recv_timeout(PATIENCE) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("hangs; printed so far:\n{output}"));
        };
        output.push_str(&text.map_err(|error| error.to_string())?);
    }
    Ok(output)
}
