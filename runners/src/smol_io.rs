//! How do the runners of the smol family implement the port?
//!
//! With smol's own sockets, timers, channels and blocking pool; they differ in the executor alone, of which
//! tasks carry a handle.

use crate::{
    FairnessCard, Part,
    async_channels::{AsyncReceiver, AsyncSender, bounded},
    async_locks::{self, AsyncMutex, AsyncSemaphore},
    loopback,
    readiness_io::{Ends, PoolFile, Ready, TimerTicker, process},
};
use simul_workloads::{Buffer, Datagram, Listener, Runtime};
use smol::{
    Task, Timer,
    net::{TcpListener, TcpStream, UdpSocket, unix::UnixStream},
};
use std::{
    fmt::Debug,
    future::Future,
    io,
    net::{self, Shutdown, SocketAddr},
    path::Path,
    process::Output,
    time::Duration,
};

/// One of smol's executors.
pub trait Spawning: Copy + Debug + Send + Sync + 'static {
    /// Starts a task.
    fn spawn<F>(self, task: F) -> Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;
}

/// The port over smol.
#[derive(Clone, Copy, Debug)]
pub struct Smol<E>(pub E);

impl<E: Spawning> Runtime for Smol<E> {
    type Tcp = Ready<TcpStream>;
    type Listener = Part<TcpListener>;
    type File = PoolFile<Self>;
    type Join<T: Send + 'static> = Task<T>;
    type Sender<T: Send + 'static> = AsyncSender<T>;
    type Receiver<T: Send + 'static> = AsyncReceiver<T>;
    type Mutex<T: Send + 'static> = AsyncMutex<T>;
    type Semaphore = AsyncSemaphore;
    type QueueSender<T: Send + 'static> = AsyncSender<T>;
    type QueueReceiver<T: Send + 'static> = AsyncReceiver<T>;
    type Unix = Ready<UnixStream>;
    type Udp = Part<UdpSocket>;
    type Ticker = TimerTicker;

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

    fn channel<T: Send + 'static>(self, capacity: usize) -> (AsyncSender<T>, AsyncReceiver<T>) {
        bounded(capacity)
    }

    fn mutex<T: Send + 'static>(self, value: T) -> AsyncMutex<T> {
        async_locks::mutex(value)
    }

    fn semaphore(self, permits: usize) -> AsyncSemaphore {
        async_locks::semaphore(permits)
    }

    fn queue<T: Send + 'static>(self, capacity: usize) -> (AsyncSender<T>, AsyncReceiver<T>) {
        bounded(capacity)
    }

    async fn timeout<F>(self, limit: Duration, work: F) -> Option<F::Output>
    where
        F: Future<Output: Send + 'static> + Send,
    {
        let given_up = async {
            Timer::after(limit).await;
            None
        };
        smol::future::or(async { Some(work.await) }, given_up).await
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

    async fn create(self, path: &Path) -> io::Result<Self::File> {
        PoolFile::create(self, path).await
    }

    async fn connect_unix(self, path: &Path) -> io::Result<Self::Unix> {
        UnixStream::connect(path).await.map(Ready)
    }

    async fn udp(self, to: SocketAddr) -> io::Result<Self::Udp> {
        let socket = UdpSocket::bind(loopback::facing(to)).await?;
        socket.connect(to).await?;
        Ok(Part(socket))
    }

    async fn run(self, program: &Path, arguments: &[&str], input: Vec<u8>) -> io::Result<Output> {
        process::run(program, arguments, input).await
    }

    fn ticker(self, period: Duration) -> Self::Ticker {
        TimerTicker::new(period)
    }
}

impl Ends for TcpStream {
    fn end(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Ends for UnixStream {
    fn end(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Datagram for Part<UdpSocket> {
    #[inline]
    async fn send(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        Ok((self.0.send(buffer.window()).await?, buffer))
    }

    #[inline]
    async fn receive(&mut self, mut buffer: Buffer) -> io::Result<(usize, Buffer)> {
        Ok((self.0.recv(buffer.window_mut()).await?, buffer))
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

/// The card of a runner over this port.
pub(crate) fn card(workers: usize) -> FairnessCard {
    FairnessCard {
        workers,
        backend: "epoll".into(),
        timers: "smol::Timer (async-io): an ordered map, the earliest time in a timerfd".into(),
        files: "pread on the blocking crate's pool".into(),
        sockets: "smol::net (async-io), epoll, TCP_NODELAY".into(),
        channels: "smol::channel (async-channel)".into(),
        locks: "smol::lock::Mutex and Semaphore (async-lock); queue: smol::channel, which has many takers; fork: \
                spawn and await"
            .into(),
        offload: "smol::unblock, the blocking crate's pool".into(),
        borrowed: Vec::new(),
    }
}
