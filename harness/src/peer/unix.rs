//! How does a peer listen on a Unix socket?
//!
//! At a path in a folder of its own, which its guardian removes with all that is in it.

use super::{Conversation, Door, say, serve_doors};
use crate::protocol::{FOLDER, PeerReady};
use mio::net::{UnixListener, UnixStream};
use std::{env, io, path::PathBuf};

/// Serves connections to a socket in this process' folder.
///
/// # Errors
/// As for [`serve_doors`]; `NotFound` when it was given no folder.
pub(super) fn serve<C: Conversation>(greet: impl FnMut() -> io::Result<C>) -> io::Result<()> {
    let folder = env::var_os(FOLDER).ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, format!("no folder for a socket; set {FOLDER}"))
    })?;
    let socket = PathBuf::from(folder).join("peer");
    let listener = UnixListener::bind(&socket)?;
    let pid = std::process::id() as i32;
    say(&PeerReady { address: None, socket: Some(socket), pid })?;
    serve_doors(vec![listener], greet)
}

impl Door for UnixListener {
    type Stream = UnixStream;

    fn admit(&self) -> io::Result<UnixStream> {
        self.accept().map(|(stream, _)| stream)
    }
}
