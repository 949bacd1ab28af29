//! What does it cost to read a file whose content is already in memory?
//!
//! A batch: each job reads 4 KiB at an offset drawn anew, from a file that `prepare` writes, syncs and
//! reads once. Before the trial and after it the page cache is asked, page by page and without reading
//! from the disk, whether all of the file is in it; a trial that cannot prove it fails. So the disk is out
//! of the picture, and what is left is the way through the runner: a call on the worker, a blocking pool,
//! a ring.
//!
//! It cannot tell anything about disks, direct I/O, or writing. Of each 64-byte line one word is checked:
//! a digest of all 4 KiB costs three times the read (measured: 0.83 µs; one word a line 0.13 µs; the read
//! itself 0.28 µs).

use crate::{
    Buffer, Class, Digest, DirectBatch, File, Measure, Needs, ParameterError, Parameters, Profile,
    Runtime, Shape, Surroundings, Workload, draw,
    server::{Call, Route},
};
use rustix::io::{Errno, ReadWriteFlags, preadv2};
use std::{
    fs,
    io::{self, IoSliceMut, Read, Write},
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// See the module's documentation.
#[derive(Debug)]
pub struct FileRead {
    blocks: u64,
    seed: u64,
    answers: OnceLock<Vec<Digest>>,
}

/// One actor's open file and its place in the sequence.
#[derive(Debug)]
pub struct State<F> {
    file: F,
    path: PathBuf,
    buffer: Buffer,
    actor: u32,
    next: u64,
}

/// What one operation reads: a page.
const BLOCK_BYTES: usize = 4096;
/// The bytes of a cache line, of which one word is checked.
const LINE_BYTES: usize = 64;
/// What `mib` is unless told otherwise, in blocks.
const DEFAULT_BLOCKS: u64 = 32 << 8;
/// How much is written, read and asked for at a time outside of operations.
const CHUNK_BLOCKS: u64 = 256;

impl Workload for FileRead {
    type State<R: Runtime> = State<R::File>;
    type Port = DirectBatch;

    const PROFILE: Profile = Profile {
        name: "file-read",
        question: "What does it cost to read 4 KiB of a file that is already in memory?",
        class: Class::Io,
        shape: Shape::Batch,
        measure: Measure::Service,
        // Beyond the processor's second-level cache; small enough for ten trials to be alive together.
        parameters: &[("mib", "32")],
        actors: 8,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        let blocks = parameters.number("mib", 1, 4096)? * ((1 << 20) / BLOCK_BYTES as u64);
        Ok(Self { blocks, seed, answers: OnceLock::new() })
    }

    fn needs(&self, _actors: u32) -> Needs {
        Needs { files: true, ..Needs::default() }
    }

    fn prepare(&self, surroundings: &Surroundings) -> io::Result<()> {
        let path = path(surroundings)?;
        let mut file = fs::File::create(&path)?;
        for first in (0..self.blocks).step_by(CHUNK_BLOCKS as usize) {
            let chunk: Vec<u8> = (first..self.blocks.min(first + CHUNK_BLOCKS))
                .flat_map(|block| self.content(block))
                .collect();
            file.write_all(&chunk)?;
        }
        // Otherwise the kernel would write it back while others are measured.
        file.sync_all()?;
        // Now, and not during the first measured operation.
        self.answer(0);
        warm(&path)
    }

    fn verify(&self, surroundings: &Surroundings) -> io::Result<()> {
        verify_warm(&path(surroundings)?)
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let path = path(surroundings)?;
        let file = runtime.open(&path).await?;
        Ok(State { file, path, buffer: Buffer::filled(0, BLOCK_BYTES), actor, next: 0 })
    }

    async fn operation<R: Runtime>(
        &self,
        _runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let offset = self.block(state.actor, state.next) * BLOCK_BYTES as u64;
        state.next += 1;
        let mut buffer = std::mem::take(&mut state.buffer);
        // What the last read left must not pass for this one's.
        wipe(buffer.whole_mut());
        state.buffer = state.file.read_exact_at(buffer, offset).await?;
        Ok(digest(state.buffer.whole()))
    }

    async fn close<R: Runtime>(&self, runtime: R, state: Self::State<R>) -> io::Result<()> {
        // One actor asks for all: the file is the same.
        if state.actor != 0 {
            return Ok(());
        }
        runtime.offload(move || verify_warm(&state.path)).await
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        self.answer(self.block(actor, index))
    }

    /// The first page of the servers' own file: as many bytes as here, and always the same ones.
    fn call(&self) -> Result<Call, String> {
        if self.blocks != DEFAULT_BLOCKS {
            return Err("the servers' file has a length of its own: mib has no route".into());
        }
        Ok(Call::new(Route::File { bytes: BLOCK_BYTES as u64 }, Vec::new()))
    }
}

impl FileRead {
    /// Which block an operation reads.
    fn block(&self, actor: u32, index: u64) -> u64 {
        draw::below(self.blocks, self.seed, actor, index)
    }

    /// What a block of the file holds: each word depends on its place.
    fn content(&self, block: u64) -> Vec<u8> {
        let words = (BLOCK_BYTES / 8) as u64;
        (block * words..(block + 1) * words)
            .flat_map(|word| Digest::of_number(self.seed ^ word).0.to_le_bytes())
            .collect()
    }

    /// What reading a block must give. All are computed at the first call: in `prepare`.
    fn answer(&self, block: u64) -> Digest {
        let answer = |block| digest(&self.content(block));
        self.answers.get_or_init(|| (0..self.blocks).map(answer).collect())[block as usize]
    }
}

fn path(surroundings: &Surroundings) -> io::Result<PathBuf> {
    Ok(surroundings.folder()?.join("file-read.bin"))
}

/// The checked word of each line: not always the same one of the eight.
#[inline]
fn checked(line: usize) -> std::ops::Range<usize> {
    let start = line * LINE_BYTES + (line % (LINE_BYTES / 8)) * 8;
    start..start + 8
}

/// Fingerprints one word of each line.
#[inline]
fn digest(block: &[u8]) -> Digest {
    let mut words = [0; BLOCK_BYTES / LINE_BYTES * 8];
    for (line, word) in words.chunks_exact_mut(8).enumerate() {
        word.copy_from_slice(&block[checked(line)]);
    }
    Digest::of_bytes(&words)
}

/// Clears the words that are checked.
#[inline]
fn wipe(block: &mut [u8]) {
    for line in 0..BLOCK_BYTES / LINE_BYTES {
        block[checked(line)].fill(0);
    }
}

/// Reads all of the file into the page cache, and proves that it is there.
///
/// # Errors
/// As for [`verify_warm`].
fn warm(path: &Path) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BLOCKS as usize * BLOCK_BYTES];
    let mut outcome = Ok(());
    // A host that pages out what looks idle (DAMON) took pages between two steps in 2 of 36 short trials.
    for _ in 0..3 {
        let mut file = fs::File::open(path)?;
        while file.read(&mut chunk)? > 0 {}
        outcome = verify_warm(path);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// Whether all of the file is in the page cache, asked by reads that refuse to wait for the disk.
///
/// # Errors
/// `Other` when it is not, or when the file system cannot tell; else whatever the operating system says.
fn verify_warm(path: &Path) -> io::Result<()> {
    let file = fs::File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut chunk = vec![0; CHUNK_BLOCKS as usize * BLOCK_BYTES];
    let mut offset = 0;
    while offset < bytes {
        let mut slices = [IoSliceMut::new(&mut chunk)];
        match preadv2(&file, &mut slices, offset, ReadWriteFlags::NOWAIT) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            // Shorter than asked where the cache ends; the next read then says so.
            Ok(read) => offset += read as u64,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Err(io::Error::other(not_warm(path, offset))),
            Err(Errno::OPNOTSUPP) if is_in_memory(&file)? => return Ok(()),
            Err(Errno::OPNOTSUPP) => {
                return Err(io::Error::other(format!(
                    "the file system of '{}' cannot tell what is in the page cache; put the \
                     folder on another one, such as ext4, xfs or tmpfs",
                    path.display()
                )));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn not_warm(path: &Path, offset: u64) -> String {
    format!(
        "'{}' is not in the page cache at byte {offset}, so the disk would be measured; free \
         memory, use a smaller file (file-read:<mib>), or put the folder on tmpfs, which is \
         not evicted (some hosts page out what was idle for a minute)",
        path.display()
    )
}

/// Whether the file lives in a file system without a disk.
fn is_in_memory(file: &fs::File) -> io::Result<bool> {
    // TMPFS_MAGIC of the kernel's `magic.h`.
    Ok(rustix::fs::fstatfs(file)?.f_type as u64 == 0x0102_1994)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload() -> FileRead {
        FileRead { blocks: 256, seed: 5, answers: OnceLock::new() }
    }

    #[test]
    fn a_prepared_file_is_warm_and_a_dropped_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let surroundings =
            Surroundings { folder: Some(folder.path().to_owned()), ..Surroundings::default() };
        workload().prepare(&surroundings).unwrap();
        let path = path(&surroundings).unwrap();
        verify_warm(&path).unwrap();
        let file = fs::File::open(&path).unwrap();
        if is_in_memory(&file).unwrap() {
            return;
        }
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
        let error = verify_warm(&path).unwrap_err().to_string();
        assert!(error.contains("is not in the page cache at byte 0"), "{error}");
    }

    #[test]
    fn every_line_counts_and_nothing_survives_wiping() {
        let block = workload().content(3);
        let right = digest(&block);
        for line in 0..BLOCK_BYTES / LINE_BYTES {
            let mut other = block.clone();
            other[line * LINE_BYTES..(line + 1) * LINE_BYTES].fill(0);
            assert_ne!(digest(&other), right, "line {line}");
        }
        let mut wiped = block;
        wipe(&mut wiped);
        assert_eq!(digest(&wiped), digest(&[0; BLOCK_BYTES]));
    }
}
