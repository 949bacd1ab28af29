//! Does a runner talk to its neighbours on the machine: by Unix sockets, by datagrams, by the pipes of programs that
//! it starts?

use crate::port::{Check, ONE_TASK, Site};
use simul_workloads::{Buffer, Datagram as _, Needs, Runtime, Stream as _};
use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, UdpSocket},
    os::unix::net::UnixListener,
    path::Path,
    thread,
};

const UNIX: &[Needs] = &[Needs { unix_sockets: true, ..ONE_TASK[0] }];
const DATAGRAMS: &[Needs] = &[Needs { datagrams: true, ..ONE_TASK[0] }];
const PROCESSES: &[Needs] = &[Needs { processes: true, ..ONE_TASK[0] }];

pub(crate) fn all<R: Runtime>() -> Vec<(&'static str, &'static [Needs], Check<R>)> {
    vec![
        ("Unix streams carry bytes and end", UNIX, |rt, site| Box::pin(unix(rt, site))),
        ("nobody at a path is an error", UNIX, |rt, site| Box::pin(nobody(rt, site))),
        ("datagrams keep their bounds", DATAGRAMS, |rt, _| Box::pin(datagrams(rt))),
        ("programs get their input and give their output", PROCESSES, |rt, _| {
            Box::pin(programs(rt))
        }),
        ("neither pipe of a program stands still", PROCESSES, |rt, _| Box::pin(full_pipes(rt))),
        ("a program may leave its input alone", PROCESSES, |rt, _| Box::pin(unread(rt))),
        ("a program that is not there is an error", PROCESSES, |rt, _| Box::pin(no_program(rt))),
    ]
}

async fn unix<R: Runtime>(runtime: R, site: Site) {
    let path = site.folder.join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    // Sends back all that it got once it has been told that nothing more comes.
    let peer = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        stream.write_all(&bytes).unwrap();
    });
    let mut stream = runtime.connect_unix(&path).await.unwrap();
    // Beyond what a socket holds on its way.
    let message: Vec<u8> = (0..100_000_u32).map(|number| (number % 251) as u8).collect();
    stream.write_all(Buffer::from(message.clone())).await.unwrap();
    stream.end().await.unwrap();
    let back = stream.read_exact(Buffer::filled(0, message.len())).await.unwrap();
    assert!(back.whole() == message, "other bytes came back");
    assert_eq!(stream.read(Buffer::filled(0, 1)).await.unwrap().0, 0, "the end");
    peer.join().unwrap();
}

async fn nobody<R: Runtime>(runtime: R, site: Site) {
    let error = runtime.connect_unix(&site.folder.join("no such socket")).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::NotFound));
}

async fn datagrams<R: Runtime>(runtime: R) {
    let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut socket = runtime.udp(peer.local_addr().unwrap()).await.unwrap();
    let mut window = Buffer::from(vec![9, 1, 2, 3]);
    window.advance(1).unwrap();
    assert_eq!(socket.send(window).await.unwrap().0, 3);
    assert_eq!(socket.send(Buffer::filled(7, 2)).await.unwrap().0, 2);
    let mut bytes = [0; 16];
    let (count, from) = peer.recv_from(&mut bytes).unwrap();
    assert_eq!(&bytes[..count], [1, 2, 3], "only the window");
    assert!(from.ip().is_loopback(), "{from}");
    assert_eq!(peer.recv_from(&mut bytes).unwrap().0, 2, "a datagram for each sending");
    for message in [&[5, 6][..], &[], &[1; 9]] {
        peer.send_to(message, from).unwrap();
    }
    let (count, buffer) = socket.receive(Buffer::filled(0, 8)).await.unwrap();
    assert_eq!((count, buffer.whole()), (2, &[5, 6, 0, 0, 0, 0, 0, 0][..]));
    let (count, buffer) = socket.receive(buffer).await.unwrap();
    assert_eq!(count, 0, "an empty one is one too");
    let mut buffer = buffer;
    buffer.advance(4).unwrap();
    let (count, buffer) = socket.receive(buffer).await.unwrap();
    assert_eq!((count, buffer.whole()), (4, &[5, 6, 0, 0, 1, 1, 1, 1][..]), "cut to the window");
}

/// A shell stands on every machine that tests run on.
fn shell() -> &'static Path {
    Path::new("/bin/sh")
}

async fn programs<R: Runtime>(runtime: R) {
    for _ in 0..3 {
        let arguments = ["-c", "echo \"$1\"; cat; echo unseen >&2; exit 3", "sh", "a b"];
        let output = runtime.run(shell(), &arguments, b"from here\n".to_vec()).await.unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(output.stdout, b"a b\nfrom here\n");
        assert_eq!(output.stderr, b"");
    }
}

async fn full_pipes<R: Runtime>(runtime: R) {
    // Several times what a pipe holds; the program writes each piece before it reads the next one.
    let input: Vec<u8> = (0..1_000_000_u32).map(|number| (number % 253) as u8).collect();
    let output = runtime.run(shell(), &["-c", "cat"], input.clone()).await.unwrap();
    assert!(output.status.success());
    assert!(output.stdout == input, "other bytes came back");
}

async fn unread<R: Runtime>(runtime: R) {
    let output = runtime.run(shell(), &["-c", "echo done"], vec![0; 1_000_000]).await.unwrap();
    assert_eq!(output.stdout, b"done\n");
}

async fn no_program<R: Runtime>(runtime: R) {
    let error = runtime.run(Path::new("/no/such/program"), &[], Vec::new()).await.err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::NotFound));
}
