//! Glommio: a thread per core over three io_uring rings, no stealing.
//!
//! Its sockets try the system call first and let the ring wait; its files read into buffers of its own,
//! which is a copy that the others do not make. Tasks stay on the worker that they were dealt to; its
//! shared channels join two executors and no more, so async-channel's are borrowed. A panic of a task would
//! end its worker, so tasks are run in `catch_unwind`. A dropped `Task` cancels, so all are detached.

use crate::{
    Backend, Capabilities, FairnessCard, How, Intake, Profile, Runner,
    async_channels::{AsyncReceiver, AsyncSender, bounded},
    async_locks::{self, AsyncMutex, AsyncSemaphore},
    caught::{caught, passed_on},
    discipline::Tasks,
    loopback,
    probe::{Missing, io_uring},
    schedule::SleepingTicker,
    thread_bound::ThreadBound,
    thread_per_core::{Inbox, Workers},
};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use glommio::{
    LocalExecutorBuilder, TaskQueueHandle,
    io::BufferedFile,
    net::{TcpListener, TcpStream, UdpSocket, UnixStream},
    task::JoinHandle,
};
use simul_workloads::{Buffer, Datagram, File, Listener, Runtime, Stream};
use std::{
    future::Future,
    io,
    net::{self, Shutdown, SocketAddr},
    num::NonZeroUsize,
    os::fd::{FromRawFd, IntoRawFd},
    path::Path,
    pin::Pin,
    task::{Context, Poll},
    thread,
    time::Duration,
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Glommio(Workers);

/// The port over glommio; tasks find the executor, which is their thread's.
#[derive(Clone, Copy, Debug)]
pub struct Port;

/// A join that passes the task's panic on.
pub struct Join<T>(ThreadBound<JoinHandle<thread::Result<T>>>);

impl<T> Future for Join<T> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let result = Pin::new(&mut *self.0).poll(context);
        result.map(|result| passed_on(result.expect("nobody cancels tasks here")))
    }
}

impl Runner for Glommio {
    type Runtime = Port;
    type Discipline = Tasks;

    const PROFILE: Profile = Profile {
        name: "glommio",
        describes: "glommio, a thread per core, over io_uring",
        package: Some("glommio"),
        backend: Backend::IoUring,
        one_worker: false,
        caveat: Some("dormant: the last release is of March 2024"),
    };

    fn capabilities(_workers: NonZeroUsize) -> Capabilities {
        Capabilities {
            processes: How::Absent("glommio has none"),
            intake: Intake::PerWorker,
            ..Capabilities::COMPLETION
        }
    }

    fn missing() -> Option<Missing> {
        io_uring::missing(io_uring::Wanted {
            // It panics below.
            least_lockable_bytes: 512 << 10,
            ..io_uring::PLAIN
        })
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        Workers::start("glommio", workers, serve).map(Self)
    }

    fn card(&self) -> FairnessCard {
        FairnessCard {
            workers: self.0.count(),
            backend: Self::PROFILE.backend.name().into(),
            timers: "glommio::timer, exact, time-outs of the ring".into(),
            files: "completions of the ring into buffers of its own, then a copy".into(),
            sockets: "glommio::net: the call is tried, then io_uring waits; TCP_NODELAY".into(),
            channels: "async-channel: glommio's own join two executors and no more".into(),
            locks: async_locks::BORROWED.into(),
            offload: "glommio's blocking thread, one a worker".into(),
            borrowed: vec![
                "channels, queue: async-channel".into(),
                "locks, which glommio's own do not leave their thread: async-lock".into(),
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
        self.0.hand(index, || Port.detach(task));
    }
}

fn serve(inbox: Inbox) {
    // Unbound, as by default: placement is given to the whole process.
    match LocalExecutorBuilder::default().make() {
        Ok(executor) => executor.run(async {
            glommio::spawn_local(inbox.serve()).detach();
            std::future::pending().await
        }),
        Err(error) => inbox.refuse(error.into()),
    }
}

/// Puts a task at the tail of the queue. Not `spawn_local`, which runs it at once, inside its parent's poll: a
/// task that spawned and awaited jobs which never suspend would never suspend itself, and keep all others of
/// its worker waiting, while on every other runner here they take turns.
fn queued<F: Future + 'static>(task: F) -> JoinHandle<thread::Result<F::Output>> {
    let queued = glommio::spawn_local_into(caught(task), TaskQueueHandle::default());
    queued.expect("the default queue is there as long as its executor").detach()
}

impl Runtime for Port {
    type Tcp = ThreadBound<TcpStream>;
    type Listener = ThreadBound<TcpListener>;
    type File = ThreadBound<BufferedFile>;
    type Join<T: Send + 'static> = Join<T>;
    type Sender<T: Send + 'static> = AsyncSender<T>;
    type Receiver<T: Send + 'static> = AsyncReceiver<T>;
    type Mutex<T: Send + 'static> = AsyncMutex<T>;
    type Semaphore = AsyncSemaphore;
    type QueueSender<T: Send + 'static> = AsyncSender<T>;
    type QueueReceiver<T: Send + 'static> = AsyncReceiver<T>;
    type Unix = ThreadBound<UnixStream>;
    type Udp = ThreadBound<UdpSocket>;
    type Ticker = SleepingTicker<Self>;

    fn spawn<F>(self, task: F) -> Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Join(ThreadBound::new(queued(task)))
    }

    fn detach<F>(self, task: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        drop(queued(task));
    }

    async fn offload<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        ThreadBound::new(async move { glommio::executor().spawn_blocking(work).await }).await
    }

    async fn sleep(self, duration: Duration) {
        ThreadBound::new(glommio::timer::sleep(duration)).await;
    }

    async fn yield_now(self) {
        ThreadBound::new(async { glommio::executor().yield_now().await }).await;
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
        let work = async move { Ok(work.await) };
        ThreadBound::new(glommio::timer::timeout::<_, F::Output>(limit, work)).await.ok()
    }

    async fn connect(self, to: SocketAddr) -> io::Result<Self::Tcp> {
        let connect = async move {
            let stream = TcpStream::connect(to).await?;
            stream.set_nodelay(true)?;
            Ok(ThreadBound::new(stream))
        };
        ThreadBound::new(connect).await
    }

    async fn listen(self, on: net::TcpListener) -> io::Result<Self::Listener> {
        #[expect(unsafe_code, reason = "glommio has no other way to take a listener over")]
        // SAFETY: the descriptor is open, listens, and is given away by `into_raw_fd`.
        let listener = unsafe { TcpListener::from_raw_fd(on.into_raw_fd()) };
        Ok(ThreadBound::new(listener))
    }

    async fn open(self, path: &Path) -> io::Result<Self::File> {
        let open = async move { Ok(ThreadBound::new(BufferedFile::open(path).await?)) };
        ThreadBound::new(open).await
    }

    async fn create(self, path: &Path) -> io::Result<Self::File> {
        let create = async move { Ok(ThreadBound::new(BufferedFile::create(path).await?)) };
        ThreadBound::new(create).await
    }

    async fn connect_unix(self, path: &Path) -> io::Result<Self::Unix> {
        let connect = async move { Ok(ThreadBound::new(UnixStream::connect(path).await?)) };
        ThreadBound::new(connect).await
    }

    async fn udp(self, to: SocketAddr) -> io::Result<Self::Udp> {
        let connect = async move {
            let socket = UdpSocket::bind(loopback::facing(to))?;
            socket.connect(to).await?;
            Ok(ThreadBound::new(socket))
        };
        ThreadBound::new(connect).await
    }

    fn ticker(self, period: Duration) -> Self::Ticker {
        SleepingTicker::new(self, period)
    }
}

/// The port's streams over one kind of socket: those of TCP and of Unix have the same functions and no trait for
/// all of them.
macro_rules! stream {
    ($socket:ty) => {
        impl Stream for ThreadBound<$socket> {
            #[inline]
            async fn read(&mut self, mut buffer: Buffer) -> io::Result<(usize, Buffer)> {
                let read =
                    ThreadBound::new(AsyncReadExt::read(&mut **self, buffer.window_mut())).await;
                Ok((read?, buffer))
            }

            #[inline]
            async fn write(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
                let written =
                    ThreadBound::new(AsyncWriteExt::write(&mut **self, buffer.window())).await;
                Ok((written?, buffer))
            }

            async fn end(&mut self) -> io::Result<()> {
                let end = async { Ok(<$socket>::shutdown(self, Shutdown::Write).await?) };
                ThreadBound::new(end).await
            }

            #[inline]
            async fn read_exact(&mut self, mut buffer: Buffer) -> io::Result<Buffer> {
                ThreadBound::new(AsyncReadExt::read_exact(&mut **self, buffer.window_mut()))
                    .await?;
                Ok(buffer.rewound())
            }

            #[inline]
            async fn write_all(&mut self, buffer: Buffer) -> io::Result<Buffer> {
                ThreadBound::new(AsyncWriteExt::write_all(&mut **self, buffer.window())).await?;
                Ok(buffer.rewound())
            }
        }
    };
}

stream!(TcpStream);
stream!(UnixStream);

impl Datagram for ThreadBound<UdpSocket> {
    #[inline]
    async fn send(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        let sent = ThreadBound::new(UdpSocket::send(self, buffer.window())).await;
        Ok((sent?, buffer))
    }

    #[inline]
    async fn receive(&mut self, mut buffer: Buffer) -> io::Result<(usize, Buffer)> {
        let received = ThreadBound::new(UdpSocket::recv(self, buffer.window_mut())).await;
        Ok((received?, buffer))
    }
}

impl Listener for ThreadBound<TcpListener> {
    type Tcp = ThreadBound<TcpStream>;

    async fn accept(&mut self) -> io::Result<ThreadBound<TcpStream>> {
        let accept = async {
            let stream = (**self).accept().await?;
            stream.set_nodelay(true)?;
            Ok(ThreadBound::new(stream))
        };
        ThreadBound::new(accept).await
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        Ok(self.local_addr()?)
    }
}

impl File for ThreadBound<BufferedFile> {
    async fn read_at(&mut self, mut buffer: Buffer, offset: u64) -> io::Result<(usize, Buffer)> {
        let read = async {
            let bytes = BufferedFile::read_at(self, offset, buffer.window().len()).await?;
            buffer.window_mut()[..bytes.len()].copy_from_slice(&bytes);
            io::Result::Ok(bytes.len())
        };
        let count = ThreadBound::new(read).await?;
        Ok((count, buffer))
    }

    #[inline]
    async fn write_at(&mut self, buffer: Buffer, offset: u64) -> io::Result<(usize, Buffer)> {
        // It takes a vector and does not give it back.
        let bytes = buffer.window().to_vec();
        let write = async { io::Result::Ok(BufferedFile::write_at(self, bytes, offset).await?) };
        Ok((ThreadBound::new(write).await?, buffer))
    }

    async fn sync(&mut self) -> io::Result<()> {
        ThreadBound::new(async { Ok(self.fdatasync().await?) }).await
    }
}
