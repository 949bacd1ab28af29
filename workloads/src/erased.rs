//! What if a workload is compiled once, and not anew for every runner?
//!
//! [`ErasedRuntime`] is a port like any other, behind which stands one that is known only at run time: every
//! call goes through a table of functions, and what it returns is a boxed future. The runner's own parts do the
//! work, as ever; a call costs an allocation and an indirect call or two more, on every runner (what that is in time:
//! `cargo bench -p simul-runners --bench micro`, "yield, erased" beside "yield"). Workloads choose it by
//! [`Workload::Port`](crate::Workload::Port), where an operation is long enough for that not to matter.
//!
//! This file must not know any runtime, nor who chooses. Next: `runners/src/executor.rs`.

mod files;
mod neighbours;
mod sockets;

pub use files::ErasedFile;
pub use neighbours::{ErasedDatagram, ErasedTicker};
pub use sockets::{ErasedListener, ErasedStream};

use crate::{
    Buffer, Receiver, Runtime, Sender,
    erased_locks::{
        ErasedMutex, ErasedQueueReceiver, ErasedSemaphore, MutexTable, QueueReceiverTable,
        SemaphoreTable,
    },
};
use neighbours::TickerTable;
use std::{
    any::Any,
    fmt,
    future::Future,
    io,
    marker::PhantomData,
    net::{SocketAddr, TcpListener},
    path::Path,
    pin::Pin,
    process::Output,
    task::{Context, Poll},
    time::Duration,
};

/// A future of which only the output is known.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A value whose type both ends know.
pub(crate) type Parcel = Box<dyn Any + Send>;

/// A port that is known only at run time.
#[derive(Clone, Copy)]
pub struct ErasedRuntime(&'static dyn Table);

impl ErasedRuntime {
    /// Hides a port. Its handle, a few bytes, is kept to the end of the process: once in a trial.
    #[must_use]
    pub fn of<R: Runtime>(runtime: R) -> Self {
        Self(Box::leak(Box::new(runtime)))
    }
}

impl fmt::Debug for ErasedRuntime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ErasedRuntime")
    }
}

/// The port as a table of functions.
trait Table: Send + Sync {
    fn spawn(&self, task: Boxed<'static, Parcel>) -> Boxed<'static, Parcel>;
    fn detach(&self, task: Boxed<'static, ()>);
    fn offload(&self, work: Box<dyn FnOnce() -> Parcel + Send>) -> Boxed<'static, Parcel>;
    fn sleep(&self, duration: Duration) -> Boxed<'static, ()>;
    fn yield_now(&self) -> Boxed<'static, ()>;
    fn channel(&self, capacity: usize) -> (Box<dyn SenderTable>, Box<dyn ReceiverTable>);
    fn mutex(&self, value: Parcel) -> Box<dyn MutexTable>;
    fn semaphore(&self, permits: usize) -> Box<dyn SemaphoreTable>;
    fn queue(&self, capacity: usize) -> (Box<dyn SenderTable>, Box<dyn QueueReceiverTable>);
    fn fork(
        &self,
        left: Boxed<'static, Parcel>,
        right: Boxed<'static, Parcel>,
    ) -> Boxed<'static, (Parcel, Parcel)>;
    fn timeout<'a>(&self, limit: Duration, work: Boxed<'a, Parcel>) -> Boxed<'a, Option<Parcel>>;
    fn connect(&self, to: SocketAddr) -> Boxed<'static, io::Result<ErasedStream>>;
    fn listen(&self, on: TcpListener) -> Boxed<'static, io::Result<ErasedListener>>;
    fn open<'a>(&self, path: &'a Path) -> Boxed<'a, io::Result<ErasedFile>>;
    fn create<'a>(&self, path: &'a Path) -> Boxed<'a, io::Result<ErasedFile>>;
    fn connect_unix<'a>(&self, path: &'a Path) -> Boxed<'a, io::Result<ErasedStream>>;
    fn udp(&self, to: SocketAddr) -> Boxed<'static, io::Result<ErasedDatagram>>;
    fn run<'a>(
        &self,
        program: &'a Path,
        arguments: &'a [&'a str],
        input: Vec<u8>,
    ) -> Boxed<'a, io::Result<Output>>;
    fn ticker(&self, period: Duration) -> Box<dyn TickerTable>;
}

impl<R: Runtime> Table for R {
    fn spawn(&self, task: Boxed<'static, Parcel>) -> Boxed<'static, Parcel> {
        Box::pin((*self).spawn(task))
    }

    fn detach(&self, task: Boxed<'static, ()>) {
        (*self).detach(task);
    }

    fn offload(&self, work: Box<dyn FnOnce() -> Parcel + Send>) -> Boxed<'static, Parcel> {
        Box::pin((*self).offload(work))
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        Box::pin((*self).sleep(duration))
    }

    fn yield_now(&self) -> Boxed<'static, ()> {
        Box::pin((*self).yield_now())
    }

    fn channel(&self, capacity: usize) -> (Box<dyn SenderTable>, Box<dyn ReceiverTable>) {
        let (sender, receiver) = (*self).channel(capacity);
        (Box::new(sender), Box::new(receiver))
    }

    fn mutex(&self, value: Parcel) -> Box<dyn MutexTable> {
        Box::new((*self).mutex(value))
    }

    fn semaphore(&self, permits: usize) -> Box<dyn SemaphoreTable> {
        Box::new((*self).semaphore(permits))
    }

    fn queue(&self, capacity: usize) -> (Box<dyn SenderTable>, Box<dyn QueueReceiverTable>) {
        let (sender, receiver) = (*self).queue(capacity);
        (Box::new(sender), Box::new(receiver))
    }

    fn fork(
        &self,
        left: Boxed<'static, Parcel>,
        right: Boxed<'static, Parcel>,
    ) -> Boxed<'static, (Parcel, Parcel)> {
        Box::pin((*self).fork(left, right))
    }

    fn timeout<'a>(&self, limit: Duration, work: Boxed<'a, Parcel>) -> Boxed<'a, Option<Parcel>> {
        Box::pin((*self).timeout(limit, work))
    }

    fn connect(&self, to: SocketAddr) -> Boxed<'static, io::Result<ErasedStream>> {
        let runtime = *self;
        Box::pin(async move { Ok(ErasedStream::of(runtime.connect(to).await?)) })
    }

    fn listen(&self, on: TcpListener) -> Boxed<'static, io::Result<ErasedListener>> {
        let runtime = *self;
        Box::pin(async move { Ok(ErasedListener::of(runtime.listen(on).await?)) })
    }

    fn open<'a>(&self, path: &'a Path) -> Boxed<'a, io::Result<ErasedFile>> {
        let runtime = *self;
        Box::pin(async move { Ok(ErasedFile::of(runtime.open(path).await?)) })
    }

    fn create<'a>(&self, path: &'a Path) -> Boxed<'a, io::Result<ErasedFile>> {
        let runtime = *self;
        Box::pin(async move { Ok(ErasedFile::of(runtime.create(path).await?)) })
    }

    fn connect_unix<'a>(&self, path: &'a Path) -> Boxed<'a, io::Result<ErasedStream>> {
        let runtime = *self;
        Box::pin(async move { Ok(ErasedStream::of(runtime.connect_unix(path).await?)) })
    }

    fn udp(&self, to: SocketAddr) -> Boxed<'static, io::Result<ErasedDatagram>> {
        let runtime = *self;
        Box::pin(async move { Ok(ErasedDatagram::of(runtime.udp(to).await?)) })
    }

    fn run<'a>(
        &self,
        program: &'a Path,
        arguments: &'a [&'a str],
        input: Vec<u8>,
    ) -> Boxed<'a, io::Result<Output>> {
        Box::pin((*self).run(program, arguments, input))
    }

    fn ticker(&self, period: Duration) -> Box<dyn TickerTable> {
        Box::new((*self).ticker(period))
    }
}

/// A future whose output is packed.
fn packed<'a, F>(work: F) -> Boxed<'a, Parcel>
where
    F: Future<Output: Send + 'static> + Send + 'a,
{
    Box::pin(async move { Box::new(work.await) as Parcel })
}

/// Opens a parcel. Only what this file has packed is opened, with the type that it was packed with.
pub(crate) fn unpacked<T: 'static>(parcel: Parcel) -> T {
    *parcel.downcast().unwrap_or_else(|_| unreachable!("a parcel holds what was put into it"))
}

/// The result of a task.
pub struct ErasedJoin<T> {
    join: Boxed<'static, Parcel>,
    result: PhantomData<fn() -> T>,
}

impl<T: 'static> Future for ErasedJoin<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.join.as_mut().poll(context).map(unpacked)
    }
}

impl Runtime for ErasedRuntime {
    type Tcp = ErasedStream;
    type Listener = ErasedListener;
    type File = ErasedFile;
    type Join<T: Send + 'static> = ErasedJoin<T>;
    type Sender<T: Send + 'static> = ErasedSender<T>;
    type Receiver<T: Send + 'static> = ErasedReceiver<T>;
    type Mutex<T: Send + 'static> = ErasedMutex<T>;
    type Semaphore = ErasedSemaphore;
    type QueueSender<T: Send + 'static> = ErasedSender<T>;
    type QueueReceiver<T: Send + 'static> = ErasedQueueReceiver<T>;
    type Unix = ErasedStream;
    type Udp = ErasedDatagram;
    type Ticker = ErasedTicker;

    fn spawn<F>(self, task: F) -> ErasedJoin<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        ErasedJoin { join: self.0.spawn(packed(task)), result: PhantomData }
    }

    fn detach<F>(self, task: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.detach(Box::pin(async move { drop(task.await) }));
    }

    async fn offload<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> T {
        unpacked(self.0.offload(Box::new(|| Box::new(work()))).await)
    }

    fn sleep(self, duration: Duration) -> impl Future<Output = ()> + Send {
        self.0.sleep(duration)
    }

    fn yield_now(self) -> impl Future<Output = ()> + Send {
        self.0.yield_now()
    }

    fn channel<T: Send + 'static>(self, capacity: usize) -> (ErasedSender<T>, ErasedReceiver<T>) {
        let (sender, receiver) = self.0.channel(capacity);
        (
            ErasedSender { table: sender, item: PhantomData },
            ErasedReceiver { table: receiver, item: PhantomData },
        )
    }

    fn mutex<T: Send + 'static>(self, value: T) -> ErasedMutex<T> {
        ErasedMutex::new(self.0.mutex(Box::new(value)))
    }

    fn semaphore(self, permits: usize) -> ErasedSemaphore {
        ErasedSemaphore::new(self.0.semaphore(permits))
    }

    fn queue<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (ErasedSender<T>, ErasedQueueReceiver<T>) {
        let (sender, receiver) = self.0.queue(capacity);
        (ErasedSender { table: sender, item: PhantomData }, ErasedQueueReceiver::new(receiver))
    }

    async fn fork<L, R>(self, left: L, right: R) -> (L::Output, R::Output)
    where
        L: Future<Output: Send + 'static> + Send + 'static,
        R: Future<Output: Send + 'static> + Send + 'static,
    {
        let (left, right) = self.0.fork(packed(left), packed(right)).await;
        (unpacked(left), unpacked(right))
    }

    async fn timeout<F>(self, limit: Duration, work: F) -> Option<F::Output>
    where
        F: Future<Output: Send + 'static> + Send,
    {
        self.0.timeout(limit, packed(work)).await.map(unpacked)
    }

    fn connect(self, to: SocketAddr) -> impl Future<Output = io::Result<ErasedStream>> + Send {
        self.0.connect(to)
    }

    fn listen(self, on: TcpListener) -> impl Future<Output = io::Result<ErasedListener>> + Send {
        self.0.listen(on)
    }

    fn open(self, path: &Path) -> impl Future<Output = io::Result<ErasedFile>> + Send {
        self.0.open(path)
    }

    fn create(self, path: &Path) -> impl Future<Output = io::Result<ErasedFile>> + Send {
        self.0.create(path)
    }

    fn connect_unix(self, path: &Path) -> impl Future<Output = io::Result<ErasedStream>> + Send {
        self.0.connect_unix(path)
    }

    fn udp(self, to: SocketAddr) -> impl Future<Output = io::Result<ErasedDatagram>> + Send {
        self.0.udp(to)
    }

    async fn run(self, program: &Path, arguments: &[&str], input: Vec<u8>) -> io::Result<Output> {
        self.0.run(program, arguments, input).await
    }

    fn ticker(self, period: Duration) -> ErasedTicker {
        ErasedTicker::of(self.0.ticker(period))
    }
}

type Transfer<'a> = Boxed<'a, io::Result<(usize, Buffer)>>;
type Whole<'a> = Boxed<'a, io::Result<Buffer>>;

pub(crate) trait SenderTable: Send {
    fn send(&mut self, item: Parcel) -> Boxed<'_, bool>;
    fn copy(&self) -> Box<dyn SenderTable>;
}

impl<S: Sender<Parcel>> SenderTable for S {
    fn send(&mut self, item: Parcel) -> Boxed<'_, bool> {
        Box::pin(self.send(item))
    }

    fn copy(&self) -> Box<dyn SenderTable> {
        Box::new(self.clone())
    }
}

/// The sending half of a channel of any runtime.
pub struct ErasedSender<T> {
    table: Box<dyn SenderTable>,
    item: PhantomData<fn(T)>,
}

impl<T> Clone for ErasedSender<T> {
    fn clone(&self) -> Self {
        Self { table: self.table.copy(), item: PhantomData }
    }
}

impl<T: Send + 'static> Sender<T> for ErasedSender<T> {
    fn send(&mut self, item: T) -> impl Future<Output = bool> + Send {
        self.table.send(Box::new(item))
    }
}

pub(crate) trait ReceiverTable: Send {
    fn receive(&mut self) -> Boxed<'_, Option<Parcel>>;
}

impl<R: Receiver<Parcel>> ReceiverTable for R {
    fn receive(&mut self) -> Boxed<'_, Option<Parcel>> {
        Box::pin(self.receive())
    }
}

/// The receiving half of a channel of any runtime.
pub struct ErasedReceiver<T> {
    table: Box<dyn ReceiverTable>,
    item: PhantomData<fn() -> T>,
}

impl<T: Send + 'static> Receiver<T> for ErasedReceiver<T> {
    async fn receive(&mut self) -> Option<T> {
        self.table.receive().await.map(unpacked)
    }
}
