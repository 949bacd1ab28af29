//! How are datagrams sent on tokio? By its own sockets, over epoll.

use crate::{Part, loopback};
use simul_workloads::{Buffer, Datagram};
use std::{io, net::SocketAddr};
use tokio::net::UdpSocket;

pub(super) async fn connected(to: SocketAddr) -> io::Result<Part<UdpSocket>> {
    let socket = UdpSocket::bind(loopback::facing(to)).await?;
    socket.connect(to).await?;
    Ok(Part(socket))
}

impl Datagram for Part<UdpSocket> {
    #[inline]
    async fn send(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        Ok((self.0.send(buffer.window()).await?, buffer))
    }

    #[inline]
    async fn receive(&mut self, mut buffer: Buffer) -> io::Result<(usize, Buffer)> {
        Ok((self.0.recv(buffer.window_mut()).await?, buffer))
    }
}
