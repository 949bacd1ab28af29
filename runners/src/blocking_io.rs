//! How do runners without a reactor implement the port?
//!
//! With plain blocking calls of the standard library inside `async fn`s: every future is ready at its
//! first poll, so there is no reactor, no waker, and no suspension; it *is* the blocking program. What
//! differs between these runners is only where a task is placed ([`Place`]).

pub(crate) mod process;

use crate::{
    Part, loopback,
    schedule::SleepingTicker,
    std_locks::{Permits, SharedReceiver},
};
use simul_workloads::{Buffer, Datagram, File, Listener, Receiver, Runtime, Sender, Stream};
use std::{
    future::Future,
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::unix::{fs::FileExt, net::UnixStream},
    path::Path,
    pin::{Pin, pin},
    process::Output,
    sync::{self, mpsc},
    task::{Context, Poll, Waker},
    time::Duration,
};

/// Drives a future that never suspends.
///
/// # Panics
/// When it does suspend, which a blocking runner's futures cannot.
pub fn poll_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a blocking runner's futures finish in their first poll"),
    }
}

/// Where a task goes and how its result is awaited: all that differs between blocking runners.
pub trait Place: Copy + Send + Sync + 'static {
    /// Starts a task; the join blocks until it has ended.
    fn place<T: Send + 'static>(self, task: impl FnOnce() -> T + Send + 'static)
    -> BlockingJoin<T>;

    /// Starts a task that nobody awaits.
    fn place_detached(self, task: impl FnOnce() + Send + 'static);

    /// Does two things that do not wait for each other, `right` here.
    fn fork<A: Send + 'static, B: Send + 'static>(
        self,
        left: impl FnOnce() -> A + Send + 'static,
        right: impl FnOnce() -> B + Send + 'static,
    ) -> (A, B) {
        let left = self.place(left);
        let right = right();
        (poll_once(left), right)
    }

    /// Lets others run once: other threads, unless the place knows of something nearer.
    fn yield_now(self) {
        std::thread::yield_now();
    }
}

/// A join that blocks inside its first poll.
pub struct BlockingJoin<T>(Option<Box<dyn FnOnce() -> T + Send>>);

impl<T> BlockingJoin<T> {
    /// A join that calls `wait` for the result.
    pub fn new(wait: impl FnOnce() -> T + Send + 'static) -> Self {
        Self(Some(Box::new(wait)))
    }
}

impl<T> Future for BlockingJoin<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        let wait = self.0.take().expect("a join is not polled after its end");
        Poll::Ready(wait())
    }
}

// The closure is boxed: moving the join does not move it.
impl<T> Unpin for BlockingJoin<T> {}

/// The port over the standard library, with tasks placed by `P`.
#[derive(Clone, Copy, Debug)]
pub struct Blocking<P>(pub P);

impl<P: Place> Runtime for Blocking<P> {
    type Tcp = Part<TcpStream>;
    type Listener = Part<TcpListener>;
    type File = Part<std::fs::File>;
    type Join<T: Send + 'static> = BlockingJoin<T>;
    type Sender<T: Send + 'static> = Part<mpsc::SyncSender<T>>;
    type Receiver<T: Send + 'static> = Part<mpsc::Receiver<T>>;
    type Mutex<T: Send + 'static> = Part<sync::Mutex<T>>;
    type Semaphore = Permits;
    type QueueSender<T: Send + 'static> = Part<mpsc::SyncSender<T>>;
    type QueueReceiver<T: Send + 'static> = SharedReceiver<T>;
    type Unix = Part<UnixStream>;
    type Udp = Part<UdpSocket>;
    type Ticker = SleepingTicker<Self>;

    fn spawn<F>(self, task: F) -> BlockingJoin<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.place(move || poll_once(task))
    }

    fn detach<F>(self, task: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.place_detached(move || drop(poll_once(task)));
    }

    async fn offload<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        work()
    }

    async fn sleep(self, duration: Duration) {
        std::thread::sleep(duration);
    }

    async fn yield_now(self) {
        self.0.yield_now();
    }

    fn channel<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Part<mpsc::SyncSender<T>>, Part<mpsc::Receiver<T>>) {
        let (sender, receiver) = mpsc::sync_channel(capacity);
        (Part(sender), Part(receiver))
    }

    fn mutex<T: Send + 'static>(self, value: T) -> Part<sync::Mutex<T>> {
        Part(sync::Mutex::new(value))
    }

    fn semaphore(self, permits: usize) -> Permits {
        Permits::new(permits)
    }

    fn queue<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Part<mpsc::SyncSender<T>>, SharedReceiver<T>) {
        let (sender, receiver) = mpsc::sync_channel(capacity);
        (Part(sender), SharedReceiver::new(receiver))
    }

    async fn fork<L, R>(self, left: L, right: R) -> (L::Output, R::Output)
    where
        L: Future<Output: Send + 'static> + Send + 'static,
        R: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.fork(|| poll_once(left), || poll_once(right))
    }

    async fn timeout<F>(self, limit: Duration, work: F) -> Option<F::Output>
    where
        F: Future<Output: Send + 'static> + Send,
    {
        // A thread that waits cannot be stopped, and `capabilities` say so.
        let _ = limit;
        Some(work.await)
    }

    async fn connect(self, to: SocketAddr) -> io::Result<Part<TcpStream>> {
        let stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        Ok(Part(stream))
    }

    async fn listen(self, on: TcpListener) -> io::Result<Part<TcpListener>> {
        on.set_nonblocking(false)?;
        Ok(Part(on))
    }

    async fn open(self, path: &Path) -> io::Result<Part<std::fs::File>> {
        std::fs::File::open(path).map(Part)
    }

    async fn create(self, path: &Path) -> io::Result<Self::File> {
        std::fs::File::create(path).map(Part)
    }

    async fn connect_unix(self, path: &Path) -> io::Result<Self::Unix> {
        UnixStream::connect(path).map(Part)
    }

    async fn udp(self, to: SocketAddr) -> io::Result<Self::Udp> {
        let socket = UdpSocket::bind(loopback::facing(to))?;
        socket.connect(to)?;
        Ok(Part(socket))
    }

    async fn run(self, program: &Path, arguments: &[&str], input: Vec<u8>) -> io::Result<Output> {
        process::run(program, arguments, input)
    }

    fn ticker(self, period: Duration) -> Self::Ticker {
        SleepingTicker::new(self, period)
    }
}

/// The port's streams over one kind of socket: those of TCP and of Unix have the same functions and no trait for
/// all of them.
macro_rules! stream {
    ($socket:ty) => {
        impl Stream for Part<$socket> {
            #[inline]
            async fn read(&mut self, mut buffer: Buffer) -> io::Result<(usize, Buffer)> {
                Ok((io::Read::read(&mut self.0, buffer.window_mut())?, buffer))
            }

            #[inline]
            async fn write(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
                Ok((io::Write::write(&mut self.0, buffer.window())?, buffer))
            }

            async fn end(&mut self) -> io::Result<()> {
                self.0.shutdown(Shutdown::Write)
            }

            #[inline]
            async fn read_exact(&mut self, mut buffer: Buffer) -> io::Result<Buffer> {
                io::Read::read_exact(&mut self.0, buffer.window_mut())?;
                Ok(buffer.rewound())
            }

            #[inline]
            async fn write_all(&mut self, buffer: Buffer) -> io::Result<Buffer> {
                io::Write::write_all(&mut self.0, buffer.window())?;
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
        let (stream, _) = self.0.accept()?;
        stream.set_nodelay(true)?;
        Ok(Part(stream))
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl File for Part<std::fs::File> {
    #[inline]
    async fn read_at(&mut self, mut buffer: Buffer, offset: u64) -> io::Result<(usize, Buffer)> {
        Ok((FileExt::read_at(&self.0, buffer.window_mut(), offset)?, buffer))
    }

    #[inline]
    async fn write_at(&mut self, buffer: Buffer, offset: u64) -> io::Result<(usize, Buffer)> {
        Ok((FileExt::write_at(&self.0, buffer.window(), offset)?, buffer))
    }

    async fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

impl Datagram for Part<UdpSocket> {
    #[inline]
    async fn send(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        Ok((self.0.send(buffer.window())?, buffer))
    }

    #[inline]
    async fn receive(&mut self, mut buffer: Buffer) -> io::Result<(usize, Buffer)> {
        Ok((self.0.recv(buffer.window_mut())?, buffer))
    }
}

impl<T: Send + 'static> Sender<T> for Part<mpsc::SyncSender<T>> {
    #[inline]
    async fn send(&mut self, item: T) -> bool {
        self.0.send(item).is_ok()
    }
}

impl<T: Send + 'static> Receiver<T> for Part<mpsc::Receiver<T>> {
    #[inline]
    async fn receive(&mut self) -> Option<T> {
        self.0.recv().ok()
    }
}
