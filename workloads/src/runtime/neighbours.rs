//! Which further parts has the port: datagrams, and what wakes at a fixed rate?
//!
//! Traits alone, beside those of [`crate::runtime`]; read that first. This file must not know any runtime.

use crate::Buffer;
use std::{future::Future, io};

/// A datagram socket with one other side.
///
/// The buffer is lost when an operation fails.
pub trait Datagram: Send + 'static {
    /// Sends the buffer's window as one datagram. Whether it arrives, nobody says.
    ///
    /// # Errors
    /// Whatever the operating system says, for instance that nobody listened to an earlier one.
    fn send(&mut self, buffer: Buffer) -> impl Future<Output = io::Result<(usize, Buffer)>> + Send;

    /// Receives one datagram into the buffer's window; what does not fit is cut off. 0 bytes are a datagram
    /// too. Waits as long as none comes.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn receive(
        &mut self,
        buffer: Buffer,
    ) -> impl Future<Output = io::Result<(usize, Buffer)>> + Send;
}

/// What wakes at a fixed rate: one period after it was made, two periods after, and so on.
pub trait Ticker: Send + 'static {
    /// Waits for the next tick, never shorter than until it is due. A tick that is due already is given at
    /// once. What could not be given before the one after it was due is skipped; the next tick returns how many
    /// that were.
    fn tick(&mut self) -> impl Future<Output = u64> + Send;
}
