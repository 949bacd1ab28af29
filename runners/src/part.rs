//! A runtime's own part (socket, file, channel half), to implement the port for.
//!
//! Trait and type both come from other crates, so Rust wants a type of ours around the latter. It costs
//! nothing at run time.

/// A part of a runtime.
#[derive(Clone, Debug)]
pub struct Part<T>(pub T);
