//! async-std: one global executor for the process, over the same reactor as smol's.
//!
//! Its number of threads can be set by an environment variable only, which is read once, before the first
//! task. A running process cannot change its environment soundly, so whoever starts the process sets the
//! variable ([`Runner::environment`]), and a start without it is refused rather than measured with
//! another number of threads.

use crate::{
    Backend, Capabilities, FairnessCard, Part, Profile, Runner,
    async_locks::{self, AsyncMutex, AsyncSemaphore},
    discipline::Tasks,
    loopback,
    readiness_io::{Ends, PoolFile, Ready, process},
    schedule::SleepingTicker,
};
use async_std::{
    channel,
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::net::UnixStream,
    task::{self, JoinHandle},
};
use simul_workloads::{Buffer, Datagram, Listener, Receiver, Runtime, Sender};
use std::{
    env,
    future::Future,
    io,
    net::{self, Shutdown, SocketAddr},
    num::NonZeroUsize,
    path::Path,
    process::Output,
    time::Duration,
};

/// See the module's documentation.
#[derive(Debug)]
pub struct AsyncStd {
    workers: usize,
}

/// The port over async-std; tasks find the executor, which is global.
#[derive(Clone, Copy, Debug)]
pub struct Port;

/// How async-std is told its number of threads.
const THREAD_COUNT: &str = "ASYNC_STD_THREAD_COUNT";

impl Runner for AsyncStd {
    type Runtime = Port;
    type Discipline = Tasks;

    const PROFILE: Profile = Profile {
        name: "async-std",
        describes: "async-std's global executor over the async-io reactor",
        package: Some("async-std"),
        backend: Backend::Epoll,
        one_worker: false,
        caveat: Some("legacy: discontinued upstream, which recommends smol"),
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        Capabilities::READINESS
    }

    fn environment(workers: NonZeroUsize) -> Vec<(&'static str, String)> {
        vec![(THREAD_COUNT, workers.to_string())]
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        let wanted = workers.to_string();
        let found = env::var(THREAD_COUNT).unwrap_or_default();
        if found != wanted {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{THREAD_COUNT} is '{found}' and must be '{wanted}': async-std reads it once; start \
                     the process with it"
                ),
            ));
        }
        Ok(Self { workers: workers.get() })
    }

    fn card(&self) -> FairnessCard {
        FairnessCard {
            workers: self.workers,
            backend: "epoll".into(),
            timers:
                "async_std::task::sleep (async-io): an ordered map, the earliest time in a timerfd"
                    .into(),
            files: "pread on the blocking crate's pool".into(),
            sockets: "async_std::net (async-io), epoll, TCP_NODELAY".into(),
            channels: "async_std::channel, which is async-channel 1 re-exported".into(),
            locks: "async_std::sync::Mutex, which is async-lock's re-exported, and async-lock's Semaphore; queue: \
                    async_std::channel, which has many takers; fork: spawn and await"
                .into(),
            offload:
                "async_std::task::spawn_blocking: the blocking crate's pool, awaited by one more \
                      task"
                    .into(),
            borrowed: vec!["channels, queue: async-channel".into(), "semaphore: async-lock".into()],
        }
    }

    fn runtime(&self) -> Port {
        Port
    }

    fn launch(&self, _index: usize, task: impl Future<Output = ()> + Send + 'static) {
        // A dropped handle detaches.
        drop(task::spawn(task));
    }
}

impl Runtime for Port {
    type Tcp = Ready<TcpStream>;
    type Listener = Part<TcpListener>;
    type File = PoolFile<Self>;
    type Join<T: Send + 'static> = JoinHandle<T>;
    type Sender<T: Send + 'static> = Part<channel::Sender<T>>;
    type Receiver<T: Send + 'static> = Part<channel::Receiver<T>>;
    type Mutex<T: Send + 'static> = AsyncMutex<T>;
    type Semaphore = AsyncSemaphore;
    type QueueSender<T: Send + 'static> = Part<channel::Sender<T>>;
    type QueueReceiver<T: Send + 'static> = Part<channel::Receiver<T>>;
    type Unix = Ready<UnixStream>;
    type Udp = Part<UdpSocket>;
    type Ticker = SleepingTicker<Self>;

    fn spawn<F>(self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        task::spawn(task)
    }

    fn detach<F>(self, task: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        drop(task::spawn(task));
    }

    async fn offload<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        task::spawn_blocking(work).await
    }

    async fn sleep(self, duration: Duration) {
        task::sleep(duration).await;
    }

    async fn yield_now(self) {
        task::yield_now().await;
    }

    fn channel<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Part<channel::Sender<T>>, Part<channel::Receiver<T>>) {
        let (sender, receiver) = channel::bounded(capacity);
        (Part(sender), Part(receiver))
    }

    fn mutex<T: Send + 'static>(self, value: T) -> AsyncMutex<T> {
        async_locks::mutex(value)
    }

    fn semaphore(self, permits: usize) -> AsyncSemaphore {
        async_locks::semaphore(permits)
    }

    fn queue<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Part<channel::Sender<T>>, Part<channel::Receiver<T>>) {
        self.channel(capacity)
    }

    async fn timeout<F>(self, limit: Duration, work: F) -> Option<F::Output>
    where
        F: Future<Output: Send + 'static> + Send,
    {
        async_std::future::timeout(limit, work).await.ok()
    }

    async fn connect(self, to: SocketAddr) -> io::Result<Ready<TcpStream>> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Ready(stream))
    }

    async fn listen(self, on: net::TcpListener) -> io::Result<Part<TcpListener>> {
        Ok(Part(TcpListener::from(on)))
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
        // Its own intervals are unstable, and each period of theirs begins where the last tick came.
        SleepingTicker::new(self, period)
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
