//! How do the runners of monoio implement the port?
//!
//! With monoio's own sockets, files, timers and blocking pool; which driver is below them is decided when a
//! worker starts. All parts are bound to their thread ([`crate::thread_bound`]). Monoio's channels do not
//! leave theirs, so async-channel's are borrowed. A panic of a task would end its worker, so tasks are run
//! in `catch_unwind`.

mod ticker;

pub use ticker::IntervalTicker;

use crate::{
    FairnessCard,
    async_channels::{AsyncReceiver, AsyncSender, bounded},
    async_locks::{self, AsyncMutex, AsyncSemaphore},
    caught::{caught, passed_on},
    completion_buffer::Lent,
    loopback,
    thread_bound::ThreadBound,
    thread_per_core::Inbox,
};
use monoio::{
    blocking::DefaultThreadPool,
    fs,
    io::{AsyncReadRent, AsyncReadRentExt, AsyncWriteRent, AsyncWriteRentExt},
    net::{TcpListener, TcpStream, UnixStream, udp::UdpSocket},
    task::JoinHandle,
};
use simul_workloads::{Buffer, Datagram, File, Listener, Runtime, Stream};
use std::{
    future::Future,
    io,
    net::{self, SocketAddr},
    path::Path,
    pin::Pin,
    task::{Context, Poll},
    thread,
    time::Duration,
};

/// The port over monoio; tasks find the runtime, which is their thread's.
#[derive(Clone, Copy, Debug)]
pub struct Monoio;

/// A join that passes the task's panic on.
pub struct Join<T>(JoinHandle<thread::Result<T>>);

impl<T> Future for Join<T> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut self.0).poll(context).map(passed_on)
    }
}

/// Starts a task that nobody awaits, on this thread; its panic ends with it.
pub(crate) fn launch(task: impl Future<Output = ()> + 'static) {
    drop(monoio::spawn(caught(task)));
}

/// Serves a worker's inbox on a runtime with this driver.
macro_rules! serve {
    ($driver:ty, $inbox:ident) => {{
        let started = monoio::RuntimeBuilder::<$driver>::new()
            .enable_all()
            .attach_thread_pool($crate::monoio_io::blocking_pool())
            .build();
        match started {
            Ok(mut runtime) => runtime.block_on($crate::monoio_io::forever($inbox)),
            Err(error) => $inbox.refuse(error),
        }
    }};
}
pub(crate) use serve;

/// Monoio has no blocking pool unless it is given one; each worker gets its own.
pub(crate) fn blocking_pool() -> Box<DefaultThreadPool> {
    let threads = thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    Box::new(DefaultThreadPool::new(threads))
}

pub(crate) async fn forever(inbox: Inbox) {
    drop(monoio::spawn(inbox.serve()));
    std::future::pending().await
}

/// What an operation gives, without the buffer where it failed.
#[inline]
fn counted((result, lent): (io::Result<usize>, Lent)) -> io::Result<(usize, Buffer)> {
    Ok((result?, lent.0))
}

#[inline]
fn whole((result, lent): (io::Result<usize>, Lent)) -> io::Result<Buffer> {
    result.map(|_| lent.0.rewound())
}

impl Runtime for Monoio {
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
        Join(monoio::spawn(caught(task)))
    }

    fn detach<F>(self, task: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        // A dropped handle detaches.
        drop(monoio::spawn(caught(task)));
    }

    async fn offload<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let done = ThreadBound::new(monoio::spawn_blocking(work)).await;
        done.unwrap_or_else(|_| unreachable!("the pool cancels nothing while its worker lives"))
    }

    async fn sleep(self, duration: Duration) {
        ThreadBound::new(monoio::time::sleep(duration)).await;
    }

    async fn yield_now(self) {
        // A task that wakes itself while it runs comes to the head of monoio's queue, and nobody else runs. An empty
        // task goes to the tail, and wakes whoever waits for it.
        monoio::spawn(async {}).await;
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
        ThreadBound::new(monoio::time::timeout(limit, work)).await.ok()
    }

    async fn connect(self, to: SocketAddr) -> io::Result<Self::Tcp> {
        let stream = ThreadBound::new(TcpStream::connect_addr(to)).await;
        let stream = ThreadBound::new(stream?);
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn listen(self, on: net::TcpListener) -> io::Result<Self::Listener> {
        // As its own `bind` does, for both drivers.
        on.set_nonblocking(true)?;
        TcpListener::from_std(on).map(ThreadBound::new)
    }

    async fn open(self, path: &Path) -> io::Result<Self::File> {
        let file = ThreadBound::new(fs::File::open(path)).await;
        file.map(ThreadBound::new)
    }

    async fn create(self, path: &Path) -> io::Result<Self::File> {
        let file = ThreadBound::new(fs::File::create(path)).await;
        file.map(ThreadBound::new)
    }

    async fn connect_unix(self, path: &Path) -> io::Result<Self::Unix> {
        let stream = ThreadBound::new(UnixStream::connect(path)).await;
        stream.map(ThreadBound::new)
    }

    async fn udp(self, to: SocketAddr) -> io::Result<Self::Udp> {
        let socket = ThreadBound::new(UdpSocket::bind(loopback::facing(to))?);
        ThreadBound::new(socket.connect(to)).await?;
        Ok(socket)
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
                counted(ThreadBound::new(AsyncReadRent::read(&mut **self, Lent(buffer))).await)
            }

            #[inline]
            async fn write(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
                counted(ThreadBound::new(AsyncWriteRent::write(&mut **self, Lent(buffer))).await)
            }

            async fn end(&mut self) -> io::Result<()> {
                ThreadBound::new(AsyncWriteRent::shutdown(&mut **self)).await
            }

            #[inline]
            async fn read_exact(&mut self, buffer: Buffer) -> io::Result<Buffer> {
                whole(
                    ThreadBound::new(AsyncReadRentExt::read_exact(&mut **self, Lent(buffer))).await,
                )
            }

            #[inline]
            async fn write_all(&mut self, buffer: Buffer) -> io::Result<Buffer> {
                whole(
                    ThreadBound::new(AsyncWriteRentExt::write_all(&mut **self, Lent(buffer))).await,
                )
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
        let accepted = {
            let listener: &TcpListener = self;
            ThreadBound::new(async {
                listener.accept().await.map(|(stream, _)| ThreadBound::new(stream))
            })
        };
        let stream = accepted.await?;
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
        counted(ThreadBound::new(fs::File::write_at(self, Lent(buffer), offset)).await)
    }

    async fn sync(&mut self) -> io::Result<()> {
        ThreadBound::new(self.sync_data()).await
    }
}

/// The card of a runner over this port; the driver decides about sockets and files.
pub(crate) fn card(workers: usize, backend: &str, files: &str) -> FairnessCard {
    FairnessCard {
        workers,
        backend: backend.into(),
        timers: "monoio::time, a wheel of 1 ms".into(),
        files: files.into(),
        sockets: format!("monoio::net, {backend}, TCP_NODELAY"),
        channels: "async-channel: monoio has none that leaves its thread".into(),
        locks: async_locks::BORROWED.into(),
        offload:
            "monoio's DefaultThreadPool, of as many threads as there are cores, one pool a worker"
                .into(),
        borrowed: vec!["channels, queue: async-channel".into(), "locks: async-lock".into()],
    }
}
