//! How is a file shown to whoever asked for it?
//!
//! By the desktop's own opener, which is asked and not waited for: a browser outlives us by intention. Where there is
//! no desktop, or its opener says at once that it cannot, the reason is given. It must not know what is shown.

use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// An opener that fails does so at once; one that is still at work then has a viewer below it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Shows a file.
///
/// # Errors
/// Nobody here can; says why.
pub(super) fn open(path: &Path) -> Result<(), String> {
    let is_mac = cfg!(target_os = "macos");
    let opener = if is_mac { "open" } else { "xdg-open" };
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if !is_mac && !has_display {
        return Err("there is no display".into());
    }
    let mut asked = Command::new(opener)
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("'{opener}' cannot be started: {error}"))?;
    let asked_at = Instant::now();
    loop {
        match asked.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("'{opener}' ended with {status}")),
            Ok(None) if asked_at.elapsed() > PATIENCE => return Ok(()),
            Ok(None) => thread::sleep(Duration::from_millis(20)),
            Err(error) => return Err(error.to_string()),
        }
    }
}
