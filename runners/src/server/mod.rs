//! How does a runner become a server?
//!
//! Opens the listening sockets, the same way for all, and brings connections to the runner the way that it
//! declares ([`Intake`]). What is done with a request is the same code for all: `simul_workloads::server`. It must
//! not know what is served, by whom it is asked, or the time. Next: [`poller`].

pub mod poller;

use crate::{Intake, Runner};
use rustix::net::{self as sockets, AddressFamily, SocketFlags, SocketType, sockopt};
use simul_workloads::{
    Runtime,
    server::{self, Site},
};
use std::{
    any::Any,
    io,
    net::{SocketAddr, TcpListener},
    num::NonZeroUsize,
    sync::{Arc, mpsc},
};

/// How many connections may wait to be accepted: what the kernel allows unless told otherwise since 5.4. The
/// standard library asks for 128, and a generator that opens a thousand at once would have to try again after a
/// second.
const BACKLOG: i32 = 4096;

/// A server that listens.
pub struct Serving {
    /// Where.
    pub address: SocketAddr,
    site: Arc<Site>,
    /// Our hold on the sockets that the runner accepts from.
    listeners: Vec<TcpListener>,
    /// The runner works as long as it lives.
    _runner: Arc<dyn Any + Send + Sync>,
}

/// Starts to serve. Connections are accepted when this returns.
///
/// # Errors
/// The address is taken or not ours; no descriptor or thread is left. `Unsupported`: this runner cannot hold
/// connections, and why.
pub fn start<R: Runner>(
    runner: R,
    workers: NonZeroUsize,
    site: Arc<Site>,
    on: SocketAddr,
) -> io::Result<Serving> {
    let workers = if R::PROFILE.one_worker { 1 } else { workers.get() };
    let runner = Arc::new(runner);
    let intake = R::capabilities(NonZeroUsize::MIN).intake;
    let many = if intake == Intake::PerWorker { workers } else { 1 };
    let mut listeners = vec![listener(on, many > 1)?];
    let address = listeners[0].local_addr()?;
    for _ in 1..many {
        listeners.push(listener(address, true)?);
    }
    let held = listeners.iter().map(TcpListener::try_clone).collect::<io::Result<_>>()?;
    match intake {
        Intake::Spawned | Intake::PerWorker => accept_on_workers(&runner, &site, listeners)?,
        Intake::Polled => {
            for listener in listeners {
                poller::start(Arc::clone(&runner), Arc::clone(&site), listener)?;
            }
        }
        Intake::Absent(reason) => {
            return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
        }
    }
    Ok(Serving { address, site, listeners: held, _runner: runner })
}

impl Serving {
    /// Stops accepting, and has each connection end with its next reply. What is in flight goes on: see
    /// [`Site::busy`].
    pub fn stop(&self) {
        self.site.stop();
        for listener in &self.listeners {
            // On Linux this wakes whoever waits for a connection, by whatever system call, with an error.
            let _ = sockets::shutdown(listener, sockets::Shutdown::Both);
        }
    }

    /// What all connections share.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }
}

/// Has the workers 0, 1, … accept from one listener each, and waits until they do.
fn accept_on_workers<R: Runner>(
    runner: &Arc<R>,
    site: &Arc<Site>,
    listeners: Vec<TcpListener>,
) -> io::Result<()> {
    let (news, started) = mpsc::channel();
    for (worker, listener) in listeners.into_iter().enumerate() {
        let (news, site, runtime) = (news.clone(), Arc::clone(site), runner.runtime());
        runner.launch(worker, async move {
            let listening = runtime.listen(listener).await;
            // Whoever waits for it has not gone: it waits for all.
            match listening {
                Ok(listener) => {
                    let _ = news.send(Ok(()));
                    drop(news);
                    server::accept(runtime, site, listener).await;
                }
                Err(error) => drop(news.send(Err(error))),
            }
        });
    }
    drop(news);
    started.into_iter().collect()
}

/// A listening socket. `shared`: others of this user may listen on the same port, and the kernel deals the
/// connections out.
fn listener(on: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let family = if on.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = sockets::socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    // A server that is started again need not wait for the connections of the last one to be forgotten.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    sockopt::set_socket_reuseport(&socket, shared)?;
    sockets::bind(&socket, &on)?;
    sockets::listen(&socket, BACKLOG)?;
    Ok(socket.into())
}
