//! How are files called through a table of functions?
//!
//! As everything in [`crate::erased`]; read that first. This file must not know any runtime.

use super::{Boxed, Transfer, Whole};
use crate::{Buffer, File};
use std::{future::Future, io};

trait FileTable: Send {
    fn read_at(&mut self, buffer: Buffer, offset: u64) -> Transfer<'_>;
    fn read_exact_at(&mut self, buffer: Buffer, offset: u64) -> Whole<'_>;
    fn write_at(&mut self, buffer: Buffer, offset: u64) -> Transfer<'_>;
    fn write_all_at(&mut self, buffer: Buffer, offset: u64) -> Whole<'_>;
    fn sync(&mut self) -> Boxed<'_, io::Result<()>>;
}

impl<F: File> FileTable for F {
    fn read_at(&mut self, buffer: Buffer, offset: u64) -> Transfer<'_> {
        Box::pin(self.read_at(buffer, offset))
    }

    fn read_exact_at(&mut self, buffer: Buffer, offset: u64) -> Whole<'_> {
        Box::pin(self.read_exact_at(buffer, offset))
    }

    fn write_at(&mut self, buffer: Buffer, offset: u64) -> Transfer<'_> {
        Box::pin(self.write_at(buffer, offset))
    }

    fn write_all_at(&mut self, buffer: Buffer, offset: u64) -> Whole<'_> {
        Box::pin(self.write_all_at(buffer, offset))
    }

    fn sync(&mut self) -> Boxed<'_, io::Result<()>> {
        Box::pin(self.sync())
    }
}

/// A file of any runtime.
pub struct ErasedFile(Box<dyn FileTable>);

impl ErasedFile {
    pub(super) fn of(part: impl File) -> Self {
        Self(Box::new(part))
    }
}

impl File for ErasedFile {
    fn read_at(
        &mut self,
        buffer: Buffer,
        offset: u64,
    ) -> impl Future<Output = io::Result<(usize, Buffer)>> + Send {
        self.0.read_at(buffer, offset)
    }

    fn read_exact_at(
        &mut self,
        buffer: Buffer,
        offset: u64,
    ) -> impl Future<Output = io::Result<Buffer>> + Send {
        self.0.read_exact_at(buffer, offset)
    }

    fn write_at(
        &mut self,
        buffer: Buffer,
        offset: u64,
    ) -> impl Future<Output = io::Result<(usize, Buffer)>> + Send {
        self.0.write_at(buffer, offset)
    }

    fn write_all_at(
        &mut self,
        buffer: Buffer,
        offset: u64,
    ) -> impl Future<Output = io::Result<Buffer>> + Send {
        self.0.write_all_at(buffer, offset)
    }

    fn sync(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        self.0.sync()
    }
}
