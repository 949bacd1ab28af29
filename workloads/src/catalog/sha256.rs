//! What does it cost to hand a piece of computing to the runner and get the result back?
//!
//! A batch: each job hashes a block that differs from operation to operation, on the worker itself or,
//! with `offload=true`, the way the runner wants heavy work run.
//!
//! It cannot tell how fast SHA-256 is (all runners use the same code), and not whether a runner keeps its
//! other tasks alive meanwhile.

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Profile, Runtime, Shape,
    Surroundings, Workload,
    server::{Call, Route},
};
use sha2::{Digest as _, Sha256};
use std::{io, sync::OnceLock};

/// See the module's documentation.
#[derive(Debug)]
pub struct Sha256Block {
    bytes: usize,
    offload: bool,
    seed: u64,
    answers: OnceLock<Vec<Digest>>,
}

/// One actor's block and its place in the sequence.
#[derive(Debug)]
pub struct State {
    block: Vec<u8>,
    next: u64,
}

/// How many different blocks there are: enough that none can be guessed from the last, few enough that
/// the oracle knows all answers.
const VARIANTS: u64 = 64;

impl Workload for Sha256Block {
    type State<R: Runtime> = State;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "sha256",
        question: "What does it cost to hand over a piece of computing and get its result back?",
        class: Class::Cpu,
        shape: Shape::Batch,
        measure: Measure::Service,
        parameters: &[("bytes", "16384"), ("offload", "false")],
        actors: 8,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        let bytes = parameters.number("bytes", 8, 1 << 26)? as usize;
        Ok(Self::with_bytes(bytes, parameters.flag("offload")?, seed))
    }

    fn needs(&self, _actors: u32) -> Needs {
        Needs::default()
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<State> {
        // Actors start at different variants, so that no two hash the same block in step.
        Ok(State { block: self.block(), next: u64::from(actor) })
    }

    async fn operation<R: Runtime>(&self, runtime: R, state: &mut State) -> io::Result<Digest> {
        let number = state.next;
        state.next += 1;
        Ok(self.hash_on(runtime, &mut state.block, number).await)
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: State) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        self.answer(u64::from(actor) + index)
    }

    /// Other blocks than here, and the same number of bytes.
    fn call(&self) -> Result<Call, String> {
        if self.offload {
            return Err(
                "the servers hash where the request is handled: offload=true has no route".into()
            );
        }
        if !self.bytes.is_multiple_of(1 << 10) {
            let bytes = self.bytes;
            return Err(format!("the servers hash whole KiB: {bytes} bytes have no route"));
        }
        Ok(Call::new(Route::Sha256 { kib: (self.bytes >> 10) as u64 }, Vec::new()))
    }
}

impl Sha256Block {
    /// Blocks of at least 8 bytes.
    pub(super) fn with_bytes(bytes: usize, offload: bool, seed: u64) -> Self {
        Self { bytes, offload, seed, answers: OnceLock::new() }
    }

    /// A block before it is stamped.
    pub(super) fn block(&self) -> Vec<u8> {
        (0..self.bytes).map(|at| at as u8).collect()
    }

    /// Whether blocks are hashed where the runner wants heavy work, and not on the worker.
    pub(super) fn is_offloaded(&self) -> bool {
        self.offload
    }

    /// Hashes the block of this number on the calling thread.
    pub(super) fn hash_here(&self, block: &mut [u8], number: u64) -> Digest {
        hash(block, self.variant(number))
    }

    /// Hashes the block of this number where it was asked to: on the worker, or offloaded.
    pub(super) async fn hash_on<R: Runtime>(
        &self,
        runtime: R,
        block: &mut Vec<u8>,
        number: u64,
    ) -> Digest {
        let variant = self.variant(number);
        if !self.offload {
            return hash(block, variant);
        }
        let mut moved = std::mem::take(block);
        let (digest, moved) = runtime.offload(move || (hash(&mut moved, variant), moved)).await;
        *block = moved;
        digest
    }

    /// What hashing the block of this number must give.
    pub(super) fn answer(&self, number: u64) -> Digest {
        let answers = self.answers.get_or_init(|| {
            let mut block = self.block();
            (0..VARIANTS).map(|variant| hash(&mut block, self.variant(variant))).collect()
        });
        answers[(number % VARIANTS) as usize]
    }

    fn variant(&self, number: u64) -> u64 {
        self.seed.wrapping_add(number % VARIANTS)
    }
}

/// Stamps the block with its variant and hashes all of it.
fn hash(block: &mut [u8], variant: u64) -> Digest {
    block[..8].copy_from_slice(&variant.to_le_bytes());
    let hash = Sha256::digest(block);
    Digest::of_bytes(&hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha_256() {
        // NIST's one-block example "abc" is too short to stamp; 8 zero bytes, from `sha256sum`.
        let expected = [
            0xaf, 0x55, 0x70, 0xf5, 0xa1, 0x81, 0x0b, 0x7a, 0xf7, 0x8c, 0xaf, 0x4b, 0xc7, 0x0a,
            0x66, 0x0f, 0x0d, 0xf5, 0x1e, 0x42, 0xba, 0xf9, 0x1d, 0x4d, 0xe5, 0xb2, 0x32, 0x8d,
            0xe0, 0xe8, 0x3d, 0xfc,
        ];
        assert_eq!(hash(&mut [9; 8], 0), Digest::of_bytes(&expected));
    }
}
