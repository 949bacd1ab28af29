//! The workloads, one file each: a question, the operation, and an oracle for what it must have done.

pub mod connect;
pub mod echo;
pub mod fib;
pub mod file_read;
pub mod footprint;
pub mod gather;
pub mod matmul;
pub mod mixed;
pub mod mutex;
pub mod ping_pong;
pub mod queue;
pub mod semaphore;
pub mod sha256;
pub mod sleep;
pub mod sort;
pub mod spawn;
pub mod starve;
pub mod timeout;
pub mod yielding;
