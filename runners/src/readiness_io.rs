//! What do the runtimes share whose streams implement `futures-io`?
//!
//! Streams that say when a call would succeed, and files read on a blocking pool. Executor, timers,
//! channels and the pool itself are each runtime's own, in `catalog/`.

pub(crate) mod process;
#[cfg(any(feature = "futures", feature = "smol"))]
mod ticker;

#[cfg(any(feature = "futures", feature = "smol"))]
pub use ticker::TimerTicker;

use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use simul_workloads::{Buffer, File, Runtime, Stream};
use std::{io, os::unix::fs::FileExt, path::Path, sync::Arc};

/// A stream with `futures-io`'s traits. A type of its own, since the standard library's sockets share
/// [`crate::Part`].
#[derive(Debug)]
pub struct Ready<S>(pub S);

/// A socket that can be told that nothing more will be written. Closing, as `futures-io` calls it, does so
/// in smol and nothing at all in async-std.
pub trait Ends {
    /// Says so to the other side; never waits.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn end(&self) -> io::Result<()>;
}

impl<S: AsyncRead + AsyncWrite + Ends + Unpin + Send + 'static> Stream for Ready<S> {
    #[inline]
    async fn read(&mut self, mut buffer: Buffer) -> io::Result<(usize, Buffer)> {
        Ok((self.0.read(buffer.window_mut()).await?, buffer))
    }

    #[inline]
    async fn write(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        Ok((self.0.write(buffer.window()).await?, buffer))
    }

    async fn end(&mut self) -> io::Result<()> {
        self.0.end()
    }

    #[inline]
    async fn read_exact(&mut self, mut buffer: Buffer) -> io::Result<Buffer> {
        self.0.read_exact(buffer.window_mut()).await?;
        Ok(buffer.rewound())
    }

    #[inline]
    async fn write_all(&mut self, buffer: Buffer) -> io::Result<Buffer> {
        self.0.write_all(buffer.window()).await?;
        Ok(buffer.rewound())
    }
}

/// A file read and written by the runtime's blocking pool, at an offset: the runtimes' own files have a position and
/// a buffer in between.
#[derive(Debug)]
pub struct PoolFile<R> {
    file: Arc<std::fs::File>,
    runtime: R,
}

impl<R: Runtime> PoolFile<R> {
    /// Opens it, on the pool too.
    ///
    /// # Errors
    /// Whatever the operating system says: not found, not permitted.
    pub async fn open(runtime: R, path: &Path) -> io::Result<Self> {
        let path = path.to_owned();
        let file = runtime.offload(move || std::fs::File::open(path)).await?;
        Ok(Self { file: Arc::new(file), runtime })
    }

    /// Opens it for writing, new and empty, on the pool too.
    ///
    /// # Errors
    /// Whatever the operating system says: no such folder, not permitted.
    pub async fn create(runtime: R, path: &Path) -> io::Result<Self> {
        let path = path.to_owned();
        let file = runtime.offload(move || std::fs::File::create(path)).await?;
        Ok(Self { file: Arc::new(file), runtime })
    }
}

impl<R: Runtime> File for PoolFile<R> {
    async fn read_at(&mut self, mut buffer: Buffer, offset: u64) -> io::Result<(usize, Buffer)> {
        let file = Arc::clone(&self.file);
        let read = move || Ok((file.read_at(buffer.window_mut(), offset)?, buffer));
        self.runtime.offload(read).await
    }
    async fn write_at(&mut self, buffer: Buffer, offset: u64) -> io::Result<(usize, Buffer)> {
        let file = Arc::clone(&self.file);
        let write = move || Ok((file.write_at(buffer.window(), offset)?, buffer));
        self.runtime.offload(write).await
    }

    async fn sync(&mut self) -> io::Result<()> {
        let file = Arc::clone(&self.file);
        self.runtime.offload(move || file.sync_data()).await
    }
}
