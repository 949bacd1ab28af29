//! Does every runner that can serve answer every request right, whatever clients do?
//!
//! The real program and real sockets. Every runner is asked the same; what one cannot do is skipped by what it
//! declares, never by its name. Load generators that others wrote drive them too, where they are installed;
//! `SIMUL_REQUIRE_TOOLS` makes their absence a failure.

#[path = "support/http.rs"]
mod http;
#[path = "support/serving.rs"]
mod serving;
mod support;

use http::{Client, request};
use serving::{Served, for_each_runner, with_trial};
use simul_workloads::server::{
    Call, Route,
    call::call_of,
    http::{MOST_BODY_BYTES, MOST_HEAD_BYTES},
    routes::FILE_BYTES,
};
use std::{
    error::Error,
    net::SocketAddr,
    process::{Command, Stdio},
};
use support::{Place, text};

type Outcome = Result<(), Box<dyn Error>>;

/// Fails with what was found, so that the runner can be named with it.
macro_rules! same {
    ($found:expr, $expected:expr, $($what:tt)+) => {
        let (found, expected) = (&$found, &$expected);
        if found != expected {
            return Err(format!("{}: {found:?}, not {expected:?}", format!($($what)+)).into());
        }
    };
}

#[test]
fn every_route_is_answered_right() {
    for_each_runner("sha256:1024", |served| {
        let mut client = Client::connect(served.address)?;
        for workload in ["echo:64", "echo:1048576", "sleep", "sha256", "mixed", "file-read"] {
            answers(&mut client, &call_of(workload)?)?;
        }
        for route in [
            Route::Health,
            Route::Sleep { us: 0 },
            Route::Sha256 { kib: 300 },
            Route::Mixed { us: 1, kib: 0 },
            Route::File { bytes: FILE_BYTES },
            Route::File { bytes: 0 },
        ] {
            answers(&mut client, &Call::new(route, Vec::new()))?;
        }
        let root = Call { path: "/".into(), ..call_of("sha256:1024")? };
        answers(&mut client, &root)
    });
}

fn answers(client: &mut Client, call: &Call) -> Outcome {
    // Twice: connections and open files are kept.
    for _ in 0..2 {
        let reply = client.ask(call.method, &call.path, &call.body)?;
        same!((reply.status, reply.ends()), (200, false), "{} {}", call.method, call.path);
        if reply.body != call.expected {
            return Err(format!("{}: another body", call.path).into());
        }
    }
    Ok(())
}

#[test]
fn requests_may_come_in_any_pieces() {
    for_each_runner("echo", |served| {
        let mut client = Client::connect(served.address)?;
        // Byte by byte, the body too.
        for byte in request("POST", "/echo", b"in pieces") {
            client.send([byte])?;
        }
        same!(client.reply()?.body, b"in pieces", "byte by byte");
        // Many at once, the last one in two parts.
        let many: Vec<u8> =
            (0..50u32).flat_map(|n| request("POST", "/echo", n.to_string().as_bytes())).collect();
        let (first, rest) = many.split_at(many.len() - 5);
        client.send(first)?;
        for number in 0..49 {
            same!(client.reply()?.body, number.to_string().into_bytes(), "pipelined, in order");
        }
        client.send(rest)?;
        same!(client.reply()?.body, b"49", "the last of the pipelined");
        // A client that waits to be told to send the body.
        client.send("POST /echo HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")?;
        same!(client.reply()?.status, 100, "the go-ahead");
        client.send("abc")?;
        same!(client.reply()?.body, b"abc", "after the go-ahead");
        // HTTP/1.0 ends its connection, and its client reads to the end.
        client.send("GET /health HTTP/1.0\r\n\r\n")?;
        same!(client.reply()?.body, b"ok", "HTTP/1.0");
        same!(client.is_ended()?, true, "HTTP/1.0: ended");
        Ok(())
    });
}

#[test]
fn what_is_wrong_is_refused_and_the_server_lives() {
    for_each_runner("echo", |served| {
        // Wrong, but whole: the connection goes on.
        let mut client = Client::connect(served.address)?;
        for (method, path, status) in [
            ("GET", "/nowhere", 404),
            ("GET", "/sleep?us=soon", 400),
            ("GET", "/file?bytes=1048577", 400),
            ("GET", "/echo", 405),
            ("DELETE", "/health", 405),
            ("GET", "/", 405),
        ] {
            let reply = client.ask(method, path, b"")?;
            same!((reply.status, reply.ends()), (status, false), "{method} {path}");
        }
        // Where the next request would begin cannot be told: the connection ends.
        let long = "x".repeat(4 * MOST_HEAD_BYTES);
        let too_large = vec![b'x'; MOST_BODY_BYTES + 1];
        for (what, bytes, status) in [
            ("garbage", b"\x16\x03\x01 this is not HTTP\r\n\r\n".to_vec(), 400),
            ("a bad length", b"POST /echo HTTP/1.1\r\nContent-Length: x\r\n\r\n".to_vec(), 400),
            ("chunks", b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), 411),
            ("a long path", request("GET", &format!("/{long}"), b""), 431),
            ("a head without end", format!("GET / HTTP/1.1\r\nA: {long}").into_bytes(), 431),
            ("many fields", format!("GET / HTTP/1.1\r\n{}", "A: b\r\n".repeat(99)).into(), 431),
            ("a large body", request("POST", "/echo", &too_large), 413),
        ] {
            let mut client = Client::connect(served.address)?;
            client.send(bytes)?;
            let reply = client.reply().map_err(|error| format!("{what}: {error}"))?;
            same!((reply.status, reply.ends()), (status, true), "{what}");
            same!(client.is_ended()?, true, "{what}: ended");
        }
        // Refused by its head alone: a client that is still sending the body is not cut off.
        let whole = request("POST", "/echo", &too_large);
        let (head, body) = whole.split_at(whole.len() - too_large.len());
        let mut client = Client::connect(served.address)?;
        client.send(head)?;
        same!(client.reply()?.status, 413, "a large body, not sent yet");
        same!(client.is_ended()?, true, "a large body: nothing more is said");
        for part in body.chunks(16 << 10) {
            client.send(part).map_err(|error| format!("the rest of a large body: {error}"))?;
        }
        is_alive(served.address)
    });
}

#[test]
fn silent_and_vanishing_clients_are_in_nobodys_way() {
    for_each_runner("echo", |served| {
        // More than any runner has workers: some say nothing, some half a request, some do not read.
        let mut open = Vec::new();
        for number in 0..150 {
            let mut client = Client::connect(served.address)?;
            match number % 3 {
                0 => {}
                1 => client.send("POST /echo HTTP/1.1\r\nContent-Le")?,
                _ => client.send(request("GET", "/file?bytes=1048576", b""))?,
            }
            open.push(client);
        }
        is_alive(served.address)?;
        // Half of them vanish in the middle of it.
        open.truncate(75);
        is_alive(served.address)?;
        // And those that stay are served when they go on.
        for (number, client) in open.iter_mut().enumerate() {
            match number % 3 {
                0 => client.send(request("GET", "/health", b""))?,
                1 => client.send("ngth: 2\r\n\r\nok")?,
                _ => {}
            }
            let reply = client.reply().map_err(|error| format!("client {number}: {error}"))?;
            let bytes = if number % 3 == 2 { FILE_BYTES as usize } else { 2 };
            same!((reply.status, reply.body.len()), (200, bytes), "client {number}");
        }
        Ok(())
    });
}

fn is_alive(address: SocketAddr) -> Outcome {
    let reply = Client::connect(address)?.ask("GET", "/health", b"")?;
    same!((reply.status, &reply.body[..]), (200, &b"ok"[..]), "health");
    Ok(())
}

#[test]
fn what_is_in_flight_is_answered_before_the_server_ends() {
    for_each_runner("echo", |served| {
        let mut client = Client::connect(served.address)?;
        let mut idle = Client::connect(served.address)?;
        same!(idle.ask("GET", "/health", b"")?.status, 200, "an idle client");
        // In one piece: when the first is answered, the second has been read.
        let both =
            [request("GET", "/health", b""), request("GET", "/sleep?us=300000", b"")].concat();
        client.send(both)?;
        same!(client.reply()?.body, b"ok", "the first");
        served.terminate();
        let reply = client.reply().map_err(|error| format!("in flight: {error}"))?;
        same!((reply.status, &reply.body[..]), (200, &b"ok"[..]), "in flight");
        same!(served.wait(), (Some(0), String::new()), "the end of the server");
        if Client::connect(served.address).is_ok() {
            return Err("it still listens".into());
        }
        Ok(())
    });
}

#[test]
fn a_server_says_where_it_listens_and_how_connections_come_to_it() {
    let place = Place::new();
    for (arguments, parts) in [
        (
            "serve echo:128 -r threads",
            ["(echo:128 at /; POST /echo, GET ", "each connection is a task"],
        ),
        ("serve sleep -r thread-pool --workers 3", ["thread-pool, 3 workers", "one poller thread"]),
        ("serve mixed -r threads --workers 1", ["threads, 1 worker:", "one accept loop"]),
    ] {
        let served = Served::start(&place, arguments);
        assert!(served.line.starts_with("listening on http://127.0.0.1:"), "{}", served.line);
        for part in parts {
            assert!(served.line.contains(part), "{arguments}: {}", served.line);
        }
    }
    place.assert_clean();
}

#[test]
fn bad_input_is_refused_in_a_line() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("serve echo -r threads --listen {}", taken.local_addr().unwrap());
    for (arguments, line, next) in [
        ("serve ecoh -r threads", "no workload matches 'ecoh'", "did you mean 'echo'?"),
        ("serve echo -r thread", "no runner matches 'thread'", "did you mean 'threads'?"),
        ("serve echo -r inline", "runner 'inline' cannot serve: its only thread", "simul list"),
        ("serve spawn -r threads", "no route", "simul list workloads"),
        ("serve echo:1 -r threads", "bytes = '1' is not", "a whole number from 16"),
        ("serve echo -r threads --listen nowhere", "'nowhere' is not an address", "127.0.0.1:8080"),
        ("serve echo -r threads --workers 0", "'0'", "1..=1024"),
        ("serve echo", "--runner", "--help"),
        (&listen, "Address already in use", "--listen"),
    ] {
        let output = place.run(arguments);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {errors}");
        assert!(errors.contains(line) && errors.contains(next), "{arguments}: {errors}");
        assert_eq!(
            errors.lines().filter(|line| line.starts_with("error: ")).count(),
            1,
            "{errors}"
        );
        assert!(output.stdout.is_empty(), "{arguments}");
    }
    place.assert_clean();
}

#[test]
fn other_peoples_generators_find_no_fault() {
    let tools = ["wrk", "oha"].map(has);
    for_each_runner("echo", |served| {
        let at = |path: &str| format!("http://{}{path}", served.address);
        if tools[0] {
            for path in ["/health", "/mixed?us=100&kib=1"] {
                let url = at(path);
                let said = run("wrk", &["-t1", "-c64", "-d1s", "--timeout", "30s", &url])?;
                let faults =
                    ["Socket errors", "Non-2xx", "unable"].map(|fault| said.contains(fault));
                same!(faults, [false; 3], "wrk {path}: {said}");
                let done = said.split_once(" requests in ").and_then(|(before, _)| {
                    before.rsplit(char::is_whitespace).next()?.parse::<u64>().ok()
                });
                same!(done.is_some_and(|done| done > 0), true, "wrk {path}: {said}");
            }
        }
        if tools[1] {
            let plain = ["--no-tui", "--output-format", "json", "-c", "64", "-n", "1000"];
            for (path, more) in
                [("/echo", &["-m", "POST", "-d", "hello"][..]), ("/file?bytes=4096", &[])]
            {
                let url = at(path);
                let said = run("oha", &[&plain[..], more, &[&url]].concat())?;
                let said: serde_json::Value = serde_json::from_str(&said)?;
                let counted = &said["statusCodeDistribution"];
                same!(*counted, serde_json::json!({ "200": 1000 }), "oha {path}");
                same!(said["errorDistribution"], serde_json::json!({}), "oha {path}");
            }
        }
        is_alive(served.address)
    });
}

fn has(tool: &str) -> bool {
    let found =
        Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let required = std::env::var_os("SIMUL_REQUIRE_TOOLS").is_some();
    assert!(found.is_ok() || !required, "{tool} is required and not installed: scripts/install");
    if found.is_err() {
        eprintln!("skipped: {tool} is not installed");
    }
    found.is_ok()
}

fn run(tool: &str, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let output = Command::new(tool).args(arguments).stdin(Stdio::null()).output()?;
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(format!("{tool}: {}: {}", output.status, text(&output.stderr)).into()),
    }
}

#[test]
fn a_trial_serves_until_it_is_told_to_finish() {
    with_trial("threads", |trial| {
        let ready = trial.read();
        assert_eq!(ready["reply"], "ready", "{ready}");
        assert!(ready["card"]["intake"].as_str().unwrap().contains("accept loop"), "{ready}");
        let address: SocketAddr = ready["address"].as_str().unwrap().parse().unwrap();
        is_alive(address).unwrap();
        trial.write(r#"{"order":"finish"}"#);
        let finished = trial.read();
        assert_eq!(finished["reply"], "finished", "{finished}");
        assert_eq!(finished["actors"], serde_json::json!([]));
        assert!(finished["peak_rss_bytes"].as_u64().unwrap() > 0, "{finished}");
        assert!(trial.has_ended());
        assert!(Client::connect(address).is_err());
    });
    with_trial("threads", |trial| {
        trial.read();
        trial.write(r#"{"order":"slice","duration_ns":1000000,"drop_ns":0}"#);
        let failed = trial.read();
        assert_eq!(failed["reply"], "failed", "{failed}");
        assert!(failed["reason"].as_str().unwrap().contains("not when it is ordered"));
    });
    with_trial("threads", |trial| {
        trial.read();
        trial.close();
        assert!(trial.has_ended(), "the end of standard input is the end of the server");
    });
    with_trial("inline", |trial| {
        let refused = trial.read();
        assert_eq!(
            (&refused["reply"], &refused["state"]),
            (&"refused".into(), &"not-applicable".into())
        );
        assert!(refused["reason"].as_str().unwrap().contains("its only thread"), "{refused}");
    });
}
