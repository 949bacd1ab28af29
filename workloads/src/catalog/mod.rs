//! The workloads, one file each: a question, the operation, and an oracle for what it must have done.

pub mod connect;
pub mod echo;
pub mod file_read;
pub mod footprint;
pub mod gather;
pub mod mixed;
pub mod ping_pong;
pub mod sha256;
pub mod sleep;
pub mod spawn;
pub mod starve;
