//! How are streams and listeners called through a table of functions?
//!
//! As everything in [`crate::erased`]; read that first. This file must not know any runtime.

use super::{Boxed, Transfer, Whole};
use crate::{Buffer, Listener, Stream};
use std::{future::Future, io, net::SocketAddr};

trait StreamTable: Send {
    fn read(&mut self, buffer: Buffer) -> Transfer<'_>;
    fn write(&mut self, buffer: Buffer) -> Transfer<'_>;
    fn end(&mut self) -> Boxed<'_, io::Result<()>>;
    fn read_exact(&mut self, buffer: Buffer) -> Whole<'_>;
    fn write_all(&mut self, buffer: Buffer) -> Whole<'_>;
}

impl<S: Stream> StreamTable for S {
    fn read(&mut self, buffer: Buffer) -> Transfer<'_> {
        Box::pin(self.read(buffer))
    }

    fn write(&mut self, buffer: Buffer) -> Transfer<'_> {
        Box::pin(self.write(buffer))
    }

    fn end(&mut self) -> Boxed<'_, io::Result<()>> {
        Box::pin(self.end())
    }

    fn read_exact(&mut self, buffer: Buffer) -> Whole<'_> {
        Box::pin(self.read_exact(buffer))
    }

    fn write_all(&mut self, buffer: Buffer) -> Whole<'_> {
        Box::pin(self.write_all(buffer))
    }
}

/// A stream of any runtime.
pub struct ErasedStream(Box<dyn StreamTable>);

impl ErasedStream {
    pub(super) fn of(part: impl Stream) -> Self {
        Self(Box::new(part))
    }
}

// Each is forwarded, so that the runtime's own version of it does the work.
impl Stream for ErasedStream {
    fn read(&mut self, buffer: Buffer) -> impl Future<Output = io::Result<(usize, Buffer)>> + Send {
        self.0.read(buffer)
    }

    fn write(
        &mut self,
        buffer: Buffer,
    ) -> impl Future<Output = io::Result<(usize, Buffer)>> + Send {
        self.0.write(buffer)
    }

    fn end(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        self.0.end()
    }

    fn read_exact(&mut self, buffer: Buffer) -> impl Future<Output = io::Result<Buffer>> + Send {
        self.0.read_exact(buffer)
    }

    fn write_all(&mut self, buffer: Buffer) -> impl Future<Output = io::Result<Buffer>> + Send {
        self.0.write_all(buffer)
    }
}

trait ListenerTable: Send {
    fn accept(&mut self) -> Boxed<'_, io::Result<ErasedStream>>;
    fn local_address(&self) -> io::Result<SocketAddr>;
}

impl<L: Listener> ListenerTable for L {
    fn accept(&mut self) -> Boxed<'_, io::Result<ErasedStream>> {
        Box::pin(async move { Ok(ErasedStream::of(self.accept().await?)) })
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        self.local_address()
    }
}

/// A listener of any runtime.
pub struct ErasedListener(Box<dyn ListenerTable>);

impl ErasedListener {
    pub(super) fn of(part: impl Listener) -> Self {
        Self(Box::new(part))
    }
}

impl Listener for ErasedListener {
    type Tcp = ErasedStream;

    fn accept(&mut self) -> impl Future<Output = io::Result<ErasedStream>> + Send {
        self.0.accept()
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.local_address()
    }
}
