//! Bad servers: each is counted by kind, and none ends or stops the generator.

#[expect(dead_code, reason = "each test file uses a part of it")]
mod support;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
use simul_load::{Arrivals, Error, Fault, Outcome, Target};
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};
use support::{PATIENCE, drive, generator, open, target};

/// So many requests in each test.
const REQUESTS: u64 = 20;

/// A server that does this with every connection. It ends with the tests.
fn server(with: impl Fn(TcpStream) + Copy + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || with(stream));
        }
    });
    address
}

/// Waits for a request; `false` when the client has left.
fn request(stream: &mut TcpStream) -> bool {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return false,
        }
    }
    true
}

/// Answers every request with these bytes.
fn answering(bytes: &'static str) -> SocketAddr {
    server(
        move |mut stream| {
            while request(&mut stream) && stream.write_all(bytes.as_bytes()).is_ok() {}
        },
    )
}

fn load(target: Target, timeout: Duration) -> Outcome {
    let mut generator = generator(target, 4, timeout);
    generator.connect().unwrap();
    let outcome = drive(
        &mut generator,
        open(100.0, Arrivals::Constant),
        Duration::from_millis(10 * REQUESTS),
    );
    assert_eq!(outcome.drawn, REQUESTS);
    assert_eq!(outcome.completed + outcome.failed + outcome.unfinished, REQUESTS);
    outcome
}

/// Every request fails, and in one of these ways.
fn assert_all_fail(outcome: &Outcome, faults: &[Fault]) {
    assert_eq!((outcome.failed, outcome.completed), (REQUESTS, 0), "{:?}", outcome.errors);
    let counted: u64 = faults.iter().filter_map(|fault| outcome.errors.get(fault)).sum();
    assert_eq!(counted, REQUESTS, "{:?}", outcome.errors);
    assert_eq!(outcome.errors.values().sum::<u64>(), counted, "{:?}", outcome.errors);
    // Failed requests have no response time, only a bound.
    let response = outcome.response.as_ref().unwrap();
    assert_eq!(response.quantile(0.01).unwrap().value(), None);
    assert!(!outcome.is_clean());
}

#[test]
fn answers_that_are_wrong_are_counted_by_kind() {
    for (answer, fault) in [
        ("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno", Fault::Status(500)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more", Fault::Surplus),
        ("220 mail.example ESMTP\r\n\r\n", Fault::Malformed),
    ] {
        assert_all_fail(&load(target(answering(answer)), PATIENCE), &[fault]);
    }
}

#[test]
fn half_an_answer_is_truncated() {
    let address = server(|mut stream| {
        if request(&mut stream) {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        }
    });
    assert_all_fail(&load(target(address), PATIENCE), &[Fault::Truncated]);
}

#[test]
fn a_server_that_closes_every_connection_is_seen() {
    let at_once = server(drop);
    assert_all_fail(&load(target(at_once), PATIENCE), &[Fault::Closed, Fault::Reset]);
    let after_the_request = server(|mut stream| {
        request(&mut stream);
    });
    assert_all_fail(&load(target(after_the_request), PATIENCE), &[Fault::Closed]);
}

#[test]
fn a_server_that_closes_after_each_answer_is_served_by_new_connections() {
    let address = server(|mut stream| {
        if request(&mut stream) {
            let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nok");
        }
    });
    let mut target = target(address);
    target.expected = Some(b"ok".to_vec());
    let outcome = load(target, PATIENCE);
    assert!(outcome.is_clean() && outcome.completed == REQUESTS, "{:?}", outcome.errors);
    assert!(outcome.reconnects >= REQUESTS - 4, "{}", outcome.reconnects);
}

#[test]
fn a_server_that_never_answers_times_out() {
    let address = server(|mut stream| while request(&mut stream) {});
    let outcome = load(target(address), Duration::from_millis(50));
    assert_all_fail(&outcome, &[Fault::Timeout]);
    let least = outcome.response.unwrap().quantile(0.01).unwrap().bound();
    assert!(least >= 49_900_000, "{least}");
}

#[test]
fn what_is_not_awaited_is_unfinished_with_its_age() {
    let address = server(|mut stream| while request(&mut stream) {});
    let settings = simul_load::Settings {
        target: target(address),
        connections: 1,
        pacing: simul_load::Pacing::Sleep,
        timeout: PATIENCE,
        grace: Duration::from_millis(20),
        lag: Duration::ZERO,
    };
    let mut generator = simul_load::Generator::new(settings).unwrap();
    generator.connect().unwrap();
    let slice = Duration::from_millis(10 * REQUESTS);
    let outcome = drive(&mut generator, open(100.0, Arrivals::Constant), slice);
    assert_eq!((outcome.unfinished, outcome.sent, outcome.drawn), (REQUESTS, 1, REQUESTS));
    let oldest = outcome.response.unwrap().max().unwrap();
    assert!(oldest.value().is_none() && oldest.bound() >= 219_000_000, "{oldest:?}");
    // The connection owes an answer: the next slice begins with another.
    assert_eq!(generator.connect().unwrap(), 1);
}

#[test]
fn wrong_bodies_and_early_answers_are_counted() {
    let address = answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let mut wrong = target(address);
    wrong.expected = Some(b"other".to_vec());
    assert_all_fail(&load(wrong, PATIENCE), &[Fault::WrongBody]);
    let mut early = target(address);
    early.least_service = PATIENCE;
    assert_all_fail(&load(early, PATIENCE), &[Fault::TooEarly]);
    let mut right = target(address);
    right.expected = Some(b"ok".to_vec());
    assert!(load(right, PATIENCE).is_clean());
}

#[test]
fn servers_that_are_not_there_are_told_apart() {
    // Bound, so that nobody else gets it, and not listening.
    let bound = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&bound, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let refusing = SocketAddr::try_from(getsockname(&bound).unwrap()).unwrap();
    let unreachable = SocketAddr::from((Ipv4Addr::BROADCAST, 9));
    for (address, fault) in [(refusing, Fault::Refused), (unreachable, Fault::Unreachable)] {
        let mut generator = generator(target(address), 4, PATIENCE);
        let error = generator.connect().unwrap_err();
        assert!(matches!(error, Error::Connect { fault: found, .. } if found == fault), "{error}");
        // And one that has gone meanwhile: every request tries, and fails.
        let slice = Duration::from_millis(10 * REQUESTS);
        let outcome = drive(&mut generator, open(100.0, Arrivals::Constant), slice);
        assert_all_fail(&outcome, &[fault]);
        assert_eq!(outcome.sent, 0);
    }
}

#[test]
fn the_closed_loop_has_no_response_time_and_counts_faults() {
    let good = answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let mut generator = generator(target(good), 4, PATIENCE);
    generator.connect().unwrap();
    let mode = simul_load::Mode::Closed;
    let outcome = drive(&mut generator, mode, Duration::from_millis(100));
    assert!(outcome.is_clean() && outcome.response.is_none());
    assert!(outcome.completed > 0 && outcome.completed == outcome.sent);
    let bad = answering("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno");
    let mut generator = support::generator(target(bad), 4, PATIENCE);
    generator.connect().unwrap();
    let outcome = drive(&mut generator, mode, Duration::from_millis(100));
    assert_eq!(outcome.errors.get(&Fault::Status(500)), Some(&outcome.failed));
    assert!(outcome.failed > 0 && outcome.completed == 0);
}
