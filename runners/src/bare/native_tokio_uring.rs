//! `echo` on tokio-uring, written by hand: what the port is compared with.

use super::{Site, connection_of, echo_bytes};
use crate::{
    thread_per_core::{Inbox, Workers},
    turn::{Opener, Turn},
};
use simul_workloads::{Digest, catalog::echo};
use std::{io, net::SocketAddr, sync::mpsc, time::Duration};
use tokio::sync::mpsc as channel;
use tokio_uring::{Runtime, buf::BoundedBuf, net::TcpStream};

pub(super) fn start<T: Turn>(site: &Site<'_>) -> io::Result<Vec<Opener<T>>> {
    let bytes = echo_bytes(site)?;
    let peer = site.surroundings.peer()?;
    let workers = Workers::start("native-tokio-uring", site.workers, serve)?;
    let mut openers = Vec::with_capacity(site.actors as usize);
    for actor in 0..site.actors {
        let (gate, turns) = channel::channel(1);
        let (connected, outcome) = mpsc::channel();
        workers.hand(actor as usize, move || {
            drop(tokio_uring::spawn(run(actor, bytes, peer, turns, connected)))
        });
        connection_of(&outcome)?;
        openers.push(Box::new(move |turn| gate.blocking_send(turn).is_ok()) as Opener<T>);
    }
    Ok(openers)
}

fn serve(inbox: Inbox) {
    match Runtime::new(&tokio_uring::builder()) {
        Ok(runtime) => runtime.block_on(async {
            drop(tokio_uring::spawn(inbox.serve()));
            std::future::pending().await
        }),
        Err(error) => inbox.refuse(error),
    }
}

async fn run<T: Turn>(
    actor: u32,
    bytes: usize,
    peer: SocketAddr,
    mut turns: channel::Receiver<T>,
    connected: mpsc::Sender<io::Result<()>>,
) {
    let connection = match connect(peer).await {
        Ok(connection) => connection,
        Err(error) => return drop(connected.send(Err(error))),
    };
    drop(connected.send(Ok(())));
    let mut buffer = vec![b'x'; bytes];
    let mut number = 0;
    while let Some(mut turn) = turns.recv().await {
        while turn.next() {
            echo::stamp(&mut buffer, actor, number);
            number += 1;
            buffer = match round_trip(&connection, buffer).await {
                Ok(back) => back,
                Err(error) => return turn.failed(error),
            };
            turn.done(Digest::of_bytes(&buffer), Duration::ZERO);
        }
    }
}

async fn connect(peer: SocketAddr) -> io::Result<TcpStream> {
    let connection = TcpStream::connect(peer).await?;
    connection.set_nodelay(true)?;
    Ok(connection)
}

#[inline]
async fn round_trip(connection: &TcpStream, buffer: Vec<u8>) -> io::Result<Vec<u8>> {
    let (written, mut buffer) = connection.write_all(buffer).await;
    written?;
    echo::wipe(&mut buffer);
    // It has no `read_exact`.
    let mut filled = 0;
    while filled < buffer.len() {
        let (read, slice) = connection.read(buffer.slice(filled..)).await;
        buffer = slice.into_inner();
        match read? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            bytes => filled += bytes,
        }
    }
    Ok(buffer)
}
