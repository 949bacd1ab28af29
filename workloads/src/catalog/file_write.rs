//! What does it cost to append to a file, and to have it on the disk?
//!
//! A batch: each operation appends one record to the actor's own file, at the place where the last one ended, and
//! with `fsync=true` waits until the disk has it (`fdatasync`). A file that has reached `mib` is replaced by a new
//! one, as a log is rotated; that is one operation of a thousand or more, and part of it. Each slice begins with a
//! new file.
//!
//! Records carry the actor and the number of the operation in every 64 bytes. When a slice begins, and at the end,
//! the last file is read, by ordinary blocking calls off the workers: its length and the digest of all that is in
//! it must be those of all records since it was made, each in its place.
//!
//! Without `fsync` the disk is out of the picture: what is measured is the way through the runner into the page
//! cache. With it, it is the disk and the file system that are measured, on every runner alike; a file system in
//! memory has no disk to wait for, so there it is refused. It cannot tell how a runner writes large pieces.

use crate::{
    Buffer, Class, Digest, DirectBatch, File, Measure, Needs, ParameterError, Parameters, Profile,
    Runtime, Shape, Surroundings, Workload,
};
use std::{
    io,
    path::{Path, PathBuf},
};

/// See the module's documentation.
#[derive(Debug)]
pub struct FileWrite {
    bytes: usize,
    fsync: bool,
    /// How many records a file has at most.
    records: u64,
}

/// One actor's file and its place in the sequence.
#[derive(Debug)]
pub struct State<F> {
    file: F,
    path: PathBuf,
    buffer: Buffer,
    actor: u32,
    /// The number of the file's first record.
    first: u64,
    next: u64,
}

/// So many bytes carry actor and operation anew; what is shorter than that at the end carries a part of it.
const LINE_BYTES: usize = 64;

impl Workload for FileWrite {
    type State<R: Runtime> = State<R::File>;
    type Port = DirectBatch;

    const PROFILE: Profile = Profile {
        name: "file-write",
        question: "What does it cost to append to a file, and to have it on the disk?",
        class: Class::Io,
        shape: Shape::Batch,
        measure: Measure::Service,
        // A line of a log. So small a file that ten trials of eight actors fit into memory.
        parameters: &[("bytes", "512"), ("fsync", "false"), ("mib", "1")],
        actors: 8,
        figures: &[],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        // The number of a record and its actor must be in it.
        let bytes = parameters.number("bytes", 16, 1 << 20)?;
        let fsync = parameters.flag("fsync")?;
        let mib = parameters.number("mib", 1, 1024)?;
        Ok(Self { bytes: bytes as usize, fsync, records: (mib << 20) / bytes })
    }

    fn needs(&self, actors: u32) -> Needs {
        Needs { files: true, descriptors: 2 * u64::from(actors), ..Needs::default() }
    }

    fn prepare(&self, surroundings: &Surroundings) -> io::Result<()> {
        let folder = surroundings.folder()?;
        if self.fsync && is_in_memory(folder)? {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!(
                    "'{}' is in memory, and there is no disk to wait for; set TMPDIR to a folder on one",
                    folder.display()
                ),
            ));
        }
        Ok(())
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let path = surroundings.folder()?.join(format!("file-write-{actor}"));
        let file = runtime.create(&path).await?;
        let buffer = Buffer::filled(0, self.bytes);
        Ok(State { file, path, buffer, actor, first: 0, next: 0 })
    }

    async fn begin<R: Runtime>(&self, runtime: R, state: &mut Self::State<R>) -> io::Result<()> {
        runtime.offload(self.proof(state)).await?;
        self.renew(runtime, state).await
    }

    async fn operation<R: Runtime>(
        &self,
        runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        if state.next - state.first == self.records {
            self.renew(runtime, state).await?;
        }
        let mut buffer = std::mem::take(&mut state.buffer);
        let offset = (state.next - state.first) * self.bytes as u64;
        fill(buffer.whole_mut(), state.actor, state.next);
        buffer = state.file.write_all_at(buffer, offset).await?;
        if self.fsync {
            state.file.sync().await?;
        }
        state.buffer = buffer;
        let digest = appended(state.actor, state.next, self.bytes);
        state.next += 1;
        Ok(digest)
    }

    async fn close<R: Runtime>(&self, runtime: R, state: Self::State<R>) -> io::Result<()> {
        runtime.offload(self.proof(&state)).await
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        appended(actor, index, self.bytes)
    }
}

impl FileWrite {
    /// Begins a new file in the place of the last one.
    async fn renew<R: Runtime>(&self, runtime: R, state: &mut State<R::File>) -> io::Result<()> {
        state.file = runtime.create(&state.path).await?;
        state.first = state.next;
        Ok(())
    }

    /// Proves that the file has all records, and nothing else.
    fn proof<F>(&self, state: &State<F>) -> Box<dyn FnOnce() -> io::Result<()> + Send> {
        let (path, actor, bytes) = (state.path.clone(), state.actor, self.bytes);
        let numbers = state.first..state.next;
        Box::new(move || verify(&path, actor, bytes, numbers))
    }
}

/// Compares a file with the records that it must have.
///
/// # Errors
/// `InvalidData` when it differs, else whatever the operating system says.
fn verify(path: &Path, actor: u32, bytes: usize, numbers: std::ops::Range<u64>) -> io::Result<()> {
    let content = std::fs::read(path)?;
    let wanted: Vec<u8> = numbers
        .flat_map(|number| {
            let line = [u64::from(actor).to_le_bytes(), number.to_le_bytes()].concat();
            line.into_iter().chain([0; LINE_BYTES - 16]).cycle().take(bytes)
        })
        .collect();
    let differs = |what: String| {
        let text = format!("'{}' is not what was appended to it: {what}", path.display());
        Err(io::Error::new(io::ErrorKind::InvalidData, text))
    };
    if content.len() != wanted.len() {
        return differs(format!("{} bytes, and not {}", content.len(), wanted.len()));
    }
    if Digest::of_bytes(&content) != Digest::of_bytes(&wanted) {
        let at = content.iter().zip(&wanted).position(|(found, wanted)| found != wanted);
        return differs(format!("it differs at byte {}", at.unwrap_or_default()));
    }
    Ok(())
}

/// Makes a buffer the record of an operation. What lies between the marks stays 0.
#[inline]
fn fill(record: &mut [u8], actor: u32, number: u64) {
    for line in record.chunks_mut(LINE_BYTES) {
        let mut mark = [0; 16];
        mark[..8].copy_from_slice(&u64::from(actor).to_le_bytes());
        mark[8..].copy_from_slice(&number.to_le_bytes());
        let length = line.len().min(mark.len());
        line[..length].copy_from_slice(&mark[..length]);
    }
}

/// What an operation has done. That the file has it is proved when the slice is over.
#[inline]
fn appended(actor: u32, number: u64, bytes: usize) -> Digest {
    let place = Digest::of_number((u64::from(actor) << 32) ^ number);
    place.plus(Digest::of_number(bytes as u64))
}

/// Whether a folder lives in a file system without a disk.
fn is_in_memory(folder: &Path) -> io::Result<bool> {
    // TMPFS_MAGIC of the kernel's `magic.h`.
    Ok(rustix::fs::statfs(folder)?.f_type as u64 == 0x0102_1994)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(parts: &str) -> Result<FileWrite, ParameterError> {
        FileWrite::new(&Parameters::parse(&FileWrite::PROFILE, parts.split(':')).unwrap(), 1)
    }

    #[test]
    fn a_record_has_room_for_its_number_and_a_file_for_a_record() {
        assert!(workload("15").is_err());
        assert!(workload("1048577").is_err());
        assert!(workload("512:fsync=perhaps").is_err());
        assert_eq!(workload("1048576").unwrap().records, 1);
        assert_eq!(workload("512:mib=2").unwrap().records, 4096);
    }

    #[test]
    fn a_file_is_proved_to_have_every_record_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        // Of several lines, the last one short of a mark.
        let bytes = LINE_BYTES * 2 + 8;
        let mut content = Vec::new();
        for number in 7..10 {
            let mut record = vec![0; bytes];
            fill(&mut record, 3, number);
            content.extend(record);
        }
        let verdict = |content: &[u8]| {
            std::fs::write(&path, content).unwrap();
            verify(&path, 3, bytes, 7..10).map_err(|error| error.to_string())
        };
        verdict(&content).unwrap();
        assert!(verdict(&content[1..]).unwrap_err().contains("407 bytes, and not 408"));
        for at in [0, 8, LINE_BYTES, bytes, content.len() - 1] {
            let mut other = content.clone();
            other[at] ^= 1;
            assert!(verdict(&other).unwrap_err().contains(&format!("differs at byte {at}")));
        }
        content.copy_within(bytes..2 * bytes, 0);
        assert!(verdict(&content).is_err(), "a record in another's place");
    }

    #[test]
    fn in_memory_there_is_nothing_to_sync() {
        let Ok(folder) = tempfile::tempdir_in("/dev/shm") else { return };
        let surroundings =
            Surroundings { folder: Some(folder.path().to_owned()), ..Surroundings::default() };
        workload("512").unwrap().prepare(&surroundings).unwrap();
        let error = workload("512:fsync=true").unwrap().prepare(&surroundings).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    }
}
