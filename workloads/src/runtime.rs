//! The port: what may a workload ask of whatever executes it?
//!
//! A workload is generic over [`Runtime`] and knows nothing else. Every future is `Send`, so one plain
//! generic `async fn` serves all runtimes; those whose parts are bound to a thread wrap them in a
//! checked cell that is `Send`. Blocking runners finish inside the first poll. Buffers are owned and
//! come back with the result, so that completion-based I/O runs natively.
//!
//! This file must not know any runtime. Next: [`crate::workload`]; implementations stand in
//! `runners/src/catalog/`.

mod neighbours;

pub use neighbours::{Datagram, Ticker};

use crate::{Buffer, Mutex, Semaphore};
use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Output,
    time::Duration,
};

/// A handle to whatever executes the work: small, `Copy`, passed by value to every task.
///
/// Implementors use the runtime's own sockets, timers, files, channels and blocking pool; what they
/// borrow from another crate is named in the runner's fairness card.
pub trait Runtime: Copy + Send + Sync + 'static {
    /// A connected TCP socket with `TCP_NODELAY` set.
    type Tcp: Stream;
    /// A listening TCP socket.
    type Listener: Listener<Tcp = Self::Tcp>;
    /// An open file.
    type File: File;
    /// The result of a spawned task; a panic of the task is a panic of whoever awaits it.
    type Join<T: Send + 'static>: Future<Output = T> + Send;
    /// The sending half of a bounded channel.
    type Sender<T: Send + 'static>: Sender<T>;
    /// The receiving half of a bounded channel.
    type Receiver<T: Send + 'static>: Receiver<T>;
    /// A lock around a value.
    type Mutex<T: Send + 'static>: Mutex<T>;
    /// A number of permits.
    type Semaphore: Semaphore;
    /// The giving end of a queue of many to many.
    type QueueSender<T: Send + 'static>: Sender<T>;
    /// The taking end of a queue of many to many.
    type QueueReceiver<T: Send + 'static>: Receiver<T> + Clone;
    /// A connected Unix stream socket.
    type Unix: Stream;
    /// A connected datagram socket.
    type Udp: Datagram;
    /// What wakes at a fixed rate.
    type Ticker: Ticker;

    /// Starts a task beside the current one. Dropping the join is not specified (some runtimes cancel,
    /// others go on): await it, or use [`Runtime::detach`].
    fn spawn<F>(self, task: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;

    /// Starts a task that nobody awaits and that runs to its end.
    fn detach<F>(self, task: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static;

    /// Runs CPU-heavy or blocking code the way this runtime wants it run: on its blocking pool, or at
    /// once where the caller may block anyway.
    fn offload<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send;

    /// Waits at least `duration`, by the runtime's own timer.
    fn sleep(self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// Lets others run once.
    fn yield_now(self) -> impl Future<Output = ()> + Send;

    /// A bounded channel for `capacity` items, at least 1.
    fn channel<T: Send + 'static>(self, capacity: usize) -> (Self::Sender<T>, Self::Receiver<T>);

    /// A lock around a value, free at first.
    fn mutex<T: Send + 'static>(self, value: T) -> Self::Mutex<T>;

    /// So many permits, at least 1.
    fn semaphore(self, permits: usize) -> Self::Semaphore;

    /// A bounded queue for `capacity` items, at least 1, which many fill and many empty: each item comes to one
    /// of the takers.
    fn queue<T: Send + 'static>(
        self,
        capacity: usize,
    ) -> (Self::QueueSender<T>, Self::QueueReceiver<T>);

    /// Does two things that do not wait for each other, and is done when both are. Where the runtime has no way
    /// of its own, `left` is a task, and whoever forks does `right` meanwhile.
    fn fork<L, R>(self, left: L, right: R) -> impl Future<Output = (L::Output, R::Output)> + Send
    where
        L: Future<Output: Send + 'static> + Send + 'static,
        R: Future<Output: Send + 'static> + Send + 'static,
    {
        async move {
            let left = self.spawn(left);
            let right = right.await;
            (left.await, right)
        }
    }

    /// Gives `work` so much time; `None` when it took longer and was given up: it is dropped where it waits, and
    /// nothing of it happens any more. A runner that cannot give up work says so in its capabilities; there it
    /// goes on to its end, and comes out.
    fn timeout<F>(self, limit: Duration, work: F) -> impl Future<Output = Option<F::Output>> + Send
    where
        F: Future<Output: Send + 'static> + Send;

    /// Opens a connection.
    ///
    /// # Errors
    /// Whatever the operating system says: refused, unreachable, no descriptor left.
    fn connect(self, to: SocketAddr) -> impl Future<Output = io::Result<Self::Tcp>> + Send;

    /// Makes a listening socket the runtime's own. Whoever serves opens the socket, so that what is not the
    /// runtime's doing (the length of the queue, whether the port is shared) is the same for all.
    ///
    /// # Errors
    /// Whatever the operating system says, for instance no memory for one more registration.
    fn listen(self, on: TcpListener) -> impl Future<Output = io::Result<Self::Listener>> + Send;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// Whatever the operating system says: not found, not permitted.
    fn open(self, path: &Path) -> impl Future<Output = io::Result<Self::File>> + Send;

    /// Opens a file for writing, new and empty; what was there is gone.
    ///
    /// # Errors
    /// Whatever the operating system says: no such folder, not permitted.
    fn create(self, path: &Path) -> impl Future<Output = io::Result<Self::File>> + Send;

    /// Opens a connection to a Unix stream socket.
    ///
    /// # Errors
    /// Whatever the operating system says: nobody listens, no descriptor left.
    fn connect_unix(self, path: &Path) -> impl Future<Output = io::Result<Self::Unix>> + Send;

    /// Opens a datagram socket, bound to a loopback address and connected to `to`.
    ///
    /// # Errors
    /// Whatever the operating system says: no descriptor or port left.
    fn udp(self, to: SocketAddr) -> impl Future<Output = io::Result<Self::Udp>> + Send;

    /// Starts a program, writes `input` to its standard input and closes it, reads all of its standard output,
    /// both at the same time, and waits for its end. Its standard error goes nowhere. A program that ends
    /// without reading all of its input is no error. Runtimes that have no processes keep this function, and
    /// say so in their capabilities.
    ///
    /// # Errors
    /// Whatever the operating system says: no such program, no process or descriptor left.
    fn run(
        self,
        program: &Path,
        _arguments: &[&str],
        _input: Vec<u8>,
    ) -> impl Future<Output = io::Result<Output>> + Send {
        let error = format!("this runtime starts no programs, nor '{}'", program.display());
        async { Err(io::Error::new(io::ErrorKind::Unsupported, error)) }
    }

    /// Starts to tick, one `period` from now and then at multiples of it; `period` is at least 1 µs.
    fn ticker(self, period: Duration) -> Self::Ticker;
}

/// A byte stream over owned buffers.
///
/// The buffer is lost when an operation fails; an error ends the connection anyway.
pub trait Stream: Send + 'static {
    /// Reads some bytes into the buffer's window; 0 bytes mean the end.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn read(&mut self, buffer: Buffer) -> impl Future<Output = io::Result<(usize, Buffer)>> + Send;

    /// Writes some bytes of the buffer's window.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn write(&mut self, buffer: Buffer)
    -> impl Future<Output = io::Result<(usize, Buffer)>> + Send;

    /// Says that nothing more will be written; reading goes on. A server that refuses a request while its
    /// client still sends could otherwise not deliver the refusal: the kernel would reset the connection.
    ///
    /// # Errors
    /// Whatever the operating system says, for instance that the other side is gone.
    fn end(&mut self) -> impl Future<Output = io::Result<()>> + Send;

    /// Fills the window and returns the buffer rewound. Runtimes forward to their own version of it:
    /// this loop costs up to 1 % more CPU per echo.
    ///
    /// # Errors
    /// `UnexpectedEof` when the stream ends early, else whatever the operating system says.
    fn read_exact(
        &mut self,
        mut buffer: Buffer,
    ) -> impl Future<Output = io::Result<Buffer>> + Send {
        async move {
            while !buffer.window().is_empty() {
                let (bytes, back) = self.read(buffer).await?;
                buffer = back;
                buffer.advance(bytes)?;
            }
            Ok(buffer.rewound())
        }
    }

    /// Writes the whole window and returns the buffer rewound.
    ///
    /// # Errors
    /// `UnexpectedEof` when the stream accepts no more, else whatever the operating system says.
    fn write_all(&mut self, mut buffer: Buffer) -> impl Future<Output = io::Result<Buffer>> + Send {
        async move {
            while !buffer.window().is_empty() {
                let (bytes, back) = self.write(buffer).await?;
                buffer = back;
                buffer.advance(bytes)?;
            }
            Ok(buffer.rewound())
        }
    }
}

/// A listening socket.
pub trait Listener: Send + 'static {
    /// What it accepts.
    type Tcp: Stream;

    /// Waits for the next connection.
    ///
    /// # Errors
    /// Whatever the operating system says, for instance no descriptor left.
    fn accept(&mut self) -> impl Future<Output = io::Result<Self::Tcp>> + Send;

    /// The address it listens on, with the port that the system chose.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn local_address(&self) -> io::Result<SocketAddr>;
}

/// A file that is read or written at given places.
pub trait File: Send + 'static {
    /// Reads some bytes at `offset` into the buffer's window; 0 bytes mean the end.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn read_at(
        &mut self,
        buffer: Buffer,
        offset: u64,
    ) -> impl Future<Output = io::Result<(usize, Buffer)>> + Send;

    /// Fills the window from `offset` on and returns the buffer rewound.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends early, else whatever the operating system says.
    fn read_exact_at(
        &mut self,
        mut buffer: Buffer,
        mut offset: u64,
    ) -> impl Future<Output = io::Result<Buffer>> + Send {
        async move {
            while !buffer.window().is_empty() {
                let (bytes, back) = self.read_at(buffer, offset).await?;
                buffer = back;
                buffer.advance(bytes)?;
                offset += bytes as u64;
            }
            Ok(buffer.rewound())
        }
    }

    /// Writes some bytes of the buffer's window at `offset`.
    ///
    /// # Errors
    /// Whatever the operating system says: no space left, not opened for writing.
    fn write_at(
        &mut self,
        buffer: Buffer,
        offset: u64,
    ) -> impl Future<Output = io::Result<(usize, Buffer)>> + Send;

    /// Writes the whole window from `offset` on and returns the buffer rewound.
    ///
    /// # Errors
    /// As for [`File::write_at`].
    fn write_all_at(
        &mut self,
        mut buffer: Buffer,
        mut offset: u64,
    ) -> impl Future<Output = io::Result<Buffer>> + Send {
        async move {
            while !buffer.window().is_empty() {
                let (bytes, back) = self.write_at(buffer, offset).await?;
                buffer = back;
                buffer.advance(bytes)?;
                offset += bytes as u64;
            }
            Ok(buffer.rewound())
        }
    }

    /// Waits until the disk has what was written, and of the rest what is needed to read it: `fdatasync`.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn sync(&mut self) -> impl Future<Output = io::Result<()>> + Send;
}

/// The sending half of a channel.
pub trait Sender<T>: Clone + Send + 'static {
    /// Hands an item over, waiting for room; `false` when the receiver is gone.
    fn send(&mut self, item: T) -> impl Future<Output = bool> + Send;
}

/// The receiving half of a channel.
pub trait Receiver<T>: Send + 'static {
    /// Waits for the next item; `None` when all senders are gone and nothing is left.
    fn receive(&mut self) -> impl Future<Output = Option<T>> + Send;
}
