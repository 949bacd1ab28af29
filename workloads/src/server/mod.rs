//! What does a runner do when it is the server?
//!
//! One source for all of them, over the port: an accept loop ([`accept`]), a task for each connection
//! ([`converse`]), and between them the [`Conversation`], which knows HTTP and the routes but neither sockets nor
//! tasks. Runners that have no tasks to spare hand a conversation its bytes in another way
//! (`runners/src/server/`); what is done with them is the same code.
//!
//! It cannot tell the time, so a client that says nothing holds its connection for as long as it likes, but
//! nothing else. Next: [`http`], [`routes`]; [`call`] tells which request stands for which workload.

pub mod call;
pub mod conversation;
pub mod http;
pub mod routes;

pub use call::Call;
pub use conversation::{Conversation, Step};
pub use routes::Route;

use crate::{Buffer, Listener, Runtime, Stream};
use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

/// What all connections of a server share.
#[derive(Debug)]
pub struct Site {
    /// What stands at `/`.
    root: Option<Route>,
    /// A file that begins with [`routes::FILE_BYTES`] of the [`routes::pattern`].
    file: PathBuf,
    /// Set when the server is to end: replies then say that their connection ends.
    stopping: AtomicBool,
    /// Conversations that have received something and not answered it yet.
    busy: AtomicUsize,
}

impl Site {
    /// A site with this work at `/`, and a file that holds the pattern.
    #[must_use]
    pub fn new(root: Option<Route>, file: PathBuf) -> Arc<Self> {
        Arc::new(Self { root, file, stopping: AtomicBool::new(false), busy: AtomicUsize::new(0) })
    }

    /// From now on every reply is the last one of its connection, and accept loops end with the next error of
    /// their listener.
    pub fn stop(&self) {
        self.stopping.store(true, SeqCst);
    }

    /// Whether it has been told to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(SeqCst)
    }

    /// How many conversations have received something that is not answered yet.
    #[must_use]
    pub fn busy(&self) -> usize {
        self.busy.load(SeqCst)
    }

    /// Where the file is.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }
}

/// How long an accept loop waits when the system has no descriptor or memory left. Connections that end
/// meanwhile make room.
const SHORTAGE: Duration = Duration::from_millis(10);

/// Accepts connections, and starts a task for each, until the site stops.
pub async fn accept<R: Runtime>(runtime: R, site: Arc<Site>, mut listener: R::Listener) {
    while !site.is_stopping() {
        match listener.accept().await {
            Ok(stream) => {
                let conversation = Conversation::new(Arc::clone(&site));
                // Whatever ends a connection is its client's affair.
                runtime.detach(async move { drop(converse(runtime, conversation, stream).await) });
            }
            // The listener was shut down.
            Err(_) if site.is_stopping() => return,
            Err(error) if is_of_one_client(&error) => {}
            Err(_) => runtime.sleep(SHORTAGE).await,
        }
    }
}

/// Whether an accept failed since the client is gone already, which says nothing of the next one.
#[must_use]
pub fn is_of_one_client(error: &io::Error) -> bool {
    let kind = error.kind();
    matches!(
        kind,
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    )
}

/// Serves one connection to its end.
///
/// # Errors
/// Whatever ends the connection otherwise than by a request's wish.
pub async fn converse<R: Runtime>(
    runtime: R,
    mut conversation: Conversation<R>,
    mut stream: R::Tcp,
) -> io::Result<()> {
    loop {
        match conversation.step(runtime).await {
            Step::Read(room) => {
                let (bytes, room) = stream.read(room).await?;
                if !conversation.received(bytes, room)? {
                    return Ok(());
                }
            }
            Step::Write(reply) => conversation.sent(stream.write_all(reply).await?),
            Step::End => stream.end().await?,
            Step::Discard => {
                let (bytes, _) =
                    stream.read(Buffer::filled(0, conversation::DISCARD_BYTES)).await?;
                if !conversation.discarded(bytes) {
                    return Ok(());
                }
            }
        }
    }
}
