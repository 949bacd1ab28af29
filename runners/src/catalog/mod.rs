//! The runners, one file each: what it is, how it starts, where its tasks go.

#[cfg(feature = "async-std")]
pub mod async_std;
#[cfg(all(feature = "compio", target_os = "linux"))]
pub mod compio;
#[cfg(feature = "futures")]
pub mod futures;
#[cfg(all(feature = "glommio", target_os = "linux"))]
pub mod glommio;
pub mod inline;
#[cfg(feature = "may")]
pub mod may;
#[cfg(all(feature = "monoio", target_os = "linux"))]
pub mod monoio;
#[cfg(all(feature = "monoio", target_os = "linux"))]
pub mod monoio_legacy;
#[cfg(feature = "rayon")]
pub mod rayon;
#[cfg(feature = "smol")]
pub mod smol;
#[cfg(feature = "smol")]
pub mod smol_local;
pub mod thread_pool;
pub mod threads;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(feature = "tokio")]
pub mod tokio_current;
#[cfg(feature = "tokio")]
pub mod tokio_local;
#[cfg(all(feature = "tokio-uring", target_os = "linux"))]
pub mod tokio_uring;
