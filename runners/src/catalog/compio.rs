//! Compio: a thread per core over io_uring, completions, no stealing.
//!
//! Built without its `polling` feature, so there is no driver that it could fall back to. Tasks stay on the
//! worker that they were dealt to. Parts are bound to their thread ([`crate::thread_bound`]); its channels
//! are borrowed from async-channel, since it has none. Dropping its join handle cancels, so tasks that
//! nobody awaits are detached.

mod process;
mod ticker;

use crate::{
    Backend, Capabilities, FairnessCard, How, Intake, Profile, Runner,
    async_channels::{AsyncReceiver, AsyncSender, bounded},
    async_locks::{self, AsyncMutex, AsyncSemaphore},
    completion_buffer::Lent,
    discipline::Tasks,
    loopback,
    probe::{Missing, io_uring},
    thread_bound::ThreadBound,
    thread_per_core::{Inbox, Workers},
};
use compio::{
    buf::BufResult,
    fs,
    io::{AsyncRead, AsyncReadAt, AsyncReadExt, AsyncWrite, AsyncWriteAt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket, UnixStream},
    runtime::{JoinHandle, ResumeUnwind},
};
use simul_workloads::{Buffer, Datagram, File, Listener, Runtime, Stream};
use std::{
    future::Future,
    io,
    net::{self, SocketAddr},
    num::NonZeroUsize,
    path::Path,
    pin::Pin,
    process::Output,
    task::{Context, Poll},
    time::Duration,
};
use ticker::IntervalTicker;

/// See the module's documentation.
#[derive(Debug)]
pub struct Compio(Workers);

/// The port over compio; tasks find the runtime, which is their thread's.
#[derive(Clone, Copy, Debug)]
pub struct Port;

/// A join that passes the task's panic on.
pub struct Join<T>(JoinHandle<T>);

impl<T> Future for Join<T> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let result = Pin::new(&mut self.0).poll(context);
        result.map(|result| result.resume_unwind().expect("nobody cancels tasks here"))
    }
}

impl Runner for Compio {
    type Runtime = Port;
    type Discipline = Tasks;

    const PROFILE: Profile = Profile {
        name: "compio",
        describes: "compio, a thread per core, over io_uring",
        package: Some("compio"),
        backend: Backend::IoUring,
        one_worker: false,
        caveat: None,
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        // Pipes are the ring's; the end of a program is waited for on the blocking pool.
        Capabilities {
            processes: How::Completion,
            intake: Intake::PerWorker,
            ..Capabilities::COMPLETION
        }
    }

    fn missing() -> Option<Missing> {
        io_uring::missing(io_uring::PLAIN)
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        Workers::start("compio", workers, serve).map(Self)
    }

    fn card(&self) -> FairnessCard {
        FairnessCard {
            workers: self.0.count(),
            backend: Self::PROFILE.backend.name().into(),
            timers: "compio::time, exact, a time-out of the wait for completions".into(),
            files: "completions of the ring".into(),
            sockets: "compio::net, io_uring, TCP_NODELAY".into(),
            channels: "async-channel: compio has none".into(),
            locks: async_locks::BORROWED.into(),
            offload: "compio's pool of blocking threads".into(),
            borrowed: vec![
                "channels, queue: async-channel".into(),
                "locks: async-lock".into(),
                "yield: futures-lite".into(),
            ],
        }
    }

    fn runtime(&self) -> Port {
        Port
    }

    fn dealt(&self) -> usize {
        self.0.count()
    }

    fn launch(&self, index: usize, task: impl Future<Output = ()> + Send + 'static) {
        self.0.hand(index, || compio::runtime::spawn(task).detach());
    }
}

fn serve(inbox: Inbox) {
    match compio::runtime::Runtime::new() {
        Ok(runtime) => {
            runtime.spawn(inbox.serve()).detach();
            runtime.block_on(std::future::pending::<()>());
        }
        Err(error) => inbox.refuse(error),
    }
}

/// What an operation gives, without the buffer where it failed.
#[inline]
fn counted(BufResult(result, lent): BufResult<usize, Lent>) -> io::Result<(usize, Buffer)> {
    Ok((result?, lent.0))
}

#[inline]
fn whole(BufResult(result, lent): BufResult<(), Lent>) -> io::Result<Buffer> {
    result.map(|()| lent.0.rewound())
}

impl Runtime for Port {
    type Tcp = ThreadBound<TcpStream>;
    type Listener = ThreadBound<TcpListener>;
    type File = ThreadBound<fs::File>;
    type Join<T: Send + 'static> = Join<T>;
    type Sender<T: Send + 'static> = AsyncSender<T>;
    type Receiver<T: Send + 'static> = AsyncReceiver<T>;
    type Mutex<T: Send + 'static> = AsyncMutex<T>;
    type Semaphore = AsyncSemaphore;
    type QueueSender<T: Send + 'static> = AsyncSender<T>;
    type QueueReceiver<T: Send + 'static> = AsyncReceiver<T>;
    type Unix = ThreadBound<UnixStream>;
    type Udp = ThreadBound<UdpSocket>;
    type Ticker = IntervalTicker;

    fn spawn<F>(self, task: F) -> Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Join(compio::runtime::spawn(task))
    }

    fn detach<F>(self, task: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        compio::runtime::spawn(task).detach();
    }

    async fn offload<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        Join(compio::runtime::spawn_blocking(work)).await
    }

    async fn sleep(self, duration: Duration) {
        ThreadBound::new(compio::time::sleep(duration)).await;
    }

    async fn yield_now(self) {
        futures_lite::future::yield_now().await;
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
        ThreadBound::new(compio::time::timeout(limit, work)).await.ok()
    }

    async fn connect(self, to: SocketAddr) -> io::Result<Self::Tcp> {
        let connect = async move { TcpStream::connect(to).await.map(ThreadBound::new) };
        let stream = ThreadBound::new(connect).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn listen(self, on: net::TcpListener) -> io::Result<Self::Listener> {
        TcpListener::from_std(on).map(ThreadBound::new)
    }

    async fn open(self, path: &Path) -> io::Result<Self::File> {
        ThreadBound::new(async move { fs::File::open(path).await.map(ThreadBound::new) }).await
    }

    async fn create(self, path: &Path) -> io::Result<Self::File> {
        ThreadBound::new(async move { fs::File::create(path).await.map(ThreadBound::new) }).await
    }

    async fn connect_unix(self, path: &Path) -> io::Result<Self::Unix> {
        ThreadBound::new(async move { UnixStream::connect(path).await.map(ThreadBound::new) }).await
    }

    async fn udp(self, to: SocketAddr) -> io::Result<Self::Udp> {
        let connect = async move {
            let socket = UdpSocket::bind(loopback::facing(to)).await?;
            socket.connect(to).await?;
            Ok(ThreadBound::new(socket))
        };
        ThreadBound::new(connect).await
    }

    async fn run(self, program: &Path, arguments: &[&str], input: Vec<u8>) -> io::Result<Output> {
        ThreadBound::new(process::run(program, arguments, input)).await
    }

    fn ticker(self, period: Duration) -> Self::Ticker {
        IntervalTicker::new(period)
    }
}

/// The port's streams over one kind of socket: those of TCP and of Unix have the same functions and no trait for
/// all of them.
macro_rules! stream {
    ($socket:ty) => {
        impl Stream for ThreadBound<$socket> {
            #[inline]
            async fn read(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
                counted(ThreadBound::new(AsyncRead::read(&mut **self, Lent(buffer))).await)
            }

            #[inline]
            async fn write(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
                counted(ThreadBound::new(AsyncWrite::write(&mut **self, Lent(buffer))).await)
            }

            async fn end(&mut self) -> io::Result<()> {
                ThreadBound::new(AsyncWrite::shutdown(&mut **self)).await
            }

            #[inline]
            async fn read_exact(&mut self, buffer: Buffer) -> io::Result<Buffer> {
                whole(ThreadBound::new(AsyncReadExt::read_exact(&mut **self, Lent(buffer))).await)
            }

            #[inline]
            async fn write_all(&mut self, buffer: Buffer) -> io::Result<Buffer> {
                whole(ThreadBound::new(AsyncWriteExt::write_all(&mut **self, Lent(buffer))).await)
            }
        }
    };
}

stream!(TcpStream);
stream!(UnixStream);

impl Datagram for ThreadBound<UdpSocket> {
    #[inline]
    async fn send(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        counted(ThreadBound::new(UdpSocket::send(self, Lent(buffer))).await)
    }

    #[inline]
    async fn receive(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        counted(ThreadBound::new(UdpSocket::recv(self, Lent(buffer))).await)
    }
}

impl Listener for ThreadBound<TcpListener> {
    type Tcp = ThreadBound<TcpStream>;

    async fn accept(&mut self) -> io::Result<ThreadBound<TcpStream>> {
        let accept = async { (**self).accept().await.map(|(stream, _)| ThreadBound::new(stream)) };
        let stream = ThreadBound::new(accept).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        self.local_addr()
    }
}

impl File for ThreadBound<fs::File> {
    #[inline]
    async fn read_at(&mut self, buffer: Buffer, offset: u64) -> io::Result<(usize, Buffer)> {
        counted(ThreadBound::new(AsyncReadAt::read_at(&**self, Lent(buffer), offset)).await)
    }

    #[inline]
    async fn write_at(&mut self, buffer: Buffer, offset: u64) -> io::Result<(usize, Buffer)> {
        counted(ThreadBound::new(AsyncWriteAt::write_at(&mut **self, Lent(buffer), offset)).await)
    }

    async fn sync(&mut self) -> io::Result<()> {
        ThreadBound::new(self.sync_data()).await
    }
}
