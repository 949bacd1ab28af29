//! `echo` on tokio's multi-threaded scheduler, written by hand: what the port is compared with.

use super::{Site, echo_bytes};
use crate::turn::{Opener, Turn};
use simul_workloads::{Digest, catalog::echo};
use std::io;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    sync::mpsc,
    time::Duration,
};

pub(super) fn start<T: Turn>(site: &Site<'_>) -> io::Result<Vec<Opener<T>>> {
    let bytes = echo_bytes(site)?;
    let peer = site.surroundings.peer()?;
    let workers = site.workers.get();
    let runtime = Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    let mut openers = Vec::with_capacity(site.actors as usize);
    for actor in 0..site.actors {
        let connection = runtime.block_on(async {
            let connection = TcpStream::connect(peer).await?;
            connection.set_nodelay(true)?;
            io::Result::Ok(connection)
        })?;
        let (gate, turns) = mpsc::channel(1);
        drop(runtime.spawn(run(actor, bytes, connection, turns)));
        openers.push(Box::new(move |turn| gate.blocking_send(turn).is_ok()) as Opener<T>);
    }
    // The process ends with its trial; until then the workers must live.
    std::mem::forget(runtime);
    Ok(openers)
}

async fn run<T: Turn>(
    actor: u32,
    bytes: usize,
    mut connection: TcpStream,
    mut turns: mpsc::Receiver<T>,
) {
    let mut buffer = vec![b'x'; bytes];
    let mut number = 0;
    while let Some(mut turn) = turns.recv().await {
        while turn.next() {
            echo::stamp(&mut buffer, actor, number);
            number += 1;
            if let Err(error) = round_trip(&mut connection, &mut buffer).await {
                turn.failed(error);
                return;
            }
            turn.done(Digest::of_bytes(&buffer), Duration::ZERO);
        }
    }
}

#[inline]
async fn round_trip(connection: &mut TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    connection.write_all(buffer).await?;
    echo::wipe(buffer);
    connection.read_exact(buffer).await?;
    Ok(())
}
