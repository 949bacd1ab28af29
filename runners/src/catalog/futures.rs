//! The `futures` crate's `ThreadPool`, with async-io as its reactor.
//!
//! The pool only polls tasks: it has no sockets, no timers, and no thread that would wait for both. So
//! async-io's own thread waits, and every wake-up goes through it: that hop is what this column shows.
//! Files and heavy work go to the `blocking` crate's pool. Channels are `futures::channel::mpsc`, whose
//! buffer grows by a slot for each sender; with one sender, capacity is what was asked for.

use crate::{
    Backend, Capabilities, FairnessCard, Part, Profile, Runner,
    async_locks::{self, AsyncSemaphore},
    caught::caught,
    discipline::Tasks,
    loopback,
    readiness_io::{Ends, PoolFile, Ready, TimerTicker, process},
};
use async_io::{Async, Timer};
use futures::{
    SinkExt, StreamExt,
    channel::mpsc,
    executor::ThreadPool,
    future::{Either, RemoteHandle, select},
    lock::{self, MutexGuard},
    task::SpawnExt,
};
use simul_workloads::{Buffer, Datagram, Listener, Mutex, Receiver, Runtime, Sender};
use std::{
    future::Future,
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket},
    num::NonZeroUsize,
    os::unix::net::UnixStream,
    path::Path,
    pin::pin,
    process::Output,
    sync::Arc,
    time::Duration,
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Futures {
    port: Port,
    workers: usize,
}

/// The port over `futures` and async-io.
#[derive(Clone, Copy, Debug)]
pub struct Port(&'static ThreadPool);

impl Runner for Futures {
    type Runtime = Port;
    type Discipline = Tasks;

    const PROFILE: Profile = Profile {
        name: "futures",
        describes: "the futures crate's thread pool, with async-io's thread as the reactor",
        package: Some("futures"),
        backend: Backend::Epoll,
        one_worker: false,
        caveat: None,
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        Capabilities {
            // Seen with one worker, in `yield`, `mutex` and `semaphore`.
            alternating: Err("a task of this pool that wakes itself is polled again before others"),
            ..Capabilities::READINESS
        }
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        let workers = workers.get();
        let pool = ThreadPool::builder().pool_size(workers).name_prefix("futures-").create()?;
        // The threads serve it until the process ends.
        Ok(Self { port: Port(Box::leak(Box::new(pool))), workers })
    }

    fn card(&self) -> FairnessCard {
        FairnessCard {
            workers: self.workers,
            backend: Self::PROFILE.backend.name().into(),
            timers: "async_io::Timer, waited for by async-io's own thread".into(),
            files: "pread on the blocking crate's pool".into(),
            sockets: "async_io::Async, epoll on async-io's own thread, TCP_NODELAY".into(),
            channels: "futures::channel::mpsc, with a slot more for each further sender".into(),
            locks: "futures::lock::Mutex, and async-lock's Semaphore; queue: a futures::channel::mpsc receiver behind \
                    a futures::lock::Mutex; fork: spawn_with_handle and await"
                .into(),
            offload: "blocking::unblock, the blocking crate's pool".into(),
            borrowed: vec![
                "sockets, timers and the thread that waits for them: async-io".into(),
                "files, offload: blocking".into(),
                "semaphore: async-lock".into(),
                "yield: futures-lite".into(),
            ],
        }
    }

    fn runtime(&self) -> Port {
        self.port
    }

    fn launch(&self, _index: usize, task: impl Future<Output = ()> + Send + 'static) {
        self.port.detach(task);
    }
}

impl Runtime for Port {
    type Tcp = Ready<Async<TcpStream>>;
    type Listener = Part<Async<TcpListener>>;
    type File = PoolFile<Self>;
    type Join<T: Send + 'static> = RemoteHandle<T>;
    type Sender<T: Send + 'static> = Part<mpsc::Sender<T>>;
    type Receiver<T: Send + 'static> = Part<mpsc::Receiver<T>>;
    type Mutex<T: Send + 'static> = Part<lock::Mutex<T>>;
    type Semaphore = AsyncSemaphore;
    type QueueSender<T: Send + 'static> = Part<mpsc::Sender<T>>;
    type QueueReceiver<T: Send + 'static> = SharedReceiver<T>;
    type Unix = Ready<Async<UnixStream>>;
    type Udp = Part<Async<UdpSocket>>;
    type Ticker = TimerTicker;

    fn spawn<F>(self, task: F) -> RemoteHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.spawn_with_handle(task).expect("a pool that lives as long as the process spawns")
    }

    fn detach<F>(self, task: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        // A panic would end the pool's thread; the panic hook has told of it.
        self.0.spawn_ok(async { drop(caught(task).await) });
    }

    async fn offload<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        blocking::unblock(work).await
    }

    async fn sleep(self, duration: Duration) {
        Timer::after(duration).await;
    }

    async fn yield_now(self) {
        futures_lite::future::yield_now().await;
    }

    fn channel<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Part<mpsc::Sender<T>>, Part<mpsc::Receiver<T>>) {
        // The sender itself is one slot.
        let (sender, receiver) = mpsc::channel(capacity.saturating_sub(1));
        (Part(sender), Part(receiver))
    }

    fn mutex<T: Send + 'static>(self, value: T) -> Part<lock::Mutex<T>> {
        Part(lock::Mutex::new(value))
    }

    fn semaphore(self, permits: usize) -> AsyncSemaphore {
        async_locks::semaphore(permits)
    }

    fn queue<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Part<mpsc::Sender<T>>, SharedReceiver<T>) {
        let (sender, receiver) = self.channel(capacity);
        (sender, SharedReceiver(Arc::new(lock::Mutex::new(receiver))))
    }

    async fn timeout<F>(self, limit: Duration, work: F) -> Option<F::Output>
    where
        F: Future<Output: Send + 'static> + Send,
    {
        match select(pin!(work), Timer::after(limit)).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(_) => None,
        }
    }

    async fn connect(self, to: SocketAddr) -> io::Result<Self::Tcp> {
        let stream = Async::<TcpStream>::connect(to).await?;
        stream.get_ref().set_nodelay(true)?;
        Ok(Ready(stream))
    }

    async fn listen(self, on: TcpListener) -> io::Result<Self::Listener> {
        Async::new(on).map(Part)
    }

    async fn open(self, path: &Path) -> io::Result<PoolFile<Self>> {
        PoolFile::open(self, path).await
    }

    async fn create(self, path: &Path) -> io::Result<Self::File> {
        PoolFile::create(self, path).await
    }

    async fn connect_unix(self, path: &Path) -> io::Result<Self::Unix> {
        Async::<UnixStream>::connect(path).await.map(Ready)
    }

    async fn udp(self, to: SocketAddr) -> io::Result<Self::Udp> {
        let socket = Async::<UdpSocket>::bind(loopback::facing(to))?;
        socket.get_ref().connect(to)?;
        Ok(Part(socket))
    }

    async fn run(self, program: &Path, arguments: &[&str], input: Vec<u8>) -> io::Result<Output> {
        process::run(program, arguments, input).await
    }

    fn ticker(self, period: Duration) -> Self::Ticker {
        TimerTicker::new(period)
    }
}

impl Ends for Async<TcpStream> {
    fn end(&self) -> io::Result<()> {
        self.get_ref().shutdown(Shutdown::Write)
    }
}

impl Ends for Async<UnixStream> {
    fn end(&self) -> io::Result<()> {
        self.get_ref().shutdown(Shutdown::Write)
    }
}

impl Datagram for Part<Async<UdpSocket>> {
    #[inline]
    async fn send(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        Ok((self.0.send(buffer.window()).await?, buffer))
    }

    #[inline]
    async fn receive(&mut self, mut buffer: Buffer) -> io::Result<(usize, Buffer)> {
        Ok((self.0.recv(buffer.window_mut()).await?, buffer))
    }
}

impl Listener for Part<Async<TcpListener>> {
    type Tcp = Ready<Async<TcpStream>>;

    async fn accept(&mut self) -> io::Result<Self::Tcp> {
        let (stream, _) = self.0.accept().await?;
        stream.get_ref().set_nodelay(true)?;
        Ok(Ready(stream))
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
    }
}

impl<T: Send + 'static> Sender<T> for Part<mpsc::Sender<T>> {
    #[inline]
    async fn send(&mut self, item: T) -> bool {
        // Not `send`, which also waits until there is room for the next.
        self.0.feed(item).await.is_ok()
    }
}

impl<T: Send + 'static> Receiver<T> for Part<mpsc::Receiver<T>> {
    #[inline]
    async fn receive(&mut self) -> Option<T> {
        self.0.next().await
    }
}

impl<T: Send + 'static> Mutex<T> for Part<lock::Mutex<T>> {
    type Guard<'a> = MutexGuard<'a, T>;

    #[inline]
    async fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().await
    }
}

/// A receiver that many take from, one at a time: who waits for an item holds the lock meanwhile.
#[derive(Debug)]
pub struct SharedReceiver<T>(Arc<lock::Mutex<Part<mpsc::Receiver<T>>>>);

// Not derived, which would ask the items to be `Clone`.
impl<T> Clone for SharedReceiver<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Send + 'static> Receiver<T> for SharedReceiver<T> {
    async fn receive(&mut self) -> Option<T> {
        self.0.lock().await.receive().await
    }
}
