//! `echo` on monoio over io_uring, written by hand: what the port is compared with.

use super::{Site, connection_of, echo_bytes};
use crate::{
    thread_per_core::{Inbox, Workers},
    turn::{Opener, Turn},
};
use monoio::{
    IoUringDriver, RuntimeBuilder,
    io::{AsyncReadRentExt, AsyncWriteRentExt},
    net::TcpStream,
};
use simul_workloads::{Digest, catalog::echo};
use std::{io, net::SocketAddr, sync::mpsc, time::Duration};

pub(super) fn start<T: Turn>(site: &Site<'_>) -> io::Result<Vec<Opener<T>>> {
    let bytes = echo_bytes(site)?;
    let peer = site.surroundings.peer()?;
    let workers = Workers::start("native-monoio", site.workers, serve)?;
    let mut openers = Vec::with_capacity(site.actors as usize);
    for actor in 0..site.actors {
        let (gate, turns) = async_channel::bounded(1);
        let (connected, outcome) = mpsc::channel();
        workers.hand(actor as usize, move || {
            drop(monoio::spawn(run(actor, bytes, peer, turns, connected)))
        });
        connection_of(&outcome)?;
        openers.push(Box::new(move |turn| gate.send_blocking(turn).is_ok()) as Opener<T>);
    }
    Ok(openers)
}

fn serve(inbox: Inbox) {
    match RuntimeBuilder::<IoUringDriver>::new().enable_all().build() {
        Ok(mut runtime) => runtime.block_on(async {
            drop(monoio::spawn(inbox.serve()));
            std::future::pending().await
        }),
        Err(error) => inbox.refuse(error),
    }
}

async fn run<T: Turn>(
    actor: u32,
    bytes: usize,
    peer: SocketAddr,
    turns: async_channel::Receiver<T>,
    connected: mpsc::Sender<io::Result<()>>,
) {
    let mut connection = match connect(peer).await {
        Ok(connection) => connection,
        Err(error) => return drop(connected.send(Err(error))),
    };
    drop(connected.send(Ok(())));
    let mut buffer = vec![b'x'; bytes];
    let mut number = 0;
    while let Ok(mut turn) = turns.recv().await {
        while turn.next() {
            echo::stamp(&mut buffer, actor, number);
            number += 1;
            buffer = match round_trip(&mut connection, buffer).await {
                Ok(back) => back,
                Err(error) => return turn.failed(error),
            };
            turn.done(Digest::of_bytes(&buffer), Duration::ZERO);
        }
    }
}

async fn connect(peer: SocketAddr) -> io::Result<TcpStream> {
    let connection = TcpStream::connect_addr(peer).await?;
    connection.set_nodelay(true)?;
    Ok(connection)
}

#[inline]
async fn round_trip(connection: &mut TcpStream, buffer: Vec<u8>) -> io::Result<Vec<u8>> {
    let (written, mut buffer) = connection.write_all(buffer).await;
    written?;
    echo::wipe(&mut buffer);
    let (read, buffer) = connection.read_exact(buffer).await;
    read?;
    Ok(buffer)
}
