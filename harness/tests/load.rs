//! `simul load` from outside: the shape of its JSON, and that the exit code tells how it went.

mod support;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};
use support::{Place, json, text, wait_until};

/// Answers every request with this; ends with the tests.
fn server(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream, answer));
        }
    });
    address
}

fn serve(mut stream: TcpStream, answer: &str) {
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(bytes @ 1..) = stream.read(&mut buffer) {
        head.extend_from_slice(&buffer[..bytes]);
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn an_open_load_is_told_in_the_promised_shape() {
    let place = Place::new();
    let url = format!("http://{}/", server(GOOD));
    let arguments = "--rate 100 --duration 500ms --connections 3 --expect ok --json";
    let output = place.run(&format!("load {url} {arguments}"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let found = json(&output);
    assert_eq!((&found["schema"], &found["mode"]), (&1.into(), &"open".into()));
    assert_eq!((&found["sent"], &found["completed"]), (&50.into(), &50.into()));
    assert_eq!((&found["unfinished"], &found["errors"]), (&0.into(), &serde_json::json!({})));
    assert!(found["offered_rate"].as_f64().unwrap() > 99.0, "{found}");
    assert!(found["achieved_rate"].is_f64() && found["generator_limited"].is_boolean(), "{found}");
    assert!(["none", "server", "generator"].contains(&found["saturated"].as_str().unwrap()));
    for times in ["response_ns", "service_ns", "wait_ns", "lag_ns"] {
        let quantiles = ["p50", "p90", "p95", "p99", "p999", "max"];
        let values = quantiles.map(|name| found[times][name].as_u64().unwrap());
        assert!(values.is_sorted(), "{times}: {values:?}");
    }
    place.assert_clean();
}

#[test]
fn a_closed_load_says_so_beside_every_figure() {
    let place = Place::new();
    let url = format!("http://{}/", server(GOOD));
    let output = place.run(&format!("load {url} --closed --duration 200ms --connections 2"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    assert!(shown.lines().count() > 4, "{shown}");
    assert!(shown.lines().all(|line| line.contains("closed")), "{shown}");
    assert!(!shown.contains("response"), "{shown}");
    let output = place.run(&format!("load {url} --closed --duration 200ms --json"));
    let found = json(&output);
    assert!(found["response_ns"].is_null() && found["mode"] == "closed", "{found}");
    assert!(found["completed"].as_u64().unwrap() > 0);
}

#[test]
fn the_exit_code_tells() {
    let place = Place::new();
    let bad = server("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno");
    let output = place.run(&format!("load http://{bad}/ --rate 50 --duration 200ms --json"));
    assert_eq!(output.status.code(), Some(1));
    let found = json(&output);
    assert_eq!(found["errors"]["status-500"], 10, "{found}");
    assert!(found["response_ns"]["p50"].is_null(), "{found}");
    assert!(found["response_ns"]["at_least"]["p50"].is_u64(), "{found}");
    let output = place.run("load http://255.255.255.255:9/ --rate 50 --duration 200ms");
    assert_eq!(output.status.code(), Some(1));
    let errors = text(&output.stderr);
    assert!(errors.contains("unreachable") && errors.contains("listening"), "{errors}");
    let output = place.run("load http://255.255.255.255:9/ --rate 50 --duration 200ms --json");
    assert_eq!(output.status.code(), Some(1));
    let found = json(&output);
    assert_eq!((&found["errors"]["unreachable"], &found["sent"]), (&1.into(), &0.into()));
    assert_eq!((&found["unfinished"], &found["drawn"]), (&10.into(), &10.into()));
}

#[test]
fn bad_input_is_refused_with_the_next_step() {
    let place = Place::new();
    for (arguments, line, next) in [
        ("nowhere --rate 1", "'nowhere'", "such as http://"),
        ("https://localhost/ --rate 1", "TLS", "such as http://"),
        ("http://127.0.0.1:9/", "no rate", "--rate"),
        ("http://127.0.0.1:9/ --rate 0", "the rate '0'", "--rate"),
        ("http://127.0.0.1:9/ --rate 10 --duration 10", "'10' is not a time", "such as 10s"),
        ("http://127.0.0.1:9/ --rate 10 --duration 1s --drop 1s", "cannot be dropped", "longer"),
        ("http://127.0.0.1:9/ --rate 10 --arrivals often", "'often'", "poisson"),
        ("http://127.0.0.1:9/ --rate 10 --pacing fast", "'fast'", "hybrid"),
        ("http://127.0.0.1:9/ --rate 10 --connections 0", "0", "1.."),
        ("http://127.0.0.1:9/ --rate 10 --core 4000", "core '4000'", "--core"),
        ("http://127.0.0.1:9/ --rate 10 --method get", "'get'", "such as GET"),
        ("http://127.0.0.1:9/ --sweep --slo fast", "'fast'", "p99=10ms"),
        ("http://127.0.0.1:9/ --rate 10 --slo p99=1ms", "--sweep", "--help"),
    ] {
        let output = place.run(&format!("load {arguments}"));
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {errors}");
        assert!(errors.contains(line) && errors.contains(next), "{arguments}: {errors}");
        assert!(output.stdout.is_empty(), "{arguments}");
    }
}

#[test]
fn a_signal_ends_it_with_what_was_seen() {
    let place = Place::new();
    let asked = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = asked.local_addr().unwrap();
    let arguments = "--rate 100 --duration 600s --connections 1 --json";
    let child = place.start(&format!("load http://{address}/ {arguments}"));
    let (stream, _) = asked.accept().unwrap();
    // The first byte of a request: the slice has begun.
    let mut byte = [0];
    wait_until("a request", || stream.peek(&mut byte).is_ok_and(|bytes| bytes == 1));
    thread::spawn(move || serve(stream, GOOD));
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    let found = json(&output);
    assert_eq!(found["interrupted"], true);
    assert!(found["drawn"].as_u64().unwrap() >= 1, "{found}");
    assert!(Duration::from_nanos(found["duration_ns"].as_u64().unwrap()).as_secs() < 600);
    place.assert_clean();
}

#[test]
fn a_sweep_finds_a_rate_or_says_that_there_is_none() {
    let place = Place::new();
    let bad = server("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno");
    let arguments = "--sweep --rate 40 --duration 500ms --connections 1 --json";
    // Every rate is bad: the search goes down to one a second, and ends.
    let output = place.run(&format!("load http://{bad}/ {arguments}"));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let found = json(&output);
    assert!(found["capacity_rate"].is_null() && found["mode"] == "sweep", "{found}");
    assert!(found["steps"].as_array().unwrap().len() >= 2, "{found}");
}
