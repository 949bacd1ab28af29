//! What can a runner do, and can it do this work at all?
//!
//! The counterpart of a workload's needs. A pair that cannot work is refused here, with the reason, before
//! anything starts.

use simul_workloads::Needs;
use std::num::NonZeroUsize;

/// What a runner can do, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// How many tasks may wait for one another at the same time; `None`: no limit.
    pub waiting_tasks: Option<u32>,
    /// Whether a task may await a task that it has spawned.
    pub nested_join: bool,
    /// Whether work may be forked into halves and joined, and each half likewise.
    pub fork_join: bool,
    /// Whether a task that gives way lets all others run that can, and can go on before they have ended; or why
    /// not. Where they run on top of it on the same stack, whoever it let run must not wait for it.
    pub alternating: Result<(), &'static str>,
    /// Sockets.
    pub sockets: How,
    /// Files.
    pub files: How,
    /// Timers.
    pub timers: How,
    /// Datagrams.
    pub datagrams: How,
    /// Streams over Unix sockets.
    pub unix_sockets: How,
    /// Other programs: their pipes and their end.
    pub processes: How,
    /// Giving up work in the middle.
    pub cancellation: How,
    /// Whether each task is a thread of its own.
    pub task_is_thread: bool,
    /// How connections come to it when it serves.
    pub intake: Intake,
}

/// How connections, and the requests on them, come to a runner that is a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// One listener and one accept loop on a worker; each connection is a task, wherever the runner puts it.
    Spawned,
    /// Each worker has a listener of its own on the same port (`SO_REUSEPORT`) and an accept loop; each
    /// connection is a task on the worker that accepted it. For runners of one thread a core. The kernel deals
    /// the connections out by a hash of their addresses, so few connections are dealt out unequally.
    PerWorker,
    /// One thread outside of the pool waits for all connections and hands each ready request to the pool as one
    /// job. For fixed pools, whose threads would otherwise each be held by one connection.
    Polled,
    /// Not at all, and why.
    Absent(&'static str),
}

impl Intake {
    /// For fairness cards, and for those who are told where a server listens.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Spawned => {
                "one listener and one accept loop on a worker; each connection is a task"
            }
            Self::PerWorker => {
                "a listener (SO_REUSEPORT) and an accept loop on each worker; each connection is a task there"
            }
            Self::Polled => {
                "one poller thread (epoll, one-shot) accepts, and hands each ready request to the pool as one job"
            }
            Self::Absent(_) => "absent",
        }
    }
}

/// How something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The thread waits in the system call.
    Blocking,
    /// The reactor says when the call would succeed.
    Readiness,
    /// The kernel does it and reports.
    Completion,
    /// A thread of the runtime's blocking pool waits in the system call.
    Offloaded,
    /// Not at all, and why.
    Absent(&'static str),
}

impl How {
    /// For fairness cards and lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Readiness => "readiness",
            Self::Completion => "completion",
            Self::Offloaded => "offloaded",
            Self::Absent(_) => "absent",
        }
    }
}

impl Capabilities {
    /// What a runner of blocking threads can do when it starts one for each task.
    pub const BLOCKING: Self = Self {
        waiting_tasks: None,
        nested_join: true,
        fork_join: true,
        alternating: Ok(()),
        sockets: How::Blocking,
        files: How::Blocking,
        timers: How::Blocking,
        datagrams: How::Blocking,
        unix_sockets: How::Blocking,
        processes: How::Blocking,
        cancellation: How::Absent("a thread that waits cannot be stopped from outside"),
        task_is_thread: true,
        intake: Intake::Spawned,
    };

    /// What a fixed pool of blocking threads can do: a task that waits holds its thread.
    #[must_use]
    pub fn blocking_pool(workers: NonZeroUsize) -> Self {
        Self {
            waiting_tasks: Some(u32::try_from(workers.get()).unwrap_or(u32::MAX)),
            nested_join: false,
            fork_join: false,
            task_is_thread: false,
            intake: Intake::Polled,
            ..Self::BLOCKING
        }
    }

    /// What an asynchronous runtime with a reactor and a blocking pool can do.
    pub const READINESS: Self = Self {
        waiting_tasks: None,
        nested_join: true,
        fork_join: true,
        alternating: Ok(()),
        sockets: How::Readiness,
        files: How::Offloaded,
        timers: How::Readiness,
        datagrams: How::Readiness,
        unix_sockets: How::Readiness,
        processes: How::Readiness,
        cancellation: How::Readiness,
        task_is_thread: false,
        intake: Intake::Spawned,
    };

    /// What a runtime over a completion ring can do.
    pub const COMPLETION: Self = Self {
        sockets: How::Completion,
        files: How::Completion,
        timers: How::Completion,
        cancellation: How::Completion,
        datagrams: How::Completion,
        unix_sockets: How::Completion,
        ..Self::READINESS
    };

    /// Whether work with these needs can run here.
    ///
    /// # Errors
    /// The reason why not, for the cell's record.
    pub fn admit(&self, needs: &Needs) -> Result<(), String> {
        if let Some(most) = self.waiting_tasks.filter(|most| needs.waiting_tasks > *most) {
            let wanted = needs.waiting_tasks;
            return Err(format!("{wanted} tasks must wait at the same time, and {most} can here"));
        }
        if needs.nested_join && !self.nested_join {
            return Err("a task that awaits its child would hold the thread the child needs".into());
        }
        if needs.fork_join && !self.fork_join {
            return Err("a half that is waited for may need the thread that waits for it".into());
        }
        if let (true, Err(reason)) = (needs.alternating, self.alternating) {
            return Err(reason.into());
        }
        let asks = needs.peer.is_some() || needs.service.is_some();
        let streams = asks && !needs.datagrams && !needs.unix_sockets;
        for (needed, how, what) in [
            (streams, self.sockets, "sockets"),
            (needs.files, self.files, "files"),
            (needs.datagrams, self.datagrams, "datagrams"),
            (needs.unix_sockets, self.unix_sockets, "Unix sockets"),
            (needs.processes, self.processes, "processes"),
            (needs.cancellation, self.cancellation, "cancellation"),
        ] {
            if let (true, How::Absent(reason)) = (needed, how) {
                return Err(format!("no {what}: {reason}"));
            }
        }
        Ok(())
    }

    /// Whether work with these needs may be compared with that of others. What runs one task at a time can lock and
    /// unlock, and give way to nobody; but nobody ever waits for it then, which is what the others are measured by. As
    /// a floor it may: that is a bound, and not a rival.
    ///
    /// # Errors
    /// The reason why not, for the cell's record.
    pub fn compete(&self, needs: &Needs) -> Result<(), String> {
        self.admit(needs)?;
        match needs.alternating && self.waiting_tasks == Some(1) {
            true => Err("one task runs at a time, so that nobody ever waits for another".into()),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use simul_workloads::Peer;

    #[test]
    fn what_cannot_work_is_refused_with_the_reason() {
        let pool = Capabilities {
            waiting_tasks: Some(2),
            nested_join: false,
            sockets: How::Absent("it only computes"),
            ..Capabilities::BLOCKING
        };
        let refused = |needs: Needs| pool.admit(&needs).unwrap_err();
        assert_eq!(
            refused(Needs { waiting_tasks: 3, ..Needs::default() }),
            "3 tasks must wait at the same time, and 2 can here"
        );
        assert_eq!(
            refused(Needs { nested_join: true, ..Needs::default() }),
            "a task that awaits its child would hold the thread the child needs"
        );
        assert_eq!(
            refused(Needs { peer: Some(Peer::Echo), ..Needs::default() }),
            "no sockets: it only computes"
        );
        assert_eq!(pool.admit(&Needs { waiting_tasks: 2, ..Needs::default() }), Ok(()));
    }

    #[test]
    fn who_runs_one_task_at_a_time_is_no_rival_where_tasks_give_way() {
        let needs = Needs { alternating: true, ..Needs::default() };
        let of = |count| Capabilities { waiting_tasks: Some(count), ..Capabilities::BLOCKING };
        assert_eq!((of(1).admit(&needs), of(2).compete(&needs)), (Ok(()), Ok(())));
        assert!(of(1).compete(&needs).unwrap_err().contains("nobody ever waits"));
        assert_eq!(of(1).compete(&Needs::default()), Ok(()));
    }
}
