//! Is a trial idle while others work, and what if not?
//!
//! Whoever burns more than a hundredth of a core while another works disturbs what is measured there. From then on
//! it is stopped (SIGSTOP to everything below its guardian) whenever it is not its turn, and marked. A late timer, an idle
//! tick or a collection just after its own slice must not do that: the CPU clock is looked at after every slice of
//! another, and it counts as burning only if it burnt in most of these looks, for long enough together. Without
//! others, nobody looks. The guardian itself is never stopped: it still ends its processes when the controller is gone, and
//! SIGKILL needs nobody to be awake. It must not know what a trial does. Next: [`super::arm`].

use super::guardian::{descendants, stat_field};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// More of a core than this is burning.
const MOST_CORES: f64 = 0.01;
/// For so long others must have worked before anything is decided: several slices, or a warm-up.
const LEAST_WATCHED_NS: u64 = 200_000_000;
/// So much CPU time must have been burnt: a late timer takes some 10 µs, an idle tick less, so that this is hundreds
/// of them. At a hundredth of a core it takes half a second.
const LEAST_BURNT_NS: u64 = 5_000_000;
/// It must have been looked at so often; a collection after the own slice shows in the first look alone.
const LEAST_LOOKS: u32 = 4;
/// Processes may be started while others are being stopped, so it looks again, so often at most.
const ATTEMPTS: usize = 20;

/// What a trial has burnt while others worked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rest {
    /// The last look: when, and what the CPU clock said; `None` while it works itself.
    last: Option<(u64, u64)>,
    watched_ns: u64,
    burnt_ns: u64,
    looks: u32,
    burning_looks: u32,
}

impl Rest {
    /// It rests from now on.
    pub fn begin(&mut self, now_ns: u64, cpu_ns: u64) {
        self.last = Some((now_ns, cpu_ns));
    }

    /// Another has worked meanwhile. The first look only begins the rest.
    pub fn look(&mut self, now_ns: u64, cpu_ns: u64) {
        let Some((then_ns, cpu_then_ns)) = self.last.replace((now_ns, cpu_ns)) else { return };
        let span_ns = now_ns.saturating_sub(then_ns);
        // A process that has ended takes its clock with it.
        let burnt_ns = cpu_ns.saturating_sub(cpu_then_ns);
        self.watched_ns += span_ns;
        self.burnt_ns += burnt_ns;
        self.looks += 1;
        self.burning_looks += u32::from(is_much(burnt_ns, span_ns));
    }

    /// Its own turn comes: what it burns now is its own.
    pub fn end(&mut self) {
        self.last = None;
    }

    /// Whether it burns while others work.
    #[must_use]
    pub fn is_burning(&self) -> bool {
        self.watched_ns >= LEAST_WATCHED_NS
            && self.burnt_ns >= LEAST_BURNT_NS
            && is_much(self.burnt_ns, self.watched_ns)
            && self.looks >= LEAST_LOOKS
            && self.burning_looks * 2 > self.looks
    }
}

fn is_much(burnt_ns: u64, span_ns: u64) -> bool {
    burnt_ns as f64 > span_ns as f64 * MOST_CORES
}

/// Stops everything below a guardian; whether all of it stands still then.
#[must_use]
pub fn stop(guardian: i32) -> bool {
    for _ in 0..ATTEMPTS {
        let below = descendants(guardian);
        let moving: Vec<i32> = below.into_iter().filter(|pid| !stands(*pid)).collect();
        if moving.is_empty() {
            return true;
        }
        for pid in moving {
            // It may have ended just now.
            let _ = kill(Pid::from_raw(pid), Signal::SIGSTOP);
        }
        // A thread on another core stops when it is next interrupted.
        std::thread::sleep(std::time::Duration::from_micros(200));
    }
    false
}

/// Lets everything below a guardian go on.
pub fn resume(guardian: i32) {
    for pid in descendants(guardian) {
        // It may have been killed meanwhile.
        let _ = kill(Pid::from_raw(pid), Signal::SIGCONT);
    }
}

/// Whether a process is stopped, or has ended.
fn stands(pid: i32) -> bool {
    stat_field(pid, 0).is_none_or(|state| ["T", "t", "Z", "X"].contains(&state.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::cpu_of_ns;
    use std::{
        io::{BufRead, BufReader, Write},
        process::{Command, Stdio},
    };

    const MS: u64 = 1_000_000;

    /// Looks every 50 ms at something that burns so much in each.
    fn watched(burnt_ns: impl Iterator<Item = u64>) -> Rest {
        let mut rest = Rest::default();
        rest.begin(0, 0);
        let mut cpu_ns = 0;
        for (look, burnt_ns) in (1..).zip(burnt_ns) {
            cpu_ns += burnt_ns;
            rest.look(look * 50 * MS, cpu_ns);
        }
        rest
    }

    #[test]
    fn who_burns_all_the_time_is_found_and_who_wakes_late_is_not() {
        let constant = |ns| std::iter::repeat_n(ns, 20);
        assert!(watched(constant(50 * MS)).is_burning());
        assert!(watched(constant(MS)).is_burning(), "a fiftieth of a core");
        assert!(!watched(constant(MS / 4)).is_burning(), "half a hundredth");
        assert!(!watched(constant(50_000)).is_burning(), "a timer every millisecond or so");
        // A long collection after its own slice, then nothing.
        assert!(!watched(std::iter::once(40 * MS).chain(constant(0))).is_burning());
        // Too short a time to be sure of anything.
        assert!(!watched(std::iter::repeat_n(50 * MS, 3)).is_burning());
        assert!(watched(std::iter::repeat_n(50 * MS, 4)).is_burning());
    }

    #[test]
    fn the_own_turn_is_not_counted() {
        let mut rest = watched(std::iter::repeat_n(0, 10));
        rest.end();
        rest.look(10_000 * MS, 9_000 * MS);
        rest.begin(10_001 * MS, 9_001 * MS);
        rest.look(10_051 * MS, 9_001 * MS);
        assert_eq!((rest.burnt_ns, rest.looks), (0, 11));
    }

    #[test]
    fn a_tree_that_burns_stands_still_until_it_may_go_on() {
        // A shell whose child burns; the shell itself waits for its child.
        let script = "sh -c 'echo burning; while :; do :; done' & echo $!; wait";
        let mut parent = Command::new("sh");
        // Below this process, as it is below a guardian: it must be the only descendant that is looked at.
        parent.args(["-c", "sh -c \"$0\" & read line; kill -9 $!", script]);
        let mut parent = parent.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let guardian = parent.id() as i32;
        let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
        let mut line = || lines.next().unwrap().unwrap();
        let (one, other) = (line(), line());
        let number = if one == "burning" { other } else { one };
        let burner: i32 = number.parse().unwrap();
        assert!(descendants(guardian).contains(&burner));
        assert!(stop(guardian));
        assert!(descendants(guardian).iter().all(|pid| stands(*pid)) && !stands(guardian));
        let before = cpu_of_ns(burner).unwrap();
        // It would have burnt meanwhile if it could.
        let until = crate::clock::own_cpu_ns() + 30 * MS;
        while crate::clock::own_cpu_ns() < until {
            std::hint::spin_loop();
        }
        assert_eq!(cpu_of_ns(burner).unwrap(), before);
        resume(guardian);
        while cpu_of_ns(burner).unwrap() == before {
            std::thread::yield_now();
        }
        // Stopped ones can be killed.
        assert!(stop(guardian));
        kill(Pid::from_raw(burner), Signal::SIGKILL).unwrap();
        resume(guardian);
        parent.stdin.take().unwrap().write_all(b"\n").unwrap();
        parent.wait().unwrap();
    }
}
