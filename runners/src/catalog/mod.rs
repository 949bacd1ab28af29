//! The runners, one file each: what it is, how it starts, where its tasks go.

#[cfg(feature = "async-std")]
pub mod async_std;
pub mod inline;
#[cfg(feature = "rayon")]
pub mod rayon;
#[cfg(feature = "smol")]
pub mod smol;
pub mod thread_pool;
pub mod threads;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(feature = "tokio")]
pub mod tokio_current;
