//! What does it cost to have another program do something?
//!
//! A session: each operation starts a real program (`cat`), writes to its standard input and closes it, reads all
//! of its standard output, both at once, and waits for its end. The input carries the actor and the number of the
//! operation; the output must be the input, and the program must say that it went well.
//!
//! Nearly all of the time is the kernel's: to make a process, to load the program, to take both down again. What
//! differs is how many of them a runner keeps going, and what its workers do meanwhile: where the making of a
//! process, or the wait for its end, holds a worker, the other actors wait. It cannot tell how a program is stopped,
//! and not how one talks with a program that goes on.

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Profile, Runtime, Shape,
    Surroundings, Workload,
};
use std::{
    env,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Subprocess {
    bytes: usize,
}

/// One actor's place in the sequence.
#[derive(Debug)]
pub struct State {
    program: PathBuf,
    actor: u32,
    next: u64,
}

/// Gives back what it gets, on every usual system.
const PROGRAM: &str = "cat";
/// Where it comes from.
const PACKAGE: &str = "coreutils";
/// The room for the actor and the operation, 8 bytes each.
const HEADER_BYTES: usize = 16;

impl Workload for Subprocess {
    type State<R: Runtime> = State;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "subprocess",
        question: "What does it cost to start a program, write to it, read from it, and wait for its end?",
        class: Class::Io,
        shape: Shape::Session,
        measure: Measure::Service,
        // Fits into any pipe at once.
        parameters: &[("bytes", "4096")],
        actors: 4,
        figures: &[],
    };

    fn new(parameters: &Parameters, _seed: u64) -> Result<Self, ParameterError> {
        let bytes = parameters.number("bytes", HEADER_BYTES as u64, 64 << 20)?;
        Ok(Self { bytes: bytes as usize })
    }

    fn needs(&self, actors: u32) -> Needs {
        // Both ends of two pipes while a program is started, and a descriptor of its process.
        Needs {
            processes: true,
            descriptors: 5 * u64::from(actors),
            memory_bytes: 2 * self.bytes as u64 * u64::from(actors),
            ..Needs::default()
        }
    }

    fn prepare(&self, _surroundings: &Surroundings) -> io::Result<()> {
        program().map(drop)
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<State> {
        Ok(State { program: program()?, actor, next: 0 })
    }

    async fn operation<R: Runtime>(&self, runtime: R, state: &mut State) -> io::Result<Digest> {
        let mut input = vec![0; self.bytes];
        // Every line of it differs, so that a piece that comes twice or in another's place is another output.
        for (line, bytes) in (0_u64..).zip(input.chunks_exact_mut(HEADER_BYTES)) {
            bytes[..8].copy_from_slice(&(u64::from(state.actor) << 32 | line).to_le_bytes());
            bytes[8..].copy_from_slice(&state.next.to_le_bytes());
        }
        state.next += 1;
        let output = runtime.run(&state.program, &[], input).await?;
        if !output.status.success() {
            let status = output.status;
            return Err(io::Error::other(format!("'{}': {status}", state.program.display())));
        }
        Ok(Digest::of_bytes(&output.stdout))
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: State) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        let lines = (self.bytes / HEADER_BYTES) as u64;
        let mut output: Vec<u8> = (0..lines)
            .flat_map(|line| [u64::from(actor) << 32 | line, index])
            .flat_map(u64::to_le_bytes)
            .collect();
        output.resize(self.bytes, 0);
        Digest::of_bytes(&output)
    }
}

/// Where the program is.
///
/// # Errors
/// `Unsupported` when it is nowhere in `PATH`.
fn program() -> io::Result<PathBuf> {
    found(&env::var_os("PATH").unwrap_or_default()).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::Unsupported,
            format!("there is no '{PROGRAM}' in PATH; install the package '{PACKAGE}'"),
        )
    })
}

fn found(path: &OsStr) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join(PROGRAM)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    file.is_file() && rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_by_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(found(folder.path().as_os_str()), None);
        let file = folder.path().join(PROGRAM);
        std::fs::write(&file, "").unwrap();
        assert_eq!(found(folder.path().as_os_str()), None, "it cannot be run");
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink(env::current_exe().unwrap(), &file).unwrap();
        let path = env::join_paths([Path::new("/no/such/folder"), folder.path()]).unwrap();
        assert_eq!(found(&path), Some(file));
    }

    #[test]
    fn an_input_has_room_for_its_number() {
        let workload = |parts: &str| {
            Subprocess::new(&Parameters::parse(&Subprocess::PROFILE, parts.split(':')).unwrap(), 1)
        };
        assert!(workload("15").is_err());
        let workload = workload("40").unwrap();
        let mut output = Vec::new();
        for line in 0..2_u64 {
            output.extend((3_u64 << 32 | line).to_le_bytes());
            output.extend(9_u64.to_le_bytes());
        }
        output.extend([0; 8]);
        assert_eq!(workload.expected(3, 9), Digest::of_bytes(&output));
        assert_ne!(workload.expected(3, 9), workload.expected(3, 8));
    }
}
