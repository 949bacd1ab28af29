//! Where do the faults sit? The port over threads, with a fault in its connections and in its timers.
//!
//! All else is passed on as it is, so faults show on workloads with TCP sockets and on those that sleep. It must not
//! know the faults: next, [`super::Fault`].

use super::Fault;
use crate::{
    Part,
    blocking_io::{Blocking, BlockingJoin},
    catalog::threads::OwnThread,
    schedule::SleepingTicker,
    std_locks::{Permits, SharedReceiver},
};
use simul_workloads::{Buffer, Listener, Runtime, Stream};
use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::unix::net::UnixStream,
    path::Path,
    process::Output,
    sync::{Mutex, mpsc},
    time::Duration,
};

/// The port over threads, with a fault in its connections.
#[derive(Clone, Copy, Debug)]
pub struct Faulty {
    sound: Blocking<OwnThread>,
    fault: &'static dyn Fault,
}

impl Faulty {
    pub(super) fn new(sound: Blocking<OwnThread>, fault: &'static dyn Fault) -> Self {
        Self { sound, fault }
    }

    fn stream(self, sound: Part<TcpStream>) -> FaultyStream {
        FaultyStream { sound, messages: 0, fault: self.fault }
    }
}

/// A connection with a fault.
#[derive(Debug)]
pub struct FaultyStream {
    sound: Part<TcpStream>,
    messages: u64,
    fault: &'static dyn Fault,
}

impl Stream for FaultyStream {
    async fn read(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        self.sound.read(buffer).await
    }

    async fn write(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        self.sound.write(buffer).await
    }

    async fn end(&mut self) -> io::Result<()> {
        self.sound.end().await
    }

    async fn write_all(&mut self, buffer: Buffer) -> io::Result<Buffer> {
        self.sound.write_all(buffer).await
    }

    async fn read_exact(&mut self, buffer: Buffer) -> io::Result<Buffer> {
        let mut buffer = self.sound.read_exact(buffer).await?;
        if self.fault.loses() {
            // Another answer never comes.
            buffer = self.sound.read_exact(buffer).await?;
        }
        self.fault.at_message(buffer.whole_mut(), self.messages);
        self.messages += 1;
        Ok(buffer)
    }
}

/// A listener whose connections are faulty.
#[derive(Debug)]
pub struct FaultyListener {
    sound: Part<TcpListener>,
    runtime: Faulty,
}

impl Listener for FaultyListener {
    type Tcp = FaultyStream;

    async fn accept(&mut self) -> io::Result<FaultyStream> {
        Ok(self.runtime.stream(self.sound.accept().await?))
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        self.sound.local_address()
    }
}

impl Runtime for Faulty {
    type Tcp = FaultyStream;
    type Listener = FaultyListener;
    type File = Part<std::fs::File>;
    type Join<T: Send + 'static> = BlockingJoin<T>;
    type Sender<T: Send + 'static> = Part<mpsc::SyncSender<T>>;
    type Receiver<T: Send + 'static> = Part<mpsc::Receiver<T>>;
    type Mutex<T: Send + 'static> = Part<Mutex<T>>;
    type Semaphore = Permits;
    type QueueSender<T: Send + 'static> = Part<mpsc::SyncSender<T>>;
    type QueueReceiver<T: Send + 'static> = SharedReceiver<T>;
    type Unix = Part<UnixStream>;
    type Udp = Part<UdpSocket>;
    type Ticker = SleepingTicker<Blocking<OwnThread>>;

    fn spawn<G>(self, task: G) -> BlockingJoin<G::Output>
    where
        G: Future<Output: Send + 'static> + Send + 'static,
    {
        self.sound.spawn(task)
    }

    fn detach<G>(self, task: G)
    where
        G: Future<Output: Send + 'static> + Send + 'static,
    {
        self.sound.detach(task);
    }

    async fn offload<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.sound.offload(work).await
    }

    async fn sleep(self, duration: Duration) {
        self.sound.sleep(self.fault.sleep(duration)).await;
    }

    async fn yield_now(self) {
        self.sound.yield_now().await;
    }

    fn channel<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Part<mpsc::SyncSender<T>>, Part<mpsc::Receiver<T>>) {
        self.sound.channel(capacity)
    }

    fn mutex<T: Send + 'static>(self, value: T) -> Part<Mutex<T>> {
        self.sound.mutex(value)
    }

    fn semaphore(self, permits: usize) -> Permits {
        self.sound.semaphore(permits)
    }

    fn queue<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Part<mpsc::SyncSender<T>>, SharedReceiver<T>) {
        self.sound.queue(capacity)
    }

    async fn timeout<G>(self, limit: Duration, work: G) -> Option<G::Output>
    where
        G: Future<Output: Send + 'static> + Send,
    {
        self.sound.timeout(limit, work).await
    }

    async fn connect(self, to: SocketAddr) -> io::Result<FaultyStream> {
        Ok(self.stream(self.sound.connect(to).await?))
    }

    async fn listen(self, on: TcpListener) -> io::Result<FaultyListener> {
        Ok(FaultyListener { sound: self.sound.listen(on).await?, runtime: self })
    }

    async fn open(self, path: &Path) -> io::Result<Part<std::fs::File>> {
        self.sound.open(path).await
    }

    async fn create(self, path: &Path) -> io::Result<Self::File> {
        self.sound.create(path).await
    }

    async fn connect_unix(self, path: &Path) -> io::Result<Self::Unix> {
        self.sound.connect_unix(path).await
    }

    async fn udp(self, to: SocketAddr) -> io::Result<Self::Udp> {
        self.sound.udp(to).await
    }

    async fn run(self, program: &Path, arguments: &[&str], input: Vec<u8>) -> io::Result<Output> {
        self.sound.run(program, arguments, input).await
    }

    fn ticker(self, period: Duration) -> Self::Ticker {
        self.sound.ticker(period)
    }
}
