//! Do a runner's sockets carry every byte, in parts too, and tell how a connection ended?
//!
//! The other end is a thread of the standard library, so that runners which can do one thing at a time
//! are tested as well; one check has both ends on the runner.

use crate::port::{Check, ONE_TASK, TWO_AT_ONCE};
use simul_workloads::{Buffer, Listener as _, Needs, Peer, Runtime, Stream as _};
use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread::{self, JoinHandle},
};

const SOCKETS: &[Needs] = &[Needs { peer: Some(Peer::Echo), ..ONE_TASK[0] }];
const BOTH_ENDS: &[Needs] = &[Needs { peer: Some(Peer::Echo), ..TWO_AT_ONCE[0] }];

pub(crate) fn all<R: Runtime>() -> Vec<(&'static str, &'static [Needs], Check<R>)> {
    vec![
        ("reads return what is there", SOCKETS, |rt, _| Box::pin(partial_reads(rt))),
        ("long messages are written whole", SOCKETS, |rt, _| Box::pin(partial_writes(rt))),
        ("a stream that has ended still reads", SOCKETS, |rt, _| Box::pin(half_closed(rt))),
        ("an early end is UnexpectedEof", SOCKETS, |rt, _| Box::pin(early_end(rt))),
        ("a refused connection is an error", SOCKETS, |rt, _| Box::pin(refused(rt))),
        ("listeners accept", SOCKETS, |rt, _| Box::pin(accept(rt))),
        ("both ends on the runner", BOTH_ENDS, |rt, _| Box::pin(both_ends(rt))),
    ]
}

fn a_listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// A server for one connection.
fn serve<T: Send + 'static>(
    talk: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = a_listener();
    let address = listener.local_addr().unwrap();
    (address, thread::spawn(move || talk(listener.accept().unwrap().0)))
}

async fn partial_reads<R: Runtime>(runtime: R) {
    let (address, server) = serve(|mut connection| {
        connection.write_all(b"abc").unwrap();
        let mut acknowledged = [0];
        connection.read_exact(&mut acknowledged).unwrap();
        connection.write_all(b"defgh").unwrap();
        acknowledged
    });
    let mut connection = runtime.connect(address).await.unwrap();
    let mut buffer = Buffer::filled(0, 8);
    // The rest is not sent before the first part is acknowledged: a read that waited for all of it
    // would hang.
    while buffer.window().len() > 5 {
        let (bytes, back) = connection.read(buffer).await.unwrap();
        buffer = back;
        buffer.advance(bytes).unwrap();
    }
    assert_eq!(buffer.whole(), b"abc\0\0\0\0\0");
    let (bytes, _) = connection.write(Buffer::filled(b'!', 1)).await.unwrap();
    assert_eq!(bytes, 1);
    let buffer = connection.read_exact(buffer).await.unwrap();
    assert_eq!(buffer.window(), b"abcdefgh", "filled from the cursor on, and rewound");
    assert_eq!(connection.read(buffer).await.unwrap().0, 0, "the end of the stream");
    assert_eq!(server.join().unwrap(), *b"!");
}

async fn partial_writes<R: Runtime>(runtime: R) {
    // More than the sockets' buffers hold.
    let message: Vec<u8> = (0..16 << 20).map(|at: u32| (at % 251) as u8).collect();
    let wanted = message.clone();
    let (address, server) = serve(move |mut connection| {
        // Not to the end: some runtimes close behind the task, which waits here for this thread.
        let mut bytes = vec![0; wanted.len()];
        connection.read_exact(&mut bytes).unwrap();
        bytes == wanted
    });
    let mut connection = runtime.connect(address).await.unwrap();
    let buffer = connection.write_all(Buffer::from(message)).await.unwrap();
    assert_eq!(buffer.window().len(), 16 << 20, "rewound");
    drop(connection);
    assert!(server.join().unwrap(), "another message arrived");
}

async fn half_closed<R: Runtime>(runtime: R) {
    // Answers only when the stream has ended.
    let (address, server) = serve(|mut connection| {
        let mut bytes = Vec::new();
        connection.read_to_end(&mut bytes).unwrap();
        connection.write_all(&[bytes.len() as u8]).unwrap();
    });
    let mut connection = runtime.connect(address).await.unwrap();
    connection.write_all(Buffer::filled(b'x', 7)).await.unwrap();
    connection.end().await.unwrap();
    let buffer = connection.read_exact(Buffer::filled(0, 1)).await.unwrap();
    assert_eq!(buffer.window(), [7]);
    server.join().unwrap();
}

async fn early_end<R: Runtime>(runtime: R) {
    let (address, server) = serve(|mut connection| connection.write_all(b"abc").unwrap());
    let mut connection = runtime.connect(address).await.unwrap();
    server.join().unwrap();
    let error = connection.read_exact(Buffer::filled(0, 8)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

async fn refused<R: Runtime>(runtime: R) {
    let listener = a_listener();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = runtime.connect(address).await.err().expect("nobody listens there");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

async fn accept<R: Runtime>(runtime: R) {
    let mut listener = runtime.listen(a_listener()).await.unwrap();
    let address = listener.local_address().unwrap();
    assert_ne!(address.port(), 0, "the port that the system chose");
    let clients: Vec<_> =
        (0..3).map(|number| thread::spawn(move || ask(address, number))).collect();
    for _ in &clients {
        let mut connection = listener.accept().await.unwrap();
        let mut buffer = connection.read_exact(Buffer::filled(0, 4)).await.unwrap();
        buffer.whole_mut().reverse();
        connection.write_all(buffer).await.unwrap();
    }
    for (number, client) in (0..).zip(clients) {
        assert_eq!(client.join().unwrap(), [number, 3, 2, 1]);
    }
}

/// Sends four bytes in two parts and returns the answer.
fn ask(address: SocketAddr, number: u8) -> [u8; 4] {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_nodelay(true).unwrap();
    connection.write_all(&[1, 2]).unwrap();
    connection.write_all(&[3, number]).unwrap();
    let mut answer = [0; 4];
    connection.read_exact(&mut answer).unwrap();
    answer
}

async fn both_ends<R: Runtime>(runtime: R) {
    let mut listener = runtime.listen(a_listener()).await.unwrap();
    let address = listener.local_address().unwrap();
    runtime.detach(async move {
        let mut connection = listener.accept().await.unwrap();
        let mut buffer = Buffer::filled(0, 5);
        for _ in 0..100 {
            buffer = connection.read_exact(buffer).await.unwrap();
            buffer = connection.write_all(buffer).await.unwrap();
        }
    });
    let mut connection = runtime.connect(address).await.unwrap();
    for number in 0..100 {
        let sent = [number; 5];
        connection.write_all(Buffer::from(sent.to_vec())).await.unwrap();
        let buffer = connection.read_exact(Buffer::filled(0, 5)).await.unwrap();
        assert_eq!(buffer.window(), sent);
    }
    let end = connection.read(Buffer::filled(0, 1)).await.unwrap().0;
    assert_eq!(end, 0, "the server has closed");
}
