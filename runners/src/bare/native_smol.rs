//! `echo` on smol, written by hand: what the port is compared with.

use super::{Site, echo_bytes};
use crate::turn::{Opener, Turn};
use simul_workloads::{Digest, catalog::echo};
use smol::{
    Executor, channel,
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use std::{io, thread, time::Duration};

pub(super) fn start<T: Turn>(site: &Site<'_>) -> io::Result<Vec<Opener<T>>> {
    let bytes = echo_bytes(site)?;
    let peer = site.surroundings.peer()?;
    // The threads run it until the process ends.
    let executor: &'static Executor<'static> = Box::leak(Box::new(Executor::new()));
    for number in 0..site.workers.get() {
        let run = || smol::block_on(executor.run(std::future::pending::<()>()));
        thread::Builder::new().name(format!("smol-{number}")).spawn(run)?;
    }
    let mut openers = Vec::with_capacity(site.actors as usize);
    for actor in 0..site.actors {
        let connect = executor.spawn(async move {
            let connection = TcpStream::connect(peer).await?;
            connection.set_nodelay(true)?;
            io::Result::Ok(connection)
        });
        let connection = smol::block_on(connect)?;
        let (gate, turns) = channel::bounded(1);
        executor.spawn(run(actor, bytes, connection, turns)).detach();
        openers.push(Box::new(move |turn| gate.send_blocking(turn).is_ok()) as Opener<T>);
    }
    Ok(openers)
}

async fn run<T: Turn>(
    actor: u32,
    bytes: usize,
    mut connection: TcpStream,
    turns: channel::Receiver<T>,
) {
    let mut buffer = vec![b'x'; bytes];
    let mut number = 0;
    while let Ok(mut turn) = turns.recv().await {
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
