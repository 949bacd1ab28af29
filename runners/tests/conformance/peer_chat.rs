//! The members of a chat room, written a second time and plainly: one thread, blocking, one member after the
//! other.

use simul_workloads::chat_room::{LISTEN, Order, Report, Room, heard, write_message};
use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpStream},
};

/// Plays one room for the actor at the other end.
pub(crate) fn serve(mut actor: TcpStream) -> io::Result<()> {
    let room = Room::from_bytes(&read::<{ Room::BYTES }>(&mut actor)?).expect("a room");
    let enter = |hello: u64| {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, room.port as u16))?;
        stream.set_nodelay(true)?;
        stream.write_all(&hello.to_le_bytes())?;
        io::Result::Ok(stream)
    };
    let (mut speakers, mut listeners) = (Vec::new(), Vec::new());
    // Listeners first and the last member first: the server must not care.
    for member in (0..room.members).rev() {
        listeners.insert(0, enter(LISTEN + member)?);
    }
    for member in 0..room.members {
        speakers.push(enter(member)?);
    }
    let mut bytes = 0;
    loop {
        let order = Order::from_bytes(&read::<{ Order::BYTES }>(&mut actor)?).expect("an order");
        let mut digest = 0_u64;
        let ends = order.speaker == Order::END;
        if ends {
            for speaker in &speakers {
                speaker.shutdown(Shutdown::Write)?;
            }
        } else {
            for number in order.first..order.first + order.messages {
                let mut message = vec![0; room.bytes as usize];
                write_message(&mut message, room.room, order.speaker, number);
                speakers[order.speaker as usize].write_all(&message)?;
            }
        }
        for (member, listener) in (0..).zip(&mut listeners) {
            let mut received = Vec::new();
            if ends {
                listener.read_to_end(&mut received)?;
            } else {
                received.resize((order.messages * room.bytes) as usize, 0);
                listener.read_exact(&mut received)?;
            }
            bytes += received.len() as u64;
            digest = digest.wrapping_add(heard(member, &received));
        }
        actor.write_all(&Report { digest, bytes }.to_bytes())?;
    }
}

fn read<const N: usize>(from: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}
