//! Would the instrument notice? Runners with a known fault, which must each be caught.
//!
//! They are threads underneath, never listed, and used by name (`-r canary:hang`) in the project's own
//! tests. The fault sits in what they do with received bytes, so they show it on workloads with sockets.

use crate::{
    Backend, Capabilities, FairnessCard, Part, Profile, Runner,
    blocking_io::{Blocking, BlockingJoin},
    catalog::threads::{OwnThread, Threads},
    schedule::SleepingTicker,
    std_locks::{Permits, SharedReceiver},
};
use simul_workloads::{Buffer, Listener, Runtime, Stream};
use std::{
    future::Future,
    io,
    marker::PhantomData,
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    num::NonZeroUsize,
    os::unix::net::UnixStream,
    path::Path,
    process::{Command, Output},
    sync::{Mutex, mpsc},
    time::Duration,
};

/// A known fault.
pub trait Fault: Copy + Send + Sync + 'static {
    /// The canary's name, `canary:` and what it does.
    const NAME: &'static str;
    /// The fault in one sentence.
    const DESCRIBES: &'static str;

    /// What its name promises that it waits with.
    const PROMISES: Backend = Backend::Blocking;

    /// Called once, when the runner starts.
    ///
    /// # Errors
    /// When the fault cannot be prepared.
    fn at_start() -> io::Result<()> {
        Ok(())
    }

    /// Called with every message that has come back, and how many the connection has had before.
    fn at_message(_message: &mut [u8], _before: u64) {}
}

/// How many messages of a connection pass before the fault shows: past set-up, within the first slices.
const HEALTHY_MESSAGES: u64 = 100;

/// Waits for ever in the middle of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Hang;
/// Leaves a process behind that has left the process group.
#[derive(Clone, Copy, Debug)]
pub struct Stray;
/// Changes one bit of one message in a thousand.
#[derive(Clone, Copy, Debug)]
pub struct Lie;
/// Ends the process in the middle of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Die;

/// Promises a ring and waits in the system call, as a runtime does that falls back silently.
#[derive(Clone, Copy, Debug)]
pub struct Pretend;

/// The runner that waits for ever.
pub type Hangs = Canary<Hang>;
/// The runner that leaves a process behind.
pub type LeavesStrays = Canary<Stray>;
/// The runner that returns other bytes than it got.
pub type LiesAboutBytes = Canary<Lie>;
/// The runner that dies.
pub type Dies = Canary<Die>;

impl Fault for Hang {
    const NAME: &'static str = "canary:hang";
    const DESCRIBES: &'static str = "threads that wait for ever in the middle of an operation";

    fn at_message(_message: &mut [u8], before: u64) {
        if before >= HEALTHY_MESSAGES {
            // A park may end by itself.
            loop {
                std::thread::park();
            }
        }
    }
}

impl Fault for Stray {
    const NAME: &'static str = "canary:stray";
    const DESCRIBES: &'static str = "threads, and a process that leaves its group and stays";

    fn at_start() -> io::Result<()> {
        // The shell ends at once, so the sleeper's parent is gone too.
        let script = "setsid sleep 1000 </dev/null >/dev/null 2>&1 &";
        Command::new("sh").args(["-c", script]).status().map(drop)
    }
}

impl Fault for Lie {
    const NAME: &'static str = "canary:lie";
    const DESCRIBES: &'static str = "threads that change one bit of one message in a thousand";

    fn at_message(message: &mut [u8], before: u64) {
        if before % 1000 == HEALTHY_MESSAGES {
            message[0] ^= 1;
        }
    }
}

impl Fault for Die {
    const NAME: &'static str = "canary:die";
    const DESCRIBES: &'static str = "threads whose process ends in the middle of an operation";

    fn at_message(_message: &mut [u8], before: u64) {
        if before >= HEALTHY_MESSAGES {
            eprintln!("canary:die ends as it was asked to");
            std::process::exit(77);
        }
    }
}

/// The runner that waits with something else than it promises.
pub type Pretends = Canary<Pretend>;

impl Fault for Pretend {
    const NAME: &'static str = "canary:pretend";
    const DESCRIBES: &'static str = "threads that promise io_uring";
    const PROMISES: Backend = Backend::IoUring;
}

/// Threads with a fault.
#[derive(Debug)]
pub struct Canary<F> {
    threads: Threads,
    fault: PhantomData<F>,
}

impl<F: Fault> Runner for Canary<F> {
    type Runtime = Faulty<F>;
    type Discipline = <Threads as Runner>::Discipline;

    const PROFILE: Profile = Profile {
        name: F::NAME,
        describes: F::DESCRIBES,
        package: None,
        backend: F::PROMISES,
        one_worker: false,
        caveat: Some("has a fault on purpose"),
    };

    fn capabilities(workers: NonZeroUsize) -> Capabilities {
        Threads::capabilities(workers)
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        F::at_start()?;
        Ok(Self { threads: Threads::start(workers)?, fault: PhantomData })
    }

    fn card(&self) -> FairnessCard {
        FairnessCard { backend: F::PROMISES.name().into(), ..self.threads.card() }
    }

    fn runtime(&self) -> Faulty<F> {
        Faulty { sound: self.threads.runtime(), fault: PhantomData }
    }

    fn launch(&self, index: usize, task: impl Future<Output = ()> + Send + 'static) {
        self.threads.launch(index, task);
    }
}

/// The port over threads, with a fault in its connections.
#[derive(Clone, Copy, Debug)]
pub struct Faulty<F> {
    sound: Blocking<OwnThread>,
    fault: PhantomData<F>,
}

/// A connection with a fault.
#[derive(Debug)]
pub struct FaultyStream<F> {
    sound: Part<TcpStream>,
    messages: u64,
    fault: PhantomData<F>,
}

impl<F: Fault> Stream for FaultyStream<F> {
    async fn read(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        self.sound.read(buffer).await
    }

    async fn write(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        self.sound.write(buffer).await
    }

    async fn end(&mut self) -> io::Result<()> {
        self.sound.end().await
    }

    async fn write_all(&mut self, buffer: Buffer) -> io::Result<Buffer> {
        self.sound.write_all(buffer).await
    }

    async fn read_exact(&mut self, buffer: Buffer) -> io::Result<Buffer> {
        let mut buffer = self.sound.read_exact(buffer).await?;
        F::at_message(buffer.whole_mut(), self.messages);
        self.messages += 1;
        Ok(buffer)
    }
}

/// A listener whose connections are faulty.
#[derive(Debug)]
pub struct FaultyListener<F>(Part<TcpListener>, PhantomData<F>);

impl<F: Fault> Listener for FaultyListener<F> {
    type Tcp = FaultyStream<F>;

    async fn accept(&mut self) -> io::Result<FaultyStream<F>> {
        let sound = self.0.accept().await?;
        Ok(FaultyStream { sound, messages: 0, fault: PhantomData })
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.local_address()
    }
}

impl<F: Fault> Runtime for Faulty<F> {
    type Tcp = FaultyStream<F>;
    type Listener = FaultyListener<F>;
    type File = Part<std::fs::File>;
    type Join<T: Send + 'static> = BlockingJoin<T>;
    type Sender<T: Send + 'static> = Part<mpsc::SyncSender<T>>;
    type Receiver<T: Send + 'static> = Part<mpsc::Receiver<T>>;
    type Mutex<T: Send + 'static> = Part<Mutex<T>>;
    type Semaphore = Permits;
    type QueueSender<T: Send + 'static> = Part<mpsc::SyncSender<T>>;
    type QueueReceiver<T: Send + 'static> = SharedReceiver<T>;
    type Unix = Part<UnixStream>;
    type Udp = Part<UdpSocket>;
    type Ticker = SleepingTicker<Blocking<OwnThread>>;

    fn spawn<G>(self, task: G) -> BlockingJoin<G::Output>
    where
        G: Future<Output: Send + 'static> + Send + 'static,
    {
        self.sound.spawn(task)
    }

    fn detach<G>(self, task: G)
    where
        G: Future<Output: Send + 'static> + Send + 'static,
    {
        self.sound.detach(task);
    }

    async fn offload<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.sound.offload(work).await
    }

    async fn sleep(self, duration: Duration) {
        self.sound.sleep(duration).await;
    }

    async fn yield_now(self) {
        self.sound.yield_now().await;
    }

    fn channel<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Part<mpsc::SyncSender<T>>, Part<mpsc::Receiver<T>>) {
        self.sound.channel(capacity)
    }

    fn mutex<T: Send + 'static>(self, value: T) -> Part<Mutex<T>> {
        self.sound.mutex(value)
    }

    fn semaphore(self, permits: usize) -> Permits {
        self.sound.semaphore(permits)
    }

    fn queue<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Part<mpsc::SyncSender<T>>, SharedReceiver<T>) {
        self.sound.queue(capacity)
    }

    async fn timeout<G>(self, limit: Duration, work: G) -> Option<G::Output>
    where
        G: Future<Output: Send + 'static> + Send,
    {
        self.sound.timeout(limit, work).await
    }

    async fn connect(self, to: SocketAddr) -> io::Result<FaultyStream<F>> {
        let sound = self.sound.connect(to).await?;
        Ok(FaultyStream { sound, messages: 0, fault: PhantomData })
    }

    async fn listen(self, on: TcpListener) -> io::Result<FaultyListener<F>> {
        Ok(FaultyListener(self.sound.listen(on).await?, PhantomData))
    }

    async fn open(self, path: &Path) -> io::Result<Part<std::fs::File>> {
        self.sound.open(path).await
    }

    async fn create(self, path: &Path) -> io::Result<Self::File> {
        self.sound.create(path).await
    }

    async fn connect_unix(self, path: &Path) -> io::Result<Self::Unix> {
        self.sound.connect_unix(path).await
    }

    async fn udp(self, to: SocketAddr) -> io::Result<Self::Udp> {
        self.sound.udp(to).await
    }

    async fn run(self, program: &Path, arguments: &[&str], input: Vec<u8>) -> io::Result<Output> {
        self.sound.run(program, arguments, input).await
    }

    fn ticker(self, period: Duration) -> Self::Ticker {
        self.sound.ticker(period)
    }
}
