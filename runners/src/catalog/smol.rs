//! Smol: one `async-executor` on as many threads as there are workers, each of which also polls the
//! `async-io` reactor when it has nothing else to do.
//!
//! The executor is one of our own, not `smol::spawn`'s global one, whose number of threads is read from
//! the environment. Sockets and timers are `async-io`, files and heavy work go to the `blocking` pool, and
//! channels are `async-channel`: all of them smol's own parts under its re-exports.

use crate::{
    Capabilities, FairnessCard, Part, Profile, Runner,
    readiness_io::{Ends, PoolFile, Ready},
};
use simul_workloads::{Listener, Receiver, Runtime, Sender};
use smol::{
    Executor, Task, Timer, channel,
    net::{TcpListener, TcpStream},
};
use std::{
    future::Future,
    io,
    net::{self, Shutdown, SocketAddr},
    num::NonZeroUsize,
    path::Path,
    thread,
    time::Duration,
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Smol {
    port: Port,
    workers: usize,
}

/// The port over smol.
#[derive(Clone, Copy, Debug)]
pub struct Port(&'static Executor<'static>);

impl Runner for Smol {
    type Runtime = Port;

    const PROFILE: Profile = Profile {
        name: "smol",
        describes: "smol's work-stealing executor over the async-io reactor",
        package: Some("smol"),
        one_worker: false,
        caveat: None,
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        Capabilities::READINESS
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        let workers = workers.get();
        // The threads run it until the process ends.
        let executor: &'static Executor<'static> = Box::leak(Box::new(Executor::new()));
        for number in 0..workers {
            let run = || smol::block_on(executor.run(std::future::pending::<()>()));
            thread::Builder::new().name(format!("smol-{number}")).spawn(run)?;
        }
        Ok(Self { port: Port(executor), workers })
    }

    fn card(&self) -> FairnessCard {
        FairnessCard {
            workers: self.workers,
            backend: "epoll".into(),
            timers: "smol::Timer (async-io): an ordered map, the earliest time in a timerfd".into(),
            files: "pread on the blocking crate's pool".into(),
            sockets: "smol::net (async-io), epoll, TCP_NODELAY".into(),
            channels: "smol::channel (async-channel)".into(),
            offload: "smol::unblock, the blocking crate's pool".into(),
            borrowed: Vec::new(),
        }
    }

    fn runtime(&self) -> Port {
        self.port
    }

    fn launch(&self, _index: usize, task: impl Future<Output = ()> + Send + 'static) {
        self.port.0.spawn(task).detach();
    }
}

impl Runtime for Port {
    type Tcp = Ready<TcpStream>;
    type Listener = Part<TcpListener>;
    type File = PoolFile<Self>;
    type Join<T: Send + 'static> = Task<T>;
    type Sender<T: Send + 'static> = Part<channel::Sender<T>>;
    type Receiver<T: Send + 'static> = Part<channel::Receiver<T>>;

    fn spawn<F>(self, task: F) -> Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.spawn(task)
    }

    fn detach<F>(self, task: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.spawn(task).detach();
    }

    async fn offload<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        smol::unblock(work).await
    }

    async fn sleep(self, duration: Duration) {
        Timer::after(duration).await;
    }

    async fn yield_now(self) {
        smol::future::yield_now().await;
    }

    fn channel<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Part<channel::Sender<T>>, Part<channel::Receiver<T>>) {
        let (sender, receiver) = channel::bounded(capacity);
        (Part(sender), Part(receiver))
    }

    async fn connect(self, to: SocketAddr) -> io::Result<Ready<TcpStream>> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Ready(stream))
    }

    async fn listen(self, on: net::TcpListener) -> io::Result<Part<TcpListener>> {
        TcpListener::try_from(on).map(Part)
    }

    async fn open(self, path: &Path) -> io::Result<PoolFile<Self>> {
        PoolFile::open(self, path).await
    }
}

impl Ends for TcpStream {
    fn end(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Listener for Part<TcpListener> {
    type Tcp = Ready<TcpStream>;

    async fn accept(&mut self) -> io::Result<Ready<TcpStream>> {
        let (stream, _) = self.0.accept().await?;
        stream.set_nodelay(true)?;
        Ok(Ready(stream))
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl<T: Send + 'static> Sender<T> for Part<channel::Sender<T>> {
    #[inline]
    async fn send(&mut self, item: T) -> bool {
        self.0.send(item).await.is_ok()
    }
}

impl<T: Send + 'static> Receiver<T> for Part<channel::Receiver<T>> {
    #[inline]
    async fn receive(&mut self) -> Option<T> {
        self.0.recv().await.ok()
    }
}
