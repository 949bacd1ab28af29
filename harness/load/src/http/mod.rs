//! What is said on the wire? HTTP/1.1 with kept connections, one request at a time on each.
//!
//! [`request`] writes the one request; [`head`] says how long the answer is; [`reply`] follows it to its end;
//! [`chunks`] does where it comes in chunks. No file here knows a socket or a clock.

pub(crate) mod chunks;
pub(crate) mod head;
pub(crate) mod reply;
pub(crate) mod request;
