//! tokio-uring: a current-thread tokio on each core whose sockets and files go through io_uring.
//!
//! Its ring is waited for by tokio's epoll (a ring is a descriptor); timers, channels and the blocking pool
//! are tokio's, which it is built on. Tasks stay on the worker that they were dealt to. It has no
//! `read_exact` for sockets, so the port's loop is used.

use crate::{
    Backend, Capabilities, FairnessCard, How, Intake, Part, Profile, Runner,
    completion_buffer::Lent,
    discipline::Tasks,
    loopback,
    probe::{Missing, io_uring},
    thread_bound::ThreadBound,
    thread_per_core::{Inbox, Workers},
    tokio_io::{IntervalTicker, Join, passed_on, process},
    tokio_locks::{self, SharedReceiver},
};
use simul_workloads::{Buffer, Datagram, File, Listener, Runtime, Stream};
use std::{
    future::Future,
    io,
    net::{self, Shutdown, SocketAddr},
    num::NonZeroUsize,
    path::Path,
    process::Output,
    time::Duration,
};
use tokio::sync::{self, mpsc};
use tokio_uring::{
    fs,
    net::{TcpListener, TcpStream, UdpSocket, UnixStream},
};

/// See the module's documentation.
#[derive(Debug)]
pub struct TokioUring(Workers);

/// The port over tokio-uring; tasks find the runtime, which is their thread's.
#[derive(Clone, Copy, Debug)]
pub struct Port;

impl Runner for TokioUring {
    type Runtime = Port;
    type Discipline = Tasks;

    const PROFILE: Profile = Profile {
        name: "tokio-uring",
        describes: "a current-thread tokio on each core, sockets and files over io_uring",
        package: Some("tokio-uring"),
        backend: Backend::IoUring,
        one_worker: false,
        caveat: Some("dormant: the last release is of May 2024"),
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        // Timers and processes are tokio's.
        Capabilities {
            timers: How::Readiness,
            cancellation: How::Readiness,
            intake: Intake::PerWorker,
            ..Capabilities::COMPLETION
        }
    }

    fn missing() -> Option<Missing> {
        io_uring::missing(io_uring::PLAIN)
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        Workers::start("tokio-uring", workers, serve).map(Self)
    }

    fn card(&self) -> FairnessCard {
        FairnessCard {
            workers: self.0.count(),
            backend: Self::PROFILE.backend.name().into(),
            timers: "tokio::time, a wheel of 1 ms".into(),
            files: "completions of the ring".into(),
            sockets: "tokio_uring::net, io_uring, TCP_NODELAY; the ring is waited for by epoll"
                .into(),
            channels: "tokio::sync::mpsc".into(),
            locks: tokio_locks::CARD.into(),
            offload: "tokio's blocking pool".into(),
            borrowed: vec![
                "timers, channels, locks, blocking pool: tokio, which it is built on".into(),
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
        self.0.hand(index, || drop(tokio_uring::spawn(task)));
    }
}

fn serve(inbox: Inbox) {
    match tokio_uring::Runtime::new(&tokio_uring::builder()) {
        Ok(runtime) => runtime.block_on(async {
            drop(tokio_uring::spawn(inbox.serve()));
            std::future::pending().await
        }),
        Err(error) => inbox.refuse(error),
    }
}

/// What an operation gives, without the buffer where it failed.
#[inline]
fn counted((result, lent): (io::Result<usize>, Lent)) -> io::Result<(usize, Buffer)> {
    Ok((result?, lent.0))
}

impl Runtime for Port {
    type Tcp = ThreadBound<TcpStream>;
    type Listener = ThreadBound<TcpListener>;
    type File = ThreadBound<fs::File>;
    type Join<T: Send + 'static> = Join<T>;
    type Sender<T: Send + 'static> = Part<mpsc::Sender<T>>;
    type Receiver<T: Send + 'static> = Part<mpsc::Receiver<T>>;
    type Mutex<T: Send + 'static> = Part<sync::Mutex<T>>;
    type Semaphore = Part<sync::Semaphore>;
    type QueueSender<T: Send + 'static> = Part<mpsc::Sender<T>>;
    type QueueReceiver<T: Send + 'static> = SharedReceiver<T>;
    type Unix = ThreadBound<UnixStream>;
    type Udp = ThreadBound<UdpSocket>;
    type Ticker = IntervalTicker;

    fn spawn<F>(self, task: F) -> Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Join(tokio_uring::spawn(task))
    }

    fn detach<F>(self, task: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        drop(tokio_uring::spawn(task));
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

    async fn connect(self, to: SocketAddr) -> io::Result<Self::Tcp> {
        let connect = async move { TcpStream::connect(to).await.map(ThreadBound::new) };
        let stream = ThreadBound::new(connect).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn listen(self, on: net::TcpListener) -> io::Result<Self::Listener> {
        Ok(ThreadBound::new(TcpListener::from_std(on)))
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
        process::run(tokio_uring::spawn, program, arguments, input).await
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
                counted(ThreadBound::new(<$socket>::read(self, Lent(buffer))).await)
            }

            #[inline]
            async fn write(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
                counted(ThreadBound::new(<$socket>::write(self, Lent(buffer)).submit()).await)
            }

            async fn end(&mut self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }

            #[inline]
            async fn write_all(&mut self, buffer: Buffer) -> io::Result<Buffer> {
                let (result, lent) =
                    ThreadBound::new(<$socket>::write_all(self, Lent(buffer))).await;
                result.map(|()| lent.0.rewound())
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
        counted(ThreadBound::new(UdpSocket::read(self, Lent(buffer))).await)
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
        counted(ThreadBound::new(fs::File::read_at(self, Lent(buffer), offset)).await)
    }

    #[inline]
    async fn write_at(&mut self, buffer: Buffer, offset: u64) -> io::Result<(usize, Buffer)> {
        counted(ThreadBound::new(fs::File::write_at(self, Lent(buffer), offset).submit()).await)
    }

    async fn sync(&mut self) -> io::Result<()> {
        ThreadBound::new(self.sync_data()).await
    }
}
