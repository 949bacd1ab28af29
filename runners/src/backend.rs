//! What does a process really wait with? Looked up, not believed.
//!
//! A reactor that exists proves nothing: some runtimes fall back silently, and rings are opened and left
//! idle. So an operation of the runner is held up on purpose, and the kernel is asked who waits for it, and
//! how: a thread in a system call on the socket itself (`blocking`); an epoll that has just this socket among
//! its targets (`epoll`); or neither, while the operation's end moves a ring's completions on (`io_uring`).
//! This file knows only the kernel's side; next: [`crate::probe`], which holds the operation up.

use serde::{Deserialize, Serialize};
use std::{fs, io, net::SocketAddr, path::Path};

/// What a process waits with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// Threads that wait in the call itself.
    Blocking,
    /// Readiness, from epoll.
    Epoll,
    /// Completions, from a ring.
    #[serde(rename = "io_uring")]
    IoUring,
}

impl Backend {
    /// Its name in cards, records and marks.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Epoll => "epoll",
            Self::IoUring => "io_uring",
        }
    }
}

/// What the kernel says of a socket of this process that somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// A thread waits in a system call whose first argument is the socket.
    in_call: bool,
    /// An epoll of this process has the socket among its targets.
    in_epoll: bool,
    /// How many completions all rings of this process have had.
    completions: u64,
}

impl Sighting {
    /// Looks at the socket of this process that connects these two addresses.
    pub(crate) fn of(local: SocketAddr, remote: SocketAddr) -> io::Result<Self> {
        let inode = inode_of(local, remote)?;
        let link = format!("socket:[{inode}]");
        Ok(Self {
            in_call: threads_in_calls()?.contains(&link),
            in_epoll: targets_of_epolls()?.contains(&inode),
            completions: completions()?,
        })
    }

    /// What was waited with, given what was seen while the operation was held up and after it had ended.
    pub(crate) fn verdict(self, completions_after: u64) -> Option<Backend> {
        match (self.in_call, self.in_epoll, completions_after > self.completions) {
            (true, false, _) => Some(Backend::Blocking),
            (false, true, _) => Some(Backend::Epoll),
            (false, false, true) => Some(Backend::IoUring),
            _ => None,
        }
    }
}

/// The inode of the socket that connects these two addresses. One of them is not enough: systems give the
/// same local port to several connections, if they go elsewhere.
fn inode_of(local: SocketAddr, remote: SocketAddr) -> io::Result<u64> {
    let [local, remote] = [local, remote].map(|address| format!(":{:04X}", address.port()));
    let table = fs::read_to_string("/proc/self/net/tcp")?;
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // Number, local, remote, state (01: established), and seventh from there the inode.
        if let [_, from, to, "01", _, _, _, _, _, inode, ..] = fields[..]
            && from.ends_with(&local)
            && to.ends_with(&remote)
            && let Ok(inode) = inode.parse()
        {
            return Ok(inode);
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "the probe's connection is in no table"))
}

/// What the first arguments of the system calls are in which threads wait, where they are descriptors.
fn threads_in_calls() -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for thread in fs::read_dir("/proc/self/task")? {
        // A thread may end meanwhile.
        let Ok(text) = fs::read_to_string(thread?.path().join("syscall")) else { continue };
        // The call's number, its arguments, stack and program counter; or `running`.
        let descriptor = text.split(' ').nth(1).and_then(|word| word.strip_prefix("0x"));
        let descriptor = descriptor.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        if let Some(descriptor) = descriptor
            && let Ok(link) = fs::read_link(format!("/proc/self/fd/{descriptor}"))
        {
            found.push(link.to_string_lossy().into_owned());
        }
    }
    Ok(found)
}

/// The inodes of what this process' epolls wait for.
fn targets_of_epolls() -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for text in descriptors_of("[eventpoll]")? {
        // tfd:        5 events:       19 data: … pos:0 ino:1f2e sdev:8
        let inodes = text.lines().filter(|line| line.starts_with("tfd:"));
        let inodes = inodes
            .filter_map(|line| line.split_whitespace().find_map(|word| word.strip_prefix("ino:")));
        found.extend(inodes.filter_map(|digits| u64::from_str_radix(digits, 16).ok()));
    }
    Ok(found)
}

/// How many completions all rings of this process have had.
///
/// # Errors
/// This system does not show the descriptors of a process.
pub fn completions() -> io::Result<u64> {
    let mut sum = 0;
    for text in descriptors_of("[io_uring]")? {
        let tail = text.lines().find_map(|line| line.strip_prefix("CqTail:"));
        sum += tail.and_then(|tail| tail.trim().parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(sum)
}

/// The kernel's notes on this process' descriptors of a kind.
fn descriptors_of(kind: &str) -> io::Result<Vec<String>> {
    let mut notes = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let path = entry?.path();
        let is_it = |link: &Path| link.to_string_lossy().ends_with(kind);
        // A descriptor may be closed meanwhile.
        if fs::read_link(&path).is_ok_and(|link| is_it(&link))
            && let Some(name) = path.file_name()
            && let Ok(text) = fs::read_to_string(Path::new("/proc/self/fdinfo").join(name))
        {
            notes.push(text);
        }
    }
    Ok(notes)
}

/// Whether every other thread of this process waits in a system call.
pub(crate) fn all_others_wait() -> io::Result<bool> {
    let me = fs::read_link("/proc/thread-self")?;
    for thread in fs::read_dir("/proc/self/task")? {
        let path = thread?.path();
        if path.file_name() != me.file_name()
            && fs::read_to_string(path.join("syscall"))
                .is_ok_and(|text| text.starts_with("running"))
        {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_that_merely_exists_proves_nothing() {
        let seen = |in_call, in_epoll| Sighting { in_call, in_epoll, completions: 7 };
        assert_eq!(seen(true, false).verdict(7), Some(Backend::Blocking));
        assert_eq!(seen(false, true).verdict(9), Some(Backend::Epoll), "a ring may work beside it");
        assert_eq!(seen(false, false).verdict(8), Some(Backend::IoUring));
        assert_eq!(seen(false, false).verdict(7), None, "nothing has moved");
        assert_eq!(seen(true, true).verdict(8), None, "contradictory");
    }
}
