//! How do the runners of the tokio family implement the port?
//!
//! With tokio's own sockets, timers, channels and blocking pool. The handle is empty: tasks find the
//! runtime through tokio's thread context.

mod datagram;
mod file;
pub(crate) mod process;
mod ticker;

pub use file::OffloadedFile;
pub use ticker::IntervalTicker;

use crate::{
    FairnessCard, Part,
    tokio_locks::{self, SharedReceiver},
};
use simul_workloads::{Buffer, Listener, Receiver, Runtime, Sender, Stream};
use std::{
    fmt::Debug,
    future::Future,
    io,
    net::{self, SocketAddr},
    path::Path,
    pin::Pin,
    process::Output,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket, UnixStream},
    sync::{self, mpsc},
    task::{JoinError, JoinHandle},
};

/// Where a task goes.
pub trait Spawning: Copy + Debug + Send + Sync + 'static {
    /// Starts a task.
    fn spawn<F>(self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;
}

/// To the runtime of this thread, which may run it on any of its workers.
#[derive(Clone, Copy, Debug)]
pub struct OfThisRuntime;

/// To the `LocalSet` of this thread.
#[derive(Clone, Copy, Debug)]
pub struct OfThisThread;

impl Spawning for OfThisRuntime {
    fn spawn<F>(self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        tokio::spawn(task)
    }
}

impl Spawning for OfThisThread {
    fn spawn<F>(self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        tokio::task::spawn_local(task)
    }
}

/// The port over tokio.
#[derive(Clone, Copy, Debug)]
pub struct Tokio<S>(pub S);

/// A join that passes the task's panic on.
#[derive(Debug)]
pub struct Join<T>(pub(crate) JoinHandle<T>);

impl<T> Future for Join<T> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut self.0).poll(context).map(|result| result.unwrap_or_else(passed_on))
    }
}

/// Nobody cancels tasks here, so a join fails only by a panic.
#[cold]
pub(crate) fn passed_on<T>(error: JoinError) -> T {
    std::panic::resume_unwind(error.into_panic())
}

impl<S: Spawning> Runtime for Tokio<S> {
    type Tcp = Part<TcpStream>;
    type Listener = Part<TcpListener>;
    type File = OffloadedFile;
    type Join<T: Send + 'static> = Join<T>;
    type Sender<T: Send + 'static> = Part<mpsc::Sender<T>>;
    type Receiver<T: Send + 'static> = Part<mpsc::Receiver<T>>;
    type Mutex<T: Send + 'static> = Part<sync::Mutex<T>>;
    type Semaphore = Part<sync::Semaphore>;
    type QueueSender<T: Send + 'static> = Part<mpsc::Sender<T>>;
    type QueueReceiver<T: Send + 'static> = SharedReceiver<T>;
    type Unix = Part<UnixStream>;
    type Udp = Part<UdpSocket>;
    type Ticker = IntervalTicker;

    fn spawn<F>(self, task: F) -> Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Join(self.0.spawn(task))
    }

    fn detach<F>(self, task: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        drop(self.0.spawn(task));
    }

    async fn offload<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        tokio::task::spawn_blocking(work).await.unwrap_or_else(passed_on)
    }

    async fn sleep(self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    async fn yield_now(self) {
        tokio::task::yield_now().await;
    }

    fn channel<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Part<mpsc::Sender<T>>, Part<mpsc::Receiver<T>>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Part(sender), Part(receiver))
    }

    fn mutex<T: Send + 'static>(self, value: T) -> Part<sync::Mutex<T>> {
        Part(sync::Mutex::new(value))
    }

    fn semaphore(self, permits: usize) -> Part<sync::Semaphore> {
        Part(sync::Semaphore::new(permits))
    }

    fn queue<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Part<mpsc::Sender<T>>, SharedReceiver<T>) {
        tokio_locks::queue(capacity)
    }

    async fn timeout<F>(self, limit: Duration, work: F) -> Option<F::Output>
    where
        F: Future<Output: Send + 'static> + Send,
    {
        tokio::time::timeout(limit, work).await.ok()
    }

    async fn connect(self, to: SocketAddr) -> io::Result<Part<TcpStream>> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Part(stream))
    }

    async fn listen(self, on: net::TcpListener) -> io::Result<Part<TcpListener>> {
        on.set_nonblocking(true)?;
        TcpListener::from_std(on).map(Part)
    }

    async fn open(self, path: &Path) -> io::Result<OffloadedFile> {
        OffloadedFile::open(path).await
    }

    async fn create(self, path: &Path) -> io::Result<Self::File> {
        OffloadedFile::create(path).await
    }

    async fn connect_unix(self, path: &Path) -> io::Result<Self::Unix> {
        UnixStream::connect(path).await.map(Part)
    }

    async fn udp(self, to: SocketAddr) -> io::Result<Self::Udp> {
        datagram::connected(to).await
    }

    async fn run(self, program: &Path, arguments: &[&str], input: Vec<u8>) -> io::Result<Output> {
        process::run(|task| self.0.spawn(task), program, arguments, input).await
    }

    fn ticker(self, period: Duration) -> Self::Ticker {
        IntervalTicker::new(period)
    }
}

/// The port's streams over one kind of socket: those of TCP and of Unix have the same functions and no trait for
/// all of them.
macro_rules! stream {
    ($socket:ty) => {
        impl Stream for Part<$socket> {
            #[inline]
            async fn read(&mut self, mut buffer: Buffer) -> io::Result<(usize, Buffer)> {
                Ok((self.0.read(buffer.window_mut()).await?, buffer))
            }

            #[inline]
            async fn write(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
                Ok((self.0.write(buffer.window()).await?, buffer))
            }

            async fn end(&mut self) -> io::Result<()> {
                self.0.shutdown().await
            }

            #[inline]
            async fn read_exact(&mut self, mut buffer: Buffer) -> io::Result<Buffer> {
                self.0.read_exact(buffer.window_mut()).await?;
                Ok(buffer.rewound())
            }

            #[inline]
            async fn write_all(&mut self, buffer: Buffer) -> io::Result<Buffer> {
                self.0.write_all(buffer.window()).await?;
                Ok(buffer.rewound())
            }
        }
    };
}

stream!(TcpStream);
stream!(UnixStream);

impl Listener for Part<TcpListener> {
    type Tcp = Part<TcpStream>;

    async fn accept(&mut self) -> io::Result<Part<TcpStream>> {
        let (stream, _) = self.0.accept().await?;
        stream.set_nodelay(true)?;
        Ok(Part(stream))
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl<T: Send + 'static> Sender<T> for Part<mpsc::Sender<T>> {
    #[inline]
    async fn send(&mut self, item: T) -> bool {
        self.0.send(item).await.is_ok()
    }
}

impl<T: Send + 'static> Receiver<T> for Part<mpsc::Receiver<T>> {
    #[inline]
    async fn receive(&mut self) -> Option<T> {
        self.0.recv().await
    }
}

/// The card of a runner over this port.
pub(crate) fn card(workers: usize) -> FairnessCard {
    FairnessCard {
        workers,
        backend: "epoll".into(),
        timers: "tokio::time, a wheel of 1 ms".into(),
        files: "pread on tokio's blocking pool".into(),
        sockets: "tokio::net, epoll, TCP_NODELAY".into(),
        channels: "tokio::sync::mpsc".into(),
        locks: tokio_locks::CARD.into(),
        offload: "tokio's blocking pool".into(),
        borrowed: Vec::new(),
    }
}
