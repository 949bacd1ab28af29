//! What does a runner look like that does its work wrong?
//!
//! A port around a sound one, and a fault that shows in its parts. It must not know which workload it is given.
//! Every part that a workload can use has a fault here, so that there is one to be found. Next:
//! [`super::streams`], [`super::items`], [`super::locks`].

use super::{
    items::{FaultyReceiver, FaultySender, nothing},
    locks::{FaultyMutex, FaultySemaphore},
    streams::{FaultyDatagram, FaultyFile, FaultyListener, FaultyStream},
    switch::{Fault, Switch},
};
use simul_workloads::{ErasedRuntime, Runtime, Ticker};
use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Output,
    time::Duration,
};

/// The port of a sound runner, with a fault in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faulty {
    pub(crate) sound: ErasedRuntime,
    pub(crate) switch: &'static Switch,
}

impl Runtime for Faulty {
    type Tcp = FaultyStream<<ErasedRuntime as Runtime>::Tcp>;
    type Listener = FaultyListener;
    type File = FaultyFile;
    type Join<T: Send + 'static> = <ErasedRuntime as Runtime>::Join<T>;
    type Sender<T: Send + 'static> = FaultySender<<ErasedRuntime as Runtime>::Sender<T>>;
    type Receiver<T: Send + 'static> = FaultyReceiver<<ErasedRuntime as Runtime>::Receiver<T>>;
    type Mutex<T: Send + 'static> = FaultyMutex<T>;
    type Semaphore = FaultySemaphore;
    type QueueSender<T: Send + 'static> = FaultySender<<ErasedRuntime as Runtime>::QueueSender<T>>;
    type QueueReceiver<T: Send + 'static> =
        FaultyReceiver<<ErasedRuntime as Runtime>::QueueReceiver<T>>;
    type Unix = FaultyStream<<ErasedRuntime as Runtime>::Unix>;
    type Udp = FaultyDatagram;
    type Ticker = FaultyTicker;

    fn spawn<F>(self, task: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.sound.spawn(done(self.switch, task))
    }

    fn detach<F>(self, task: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.sound.detach(task);
    }

    async fn offload<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        if let Some(nothing) = skipped(self.switch) {
            return nothing;
        }
        self.sound.offload(work).await
    }

    async fn sleep(self, duration: Duration) {
        if !self.switch.shows(Fault::AnswersEarly) {
            self.sound.sleep(duration).await;
        }
    }

    async fn yield_now(self) {
        if !self.switch.shows(Fault::DoesNothing) {
            self.sound.yield_now().await;
        }
    }

    fn channel<T: Send + 'static>(self, capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>) {
        let (sender, receiver) = self.sound.channel(self.room(capacity));
        (FaultySender::new(sender, self.switch), FaultyReceiver(receiver))
    }

    fn mutex<T: Send + 'static>(self, value: T) -> FaultyMutex<T> {
        FaultyMutex::new(self, value)
    }

    fn semaphore(self, permits: usize) -> FaultySemaphore {
        FaultySemaphore { sound: self.sound.semaphore(permits), switch: self.switch }
    }

    fn queue<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Self::QueueSender<T>, Self::QueueReceiver<T>) {
        let (sender, receiver) = self.sound.queue(self.room(capacity));
        (FaultySender::new(sender, self.switch), FaultyReceiver(receiver))
    }

    async fn fork<L, R>(self, left: L, right: R) -> (L::Output, R::Output)
    where
        L: Future<Output: Send + 'static> + Send + 'static,
        R: Future<Output: Send + 'static> + Send + 'static,
    {
        self.sound.fork(done(self.switch, left), right).await
    }

    async fn timeout<F>(self, limit: Duration, work: F) -> Option<F::Output>
    where
        F: Future<Output: Send + 'static> + Send,
    {
        if self.switch.shows(Fault::AnswersEarly) {
            return None;
        }
        if self.switch.shows(Fault::ForgetsLimits) {
            // It says that it has given up, and has not.
            work.await;
            return None;
        }
        self.sound.timeout(limit, work).await
    }

    async fn connect(self, to: SocketAddr) -> io::Result<Self::Tcp> {
        Ok(FaultyStream { sound: self.sound.connect(to).await?, switch: self.switch })
    }

    async fn listen(self, on: TcpListener) -> io::Result<FaultyListener> {
        Ok(FaultyListener { sound: self.sound.listen(on).await?, switch: self.switch })
    }

    async fn open(self, path: &Path) -> io::Result<FaultyFile> {
        Ok(FaultyFile { sound: self.sound.open(path).await?, switch: self.switch })
    }

    async fn create(self, path: &Path) -> io::Result<FaultyFile> {
        Ok(FaultyFile { sound: self.sound.create(path).await?, switch: self.switch })
    }

    async fn connect_unix(self, path: &Path) -> io::Result<Self::Unix> {
        Ok(FaultyStream { sound: self.sound.connect_unix(path).await?, switch: self.switch })
    }

    async fn udp(self, to: SocketAddr) -> io::Result<FaultyDatagram> {
        Ok(FaultyDatagram { sound: self.sound.udp(to).await?, switch: self.switch })
    }

    async fn run(self, program: &Path, arguments: &[&str], input: Vec<u8>) -> io::Result<Output> {
        let input = match input {
            input if self.switch.shows(Fault::DoublesBytes) => [&input[..], &input[..]].concat(),
            _ if self.switch.shows(Fault::DoesNothing) => Vec::new(),
            input => input,
        };
        let mut output = self.sound.run(program, arguments, input).await?;
        if self.switch.shows(Fault::DropsBytes) {
            output.stdout.pop();
        }
        Ok(output)
    }

    fn ticker(self, period: Duration) -> FaultyTicker {
        FaultyTicker { sound: self.sound.ticker(period), switch: self.switch }
    }
}

/// Ticks, some of which come too early.
pub(crate) struct FaultyTicker {
    sound: <ErasedRuntime as Runtime>::Ticker,
    switch: &'static Switch,
}

impl Ticker for FaultyTicker {
    async fn tick(&mut self) -> u64 {
        if self.switch.shows(Fault::AnswersEarly) { 0 } else { self.sound.tick().await }
    }
}

impl Faulty {
    /// The capacity that a queue really gets.
    fn room(self, capacity: usize) -> usize {
        if self.switch.shows(Fault::ForgetsLimits) { capacity + 10_000 } else { capacity }
    }
}

/// A task; or nothing in its place.
async fn done<F: Future<Output: 'static>>(switch: &Switch, task: F) -> F::Output {
    match skipped(switch) {
        Some(nothing) => nothing,
        None => task.await,
    }
}

/// What a task that is not run returns, if it is not to be run.
fn skipped<T: 'static>(switch: &Switch) -> Option<T> {
    if switch.shows(Fault::SkipsTask) { nothing() } else { None }
}
