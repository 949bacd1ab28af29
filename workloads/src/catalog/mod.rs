//! The workloads, one file each: a question, the operation, and an oracle for what it must have done.

pub mod chat;
pub mod connect;
pub mod crawl;
pub mod download;
pub mod echo;
pub mod failures;
pub mod file_read;
pub mod footprint;
pub mod gather;
pub mod http_get;
pub mod json;
pub mod mixed;
pub mod ping_pong;
pub mod pipeline;
pub mod postgres;
pub mod sha256;
pub mod sleep;
pub mod spawn;
pub mod sqlite;
pub mod starve;
pub mod tls_connect;
pub mod tls_echo;
pub mod uneven;
