//! How are tasks dealt out to runtimes that never leave their thread?
//!
//! Each worker is a thread with a runtime of its own; a top-level task goes to the worker of its index,
//! round and round, and stays there with all that it spawns. Nothing is rebalanced: that is a property of
//! the model, and an uneven load shows it. It must not know any runtime; next: their files in `catalog/`.

use crate::job::Job;
use async_channel::{Receiver, Sender};
use std::{io, num::NonZeroUsize, sync::mpsc, thread};

/// Workers, each on a thread of its own.
#[derive(Debug)]
pub(crate) struct Workers(Vec<Sender<Job>>);

/// What a worker's thread has to serve.
pub(crate) struct Inbox {
    jobs: Receiver<Job>,
    started: mpsc::Sender<io::Result<()>>,
}

impl Workers {
    /// Starts the workers' threads and waits until each of their runtimes has started.
    pub(crate) fn start(name: &str, workers: NonZeroUsize, serve: fn(Inbox)) -> io::Result<Self> {
        let (started, outcomes) = mpsc::channel();
        let mut inboxes = Vec::with_capacity(workers.get());
        for number in 0..workers.get() {
            let (inbox, jobs) = async_channel::unbounded();
            let jobs = Inbox { jobs, started: started.clone() };
            thread::Builder::new().name(format!("{name}-{number}")).spawn(move || serve(jobs))?;
            inboxes.push(inbox);
        }
        drop(started);
        for _ in 0..workers.get() {
            let outcome = outcomes.recv();
            outcome.unwrap_or_else(|_| Err(io::Error::other("a worker ended while it started")))?;
        }
        Ok(Self(inboxes))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Has the worker of this index run a job, which spawns a task there.
    pub(crate) fn hand(&self, index: usize, job: impl FnOnce() + Send + 'static) {
        // It has room for any number, and its worker lives as long as the process.
        let _ = self.0[index % self.0.len()].try_send(Box::new(job));
    }
}

impl Inbox {
    /// Says that the worker's runtime cannot start.
    pub(crate) fn refuse(self, error: io::Error) {
        // Nobody listens any more once another worker has refused.
        let _ = self.started.send(Err(error));
    }

    /// What a worker's runtime does for ever: spawns what it is handed. A task of its own beside a main
    /// future that is always pending, since some runtimes poll their main future at every turn of their
    /// loop, and whoever measures would measure that.
    pub(crate) async fn serve(self) {
        let _ = self.started.send(Ok(()));
        while let Ok(job) = self.jobs.recv().await {
            job();
        }
    }
}
