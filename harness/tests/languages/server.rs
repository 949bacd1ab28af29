//! Do the programs serve the routes of `runners/PROTOCOL.md`, keep connections, and stop in good order? Asked over
//! plain sockets.

use crate::{
    program::{Program, Runner, tools},
    support::wait_until,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// `sha256sum` of 4 KiB in which byte i is i modulo 251.
const HASH_OF_4_KIB: &str = "d67c656e01756650d77717b0839985a056ec28ffe174601d690fc407a2ceffca";

fn serving(runner: &Runner) -> (Program, SocketAddr) {
    let mut program = Program::start(runner);
    let ready = program.tell(&json!({
        "protocol": simul::protocol::PROTOCOL, "workload": "echo:64", "runner": runner.name, "mode": "serve", "actors": 4,
        "workers": 2, "seed": 7, "surroundings": {"peer": null, "folder": null},
        "usual_slice_ns": 50_000_000_u64, "drain_ns": 20_000_000_000_u64,
    }));
    assert_eq!(ready["reply"], "ready", "{}: {ready}", runner.name);
    (program, ready["address"].as_str().unwrap().parse().unwrap())
}

/// A connection that waits long, but not for ever.
fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

fn send(stream: &mut TcpStream, method: &str, target: &str, body: &[u8]) {
    let length =
        if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let head = format!("{method} {target} HTTP/1.1\r\nHost: a\r\n{length}\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
}

/// Status and body of the next answer, by its `Content-Length`.
fn receive(stream: &mut TcpStream) -> (u16, Vec<u8>) {
    let mut head = Vec::new();
    let mut one = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut one).unwrap();
        head.push(one[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head.split("content-length: ").nth(1).unwrap_or_else(|| panic!("{head}"));
    let mut body = vec![0; length.split("\r\n").next().unwrap().parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    (status, body)
}

fn ask(stream: &mut TcpStream, method: &str, target: &str, body: &[u8]) -> (u16, Vec<u8>) {
    send(stream, method, target, body);
    receive(stream)
}

fn check_routes(runner: &Runner, address: SocketAddr) {
    // One connection for all: it is kept, after refusals too.
    let mut stream = connect(address);
    let pattern: Vec<u8> = (0..1 << 20).map(|at: usize| (at % 251) as u8).collect();
    let long = vec![b'y'; 1 << 20];
    for (method, target, body, status, answer) in [
        ("GET", "/health", &b""[..], 200, Some(&b"ok"[..])),
        ("POST", "/echo", b"hello", 200, Some(b"hello")),
        ("POST", "/echo", &long, 200, Some(&long)),
        ("GET", "/sha256?kib=4", b"", 200, Some(HASH_OF_4_KIB.as_bytes())),
        ("GET", "/mixed?us=10&kib=4", b"", 200, Some(HASH_OF_4_KIB.as_bytes())),
        ("GET", "/file?bytes=1000", b"", 200, Some(&pattern[..1000])),
        ("GET", "/file?bytes=1048576", b"", 200, Some(&pattern)),
        ("GET", "/nothing", b"", 404, None),
        ("GET", "/echo", b"", 405, None),
        ("GET", "/sleep", b"", 400, None),
        ("GET", "/sleep?us=x", b"", 400, None),
        ("GET", "/sleep?us=1&us=1", b"", 400, None),
        ("GET", "/file?bytes=1048577", b"", 400, None),
        ("GET", "/health?x=1", b"", 400, None),
        ("GET", "/health", b"", 200, Some(b"ok")),
    ] {
        let (found, came) = ask(&mut stream, method, target, body);
        assert_eq!(found, status, "{} {method} {target}", runner.name);
        assert!(answer.is_none_or(|answer| came == answer), "{} {method} {target}", runner.name);
    }
    let began = Instant::now();
    assert_eq!(ask(&mut stream, "GET", "/sleep?us=30000", b""), (200, b"ok".to_vec()));
    // Not later than something, which a stall would bend, but not earlier than asked.
    assert!(began.elapsed() >= Duration::from_millis(30), "{}", runner.name);
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n";
    let mut stream = connect(address);
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(receive(&mut stream).0, 413, "{}", runner.name);
    let mut stream = connect(address);
    let fields = "A: b".repeat(8 << 10);
    stream
        .write_all(format!("GET /health HTTP/1.1\r\nHost: a\r\nX: {fields}\r\n").as_bytes())
        .unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 431", "{}", runner.name);
}

#[test]
fn servers_answer_every_route_and_finish() {
    for runner in tools().filter(|runner| runner.serves) {
        let (mut program, address) = serving(&runner);
        check_routes(&runner, address);
        // A connection on which nothing is in flight does not hold it up.
        let _idle = connect(address);
        let finished: Value = program.tell(&json!({"order": "finish"}));
        assert_eq!(finished["reply"], "finished", "{}: {finished}", runner.name);
        assert_eq!(finished["actors"], json!([]), "{}", runner.name);
        assert_eq!(program.ending(), Some(0), "{}", runner.name);
    }
}

#[test]
fn a_server_that_is_terminated_answers_what_is_in_flight() {
    for runner in tools().filter(|runner| runner.serves) {
        let (mut program, address) = serving(&runner);
        let mut stream = connect(address);
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\
                    Expect: 100-continue\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        // With this the request is in flight, for certain.
        let asked_for = b"HTTP/1.1 100 Continue\r\n\r\n";
        let mut interim = vec![0; asked_for.len()];
        stream.read_exact(&mut interim).unwrap();
        assert_eq!(interim, asked_for, "{}", runner.name);
        kill(Pid::from_raw(program.pid()), Signal::SIGTERM).unwrap();
        wait_until("a server to accept no more", || TcpStream::connect(address).is_err());
        stream.write_all(b"hello").unwrap();
        assert_eq!(receive(&mut stream), (200, b"hello".to_vec()), "{}", runner.name);
        assert_eq!(program.ending(), Some(0), "{}", runner.name);
    }
}

#[test]
fn a_pool_of_processes_is_no_server() {
    for runner in tools().filter(|runner| !runner.serves) {
        let mut program = Program::start(&runner);
        let refused = program.tell(&json!({
            "protocol": simul::protocol::PROTOCOL, "workload": "echo:64", "runner": runner.name, "mode": "serve", "actors": 1,
            "workers": 1, "seed": 1, "surroundings": {"peer": null, "folder": null},
            "usual_slice_ns": 1, "drain_ns": 1,
        }));
        assert_eq!(refused["state"], "not-applicable", "{refused}");
    }
}
