//! `echo` on threads, written by hand: what the port is compared with.

use super::{Site, echo_bytes};
use crate::turn::{Opener, Turn};
use simul_workloads::{Digest, catalog::echo};
use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::mpsc,
    time::Duration,
};

pub(super) fn start<T: Turn>(site: &Site<'_>) -> io::Result<Vec<Opener<T>>> {
    let bytes = echo_bytes(site)?;
    let mut openers = Vec::with_capacity(site.actors as usize);
    for actor in 0..site.actors {
        let connection = TcpStream::connect(site.surroundings.peer()?)?;
        connection.set_nodelay(true)?;
        let (gate, turns) = mpsc::sync_channel(1);
        std::thread::Builder::new().spawn(move || run(actor, bytes, connection, &turns))?;
        openers.push(Box::new(move |turn| gate.send(turn).is_ok()) as Opener<T>);
    }
    Ok(openers)
}

fn run<T: Turn>(actor: u32, bytes: usize, mut connection: TcpStream, turns: &mpsc::Receiver<T>) {
    let mut buffer = vec![b'x'; bytes];
    let mut number = 0;
    while let Ok(mut turn) = turns.recv() {
        while turn.next() {
            echo::stamp(&mut buffer, actor, number);
            number += 1;
            if let Err(error) = round_trip(&mut connection, &mut buffer) {
                turn.failed(error);
                return;
            }
            turn.done(Digest::of_bytes(&buffer), Duration::ZERO);
        }
    }
}

#[inline]
fn round_trip(connection: &mut TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    connection.write_all(buffer)?;
    echo::wipe(buffer);
    connection.read_exact(buffer)
}
