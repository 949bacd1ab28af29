//! How are files read and written on tokio?
//!
//! On its blocking pool, as `tokio::fs` does it, but at an offset and without its extra buffer:
//! `tokio::fs::File` has no positioned read or write.

use super::passed_on;
use simul_workloads::{Buffer, File};
use std::{io, os::unix::fs::FileExt, path::Path, sync::Arc};

/// See the module's documentation.
#[derive(Debug)]
pub struct OffloadedFile(Arc<std::fs::File>);

impl OffloadedFile {
    pub(super) async fn open(path: &Path) -> io::Result<Self> {
        let file = tokio::fs::File::open(path).await?;
        Ok(Self(Arc::new(file.into_std().await)))
    }

    pub(super) async fn create(path: &Path) -> io::Result<Self> {
        let file = tokio::fs::File::create(path).await?;
        Ok(Self(Arc::new(file.into_std().await)))
    }

    /// Calls a function with the file on the pool.
    async fn offloaded<T: Send + 'static>(
        &self,
        call: impl FnOnce(&std::fs::File) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let file = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || call(&file)).await.unwrap_or_else(passed_on)
    }
}

impl File for OffloadedFile {
    async fn read_at(&mut self, mut buffer: Buffer, offset: u64) -> io::Result<(usize, Buffer)> {
        let read =
            move |file: &std::fs::File| Ok((file.read_at(buffer.window_mut(), offset)?, buffer));
        self.offloaded(read).await
    }

    async fn write_at(&mut self, buffer: Buffer, offset: u64) -> io::Result<(usize, Buffer)> {
        let write =
            move |file: &std::fs::File| Ok((file.write_at(buffer.window(), offset)?, buffer));
        self.offloaded(write).await
    }

    async fn sync(&mut self) -> io::Result<()> {
        self.offloaded(std::fs::File::sync_data).await
    }
}
