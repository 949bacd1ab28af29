//! May: stackful coroutines, scheduled on a fixed number of threads, with work stealing.
//!
//! Code looks blocking and the coroutine is what waits: every future of the port is ready at its first
//! poll, as for threads, and inside that poll the coroutine may be suspended and go on elsewhere. Sockets
//! (epoll), timers, channels and joins are may's. Its channels have no bound, so one of its semaphores
//! bounds them. It has no files: `pread` blocks the worker; and no processes: a thread waits for each.
//!
//! Stacks are 128 KiB, touched as needed, against may's 32 KiB: enough for every workload and for the
//! printing of a panic. Workers are not pinned by may, since placement is given to the whole process.

use crate::{
    Backend, Capabilities, FairnessCard, How, Part, Profile, Runner,
    blocking_io::{poll_once, process},
    discipline::Tasks,
    loopback,
    may_locks::{self, QueueReceiver, QueueSender, Room},
    schedule::SleepingTicker,
};
use may::{
    coroutine::{self, JoinHandle},
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::net::UnixStream,
    sync::{self, Semphore, mpsc},
};
use simul_workloads::{Buffer, Datagram, Listener, Receiver, Runtime, Sender, Stream};
use std::{
    future::Future,
    io::{self, Read, Write},
    net::{self, Shutdown, SocketAddr},
    num::NonZeroUsize,
    os::fd::{FromRawFd, IntoRawFd},
    path::Path,
    pin::Pin,
    process::Output,
    sync::Arc,
    task::{Context, Poll},
    thread,
    time::Duration,
};

/// See the module's documentation.
#[derive(Debug)]
pub struct May {
    workers: usize,
}

/// The port over may; the scheduler is global.
#[derive(Clone, Copy, Debug)]
pub struct Port;

/// The size of a coroutine's stack, in words of 8 bytes as may counts it.
const STACK_WORDS: usize = 0x4000;

/// A join that suspends the coroutine inside its first poll, and passes the task's panic on.
pub struct Join<T>(Option<JoinHandle<T>>);

// The handle is not pinned: moving the join does not move what it waits for.
impl<T> Unpin for Join<T> {}

impl<T> Future for Join<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        let handle = self.0.take().expect("a join is not polled after its end");
        Poll::Ready(handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }
}

fn spawn<F>(task: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    #[expect(unsafe_code, reason = "may's spawn is unsafe, for the two reasons below")]
    // SAFETY: the stack holds what workloads and drivers need by a wide margin and ends in a guard page;
    // and neither of them keeps a reference into a thread-local over a point where it may be suspended.
    unsafe {
        coroutine::spawn(move || poll_once(task))
    }
}

impl Runner for May {
    type Runtime = Port;
    type Discipline = Tasks;

    const PROFILE: Profile = Profile {
        name: "may",
        describes: "may's stackful coroutines over epoll, with work stealing",
        package: Some("may"),
        backend: Backend::Epoll,
        one_worker: false,
        caveat: None,
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        Capabilities {
            // Seen with one worker: it takes in what has been spawned only when it has nothing else to run, and
            // whoever gives way is something else.
            alternating: Err("who gives way on may may be the next to run, before who was spawned"),
            files: How::Offloaded,
            processes: How::Blocking,
            cancellation: How::Absent(
                "may ends a coroutine by unwinding it where it waits, and calls that unsafe",
            ),
            ..Capabilities::READINESS
        }
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        may::config().set_workers(workers.get()).set_stack_size(STACK_WORDS);
        may::config().set_worker_pin(false);
        Ok(Self { workers: workers.get() })
    }

    fn card(&self) -> FairnessCard {
        FairnessCard {
            workers: self.workers,
            backend: Self::PROFILE.backend.name().into(),
            timers: "may::coroutine::sleep, a list of time-outs on a thread of its own".into(),
            files: "pread on the worker, which waits meanwhile".into(),
            sockets: "may::net, epoll, TCP_NODELAY".into(),
            channels: "may::sync::mpsc, bounded by a may::sync::Semphore".into(),
            locks: "may::sync::Mutex and Semphore; queue: may::sync::mpmc, bounded by a may::sync::Semphore; fork: \
                    spawn and join"
                .into(),
            offload: "runs at once, on the worker: may has no blocking pool".into(),
            borrowed: vec![
                "files: std".into(),
                "processes: std, on a thread of its own each".into(),
            ],
        }
    }

    fn runtime(&self) -> Port {
        Port
    }

    fn launch(&self, _index: usize, task: impl Future<Output = ()> + Send + 'static) {
        // A dropped handle detaches.
        drop(spawn(task));
    }
}

impl Runtime for Port {
    type Tcp = Part<TcpStream>;
    type Listener = Part<TcpListener>;
    type File = Part<std::fs::File>;
    type Join<T: Send + 'static> = Join<T>;
    type Sender<T: Send + 'static> = BoundedSender<T>;
    type Receiver<T: Send + 'static> = BoundedReceiver<T>;
    type Mutex<T: Send + 'static> = Part<sync::Mutex<T>>;
    type Semaphore = Part<Semphore>;
    type QueueSender<T: Send + 'static> = QueueSender<T>;
    type QueueReceiver<T: Send + 'static> = QueueReceiver<T>;
    type Unix = Part<UnixStream>;
    type Udp = Part<UdpSocket>;
    type Ticker = SleepingTicker<Self>;

    fn spawn<F>(self, task: F) -> Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Join(Some(spawn(task)))
    }

    fn detach<F>(self, task: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        drop(spawn(task));
    }

    async fn offload<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        work()
    }

    async fn sleep(self, duration: Duration) {
        coroutine::sleep(duration);
    }

    async fn yield_now(self) {
        coroutine::yield_now();
    }

    fn channel<T: Send + 'static>(self, capacity: usize) -> (BoundedSender<T>, BoundedReceiver<T>) {
        let room = Room::new(capacity);
        let (sender, receiver) = mpsc::channel();
        (BoundedSender { sender, room: Arc::clone(&room) }, BoundedReceiver { receiver, room })
    }

    fn mutex<T: Send + 'static>(self, value: T) -> Part<sync::Mutex<T>> {
        Part(sync::Mutex::new(value))
    }

    fn semaphore(self, permits: usize) -> Part<Semphore> {
        Part(Semphore::new(permits))
    }

    fn queue<T: Send + 'static>(self, capacity: usize) -> (QueueSender<T>, QueueReceiver<T>) {
        may_locks::queue(capacity)
    }

    async fn timeout<F>(self, limit: Duration, work: F) -> Option<F::Output>
    where
        F: Future<Output: Send + 'static> + Send,
    {
        // Not to be given up: see `capabilities`.
        let _ = limit;
        Some(work.await)
    }

    async fn connect(self, to: SocketAddr) -> io::Result<Part<TcpStream>> {
        let stream = TcpStream::connect(to)?;
        stream.set_nodelay(true)?;
        Ok(Part(stream))
    }

    async fn listen(self, on: net::TcpListener) -> io::Result<Part<TcpListener>> {
        // What may does with it first, except that it would panic.
        on.set_nonblocking(true)?;
        #[expect(unsafe_code, reason = "may has no other way to take a listener over")]
        // SAFETY: the descriptor is open, listens, and is given away by `into_raw_fd`.
        let listener = unsafe { TcpListener::from_raw_fd(on.into_raw_fd()) };
        Ok(Part(listener))
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
        // On a thread of its own. Held by a call, a single worker would not even begin the others.
        let program = program.to_owned();
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let (report, outcome) = mpsc::channel();
        thread::Builder::new().spawn(move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            // Nobody listens any more when the trial has ended meanwhile.
            let _ = report.send(process::run(&program, &arguments, input));
        })?;
        outcome.recv().map_err(io::Error::other)?
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
                Ok((self.0.read(buffer.window_mut())?, buffer))
            }

            #[inline]
            async fn write(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
                Ok((self.0.write(buffer.window())?, buffer))
            }

            async fn end(&mut self) -> io::Result<()> {
                self.0.shutdown(Shutdown::Write)
            }

            #[inline]
            async fn read_exact(&mut self, mut buffer: Buffer) -> io::Result<Buffer> {
                self.0.read_exact(buffer.window_mut())?;
                Ok(buffer.rewound())
            }

            #[inline]
            async fn write_all(&mut self, buffer: Buffer) -> io::Result<Buffer> {
                self.0.write_all(buffer.window())?;
                Ok(buffer.rewound())
            }
        }
    };
}

stream!(TcpStream);
stream!(UnixStream);

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

/// The sending half of may's channel, with a bound.
pub struct BoundedSender<T> {
    sender: mpsc::Sender<T>,
    room: Arc<Room>,
}

/// The receiving half.
pub struct BoundedReceiver<T> {
    receiver: mpsc::Receiver<T>,
    room: Arc<Room>,
}

// Not derived, which would ask the items to be `Clone`.
impl<T> Clone for BoundedSender<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), room: Arc::clone(&self.room) }
    }
}

impl<T: Send + 'static> Sender<T> for BoundedSender<T> {
    async fn send(&mut self, item: T) -> bool {
        self.room.enter() && self.sender.send(item).is_ok()
    }
}

impl<T: Send + 'static> Receiver<T> for BoundedReceiver<T> {
    async fn receive(&mut self) -> Option<T> {
        let item = self.receiver.recv().ok();
        if item.is_some() {
            self.room.free.post();
        }
        item
    }
}

impl<T> Drop for BoundedReceiver<T> {
    fn drop(&mut self) {
        self.room.close();
    }
}
