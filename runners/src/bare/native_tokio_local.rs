//! `echo` on a `LocalSet` of tokio for each core, written by hand: what the port is compared with.

use super::{Site, connection_of, echo_bytes};
use crate::{
    thread_per_core::{Inbox, Workers},
    turn::{Opener, Turn},
};
use simul_workloads::{Digest, catalog::echo};
use std::{io, net::SocketAddr, sync::mpsc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    sync::mpsc as channel,
    task::{LocalSet, spawn_local},
};

pub(super) fn start<T: Turn>(site: &Site<'_>) -> io::Result<Vec<Opener<T>>> {
    let bytes = echo_bytes(site)?;
    let peer = site.surroundings.peer()?;
    let workers = Workers::start("native-tokio-local", site.workers, serve)?;
    let mut openers = Vec::with_capacity(site.actors as usize);
    for actor in 0..site.actors {
        let (gate, turns) = channel::channel(1);
        let (connected, outcome) = mpsc::channel();
        workers.hand(actor as usize, move || {
            drop(spawn_local(run(actor, bytes, peer, turns, connected)))
        });
        connection_of(&outcome)?;
        openers.push(Box::new(move |turn| gate.blocking_send(turn).is_ok()) as Opener<T>);
    }
    Ok(openers)
}

fn serve(inbox: Inbox) {
    match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let tasks = LocalSet::new();
            drop(tasks.spawn_local(inbox.serve()));
            tasks.block_on(&runtime, std::future::pending::<()>());
        }
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
    let mut connection = match connect(peer).await {
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
            if let Err(error) = round_trip(&mut connection, &mut buffer).await {
                return turn.failed(error);
            }
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
async fn round_trip(connection: &mut TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    connection.write_all(buffer).await?;
    echo::wipe(buffer);
    connection.read_exact(buffer).await?;
    Ok(())
}
