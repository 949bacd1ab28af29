//! Open cells in the matrix: every runner that serves, servers that are not ours, sweeps; and what becomes of
//! bad servers. Rates are low and slices short, so that nothing here depends on how fast the machine is.

mod support;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use simul_results::{Role, State};
use std::{net::TcpListener, path::Path, process::Command};
use support::{Place, json, text};

/// Short, and slow enough for a busy machine.
const SHORT: &str = "-w echo --load open-200 --connections 4 --blocks 1 --rounds 2 --slice 200ms \
                     --out run --json";

fn program() -> String {
    std::env::var("SIMUL_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_simul").into())
}

/// Our own server as somebody else's.
fn own_server(runner: &str) -> String {
    format!("{} serve echo --runner {runner} --listen {{address}}", program())
}

/// Runs with servers, whose commands have spaces.
fn with_servers(place: &Place, arguments: &str, servers: &[String]) -> std::process::Output {
    let mut command = place.simul(arguments);
    for server in servers {
        command.args(["--server", server]);
    }
    command.stdin(std::process::Stdio::null()).output().unwrap()
}

fn cell<'a>(object: &'a Value, runner: &str) -> &'a Value {
    let cells = object["cells"].as_array().unwrap();
    let mine = |cell: &&Value| cell["runner"] == runner && cell["role"] == "runner";
    cells.iter().find(mine).unwrap_or_else(|| panic!("no cell of {runner} in {object}"))
}

#[test]
fn runners_serve_in_the_same_rounds_with_the_same_arrivals() {
    let place = Place::new();
    let output = place.run(
        &SHORT
            .replace("open-200", "open-200-poisson")
            .replace("-w echo", "-w echo,sleep:500,sha256:1024 -r threads,thread-pool,inline"),
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let object = json(&output);
    for cell in object["cells"].as_array().unwrap() {
        match cell["state"].as_str().unwrap() {
            "measured" => assert_open(cell),
            "not-applicable" => assert!(cell["reason"].is_string(), "{cell}"),
            state => panic!("{state}: {cell}"),
        }
    }
    assert_eq!(cell(&object, "threads")["state"], "measured");
    let schema = include_str!("../../results/schema/output.schema.json");
    jsonschema::validate(&serde_json::from_str(schema).unwrap(), &object).unwrap();
    let trials = place.trials("run");
    let measured: Vec<_> = trials
        .iter()
        .filter(|trial| trial.state == State::Measured && trial.workload == "echo")
        .collect();
    assert!(measured.iter().any(|trial| trial.role == Role::Null), "a null arm");
    assert!(trials.iter().all(|trial| trial.role != Role::Floor), "no floor");
    let drawn = |round: u32| {
        let slices = measured.iter().flat_map(|trial| &trial.slices);
        let of_round = slices.filter(move |slice| slice.round == round);
        of_round.map(|slice| slice.open.as_ref().unwrap().drawn).collect::<Vec<_>>()
    };
    for round in [0, 1] {
        let drawn = drawn(round);
        assert!(drawn.len() >= 3 && drawn.iter().all(|count| *count == drawn[0]), "{drawn:?}");
    }
    let mut spans: Vec<(u64, u64)> = measured
        .iter()
        .flat_map(|trial| &trial.slices)
        .map(|slice| (slice.started_ns, slice.ended_ns))
        .collect();
    spans.sort_unstable();
    assert!(spans.windows(2).all(|two| two[0].1 <= two[1].0), "one server is driven at a time");
    place.assert_clean();
}

/// What must hold of every measured open cell.
fn assert_open(cell: &Value) {
    assert_eq!(cell["measure"], "response", "{cell}");
    let open = &cell["open"];
    assert!(open["drawn"].as_u64().unwrap() > 0, "{cell}");
    assert!(open["errors"].as_object().unwrap().is_empty(), "{cell}");
    for times in ["response_ns", "service_ns", "wait_ns", "lag_ns"] {
        assert!(cell[times]["p50"]["median"].as_f64().is_some(), "{times} of {cell}");
    }
    let median = |times: &str| cell[times]["p50"]["median"].as_f64().unwrap();
    assert!(median("response_ns") >= 0.99 * median("service_ns"), "{cell}");
    assert!(cell["cpu_us_per_op"]["median"].as_f64().unwrap() > 0.0, "{cell}");
    assert!(cell["lateness_ns"].is_null() && cell["sweep"].is_null(), "{cell}");
}

#[test]
fn work_without_a_route_is_not_applicable_and_says_why() {
    let place = Place::new();
    let output = place.run(&SHORT.replace("-w echo", "-w echo,spawn -r threads"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let object = json(&output);
    let cells = object["cells"].as_array().unwrap();
    let spawn = cells.iter().find(|cell| cell["workload"] == "spawn").unwrap();
    assert_eq!(spawn["state"], "not-applicable");
    assert!(spawn["reason"].as_str().unwrap().contains("no route"), "{spawn}");
}

#[test]
fn another_server_stands_in_the_same_rounds() {
    let place = Place::new();
    // A shell and a child below it: both must be gone in the end.
    let command = format!("ours={}; true", own_server("threads"));
    let command = command.replace("{address}", "127.0.0.1:$PORT");
    let output = with_servers(&place, &format!("{SHORT} -r threads"), &[command]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let object = json(&output);
    let ours = cell(&object, "ours");
    assert_open(ours);
    assert_eq!((&ours["version"], &ours["workers"]), (&"unknown".into(), &0.into()));
    let trials = place.trials("run");
    let receipt = trials.iter().find(|trial| trial.runner == "ours").unwrap().receipt.clone();
    assert!(receipt.unwrap().package.contains("serve echo"));
    place.assert_clean();
}

#[test]
fn a_running_server_has_no_cpu_figures_and_says_that_it_is_not_ours() {
    let place = Place::new();
    let mut server = place.simul("serve echo --runner threads --listen 127.0.0.1:0");
    let mut server = server.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut output = std::io::BufReader::new(server.stdout.take().unwrap());
    let address = loop {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut output, &mut line).unwrap() > 0, "no address");
        if let Some(at) = line.find("127.0.0.1:") {
            let digits = line[at + 10..].chars().take_while(char::is_ascii_digit);
            break format!("127.0.0.1:{}", digits.collect::<String>());
        }
    };
    let servers = [format!("there=http://{address}")];
    let output = with_servers(&place, &format!("{SHORT} -r threads"), &servers);
    kill(Pid::from_raw(server.id() as i32), Signal::SIGTERM).unwrap();
    server.wait().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let object = json(&output);
    let there = cell(&object, "there");
    assert_eq!(there["state"], "measured", "{there}");
    assert!(there["cpu_us_per_op"].is_null(), "{there}");
    assert!(there["marks"].as_array().unwrap().contains(&"not-ours".into()), "{there}");
    assert!(cell(&object, "threads")["cpu_us_per_op"].is_object());
    place.assert_clean();
}

#[test]
fn a_server_that_does_other_work_is_discarded_and_one_that_ends_has_failed() {
    let place = Place::new();
    let script = place.path("liar.py");
    std::fs::write(&script, LIAR).unwrap();
    let liar = format!("liar=python3 {} {{port}}", script.display());
    let dies = "dies=echo no such thing >&2; exit 3".to_owned();
    let output = with_servers(&place, &format!("{SHORT} -r threads"), &[liar, dies]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let object = json(&output);
    let reason = |cell: &Value| cell["reason"].as_str().unwrap_or_default().to_owned();
    let dies = cell(&object, "dies");
    assert_eq!(dies["state"], "failed");
    assert!(reason(dies).contains("no such thing"), "{dies}");
    assert_eq!(cell(&object, "threads")["state"], "measured");
    let liar = cell(&object, "liar");
    if Command::new("python3").arg("--version").output().is_ok() {
        assert_eq!(liar["state"], "discarded", "{liar}");
        assert!(reason(liar).contains("timings are discarded"), "{liar}");
    } else {
        assert_eq!(liar["state"], "failed", "{liar}");
    }
    place.assert_clean();
}

/// A server in another language that answers everything with the same three bytes.
const LIAR: &str = r#"
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Liar(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"lie")
    do_GET = do_POST = answer
    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Liar).serve_forever()
"#;

#[test]
fn nginx_stands_in_the_same_rounds_where_it_is_installed() {
    if !Path::new("/usr/sbin/nginx").exists() {
        assert!(std::env::var_os("SIMUL_NGINX").is_none(), "nginx is required here and missing");
        return;
    }
    let place = Place::new();
    let folder = place.path("nginx");
    std::fs::create_dir(&folder).unwrap();
    let configuration = "daemon off; master_process off; pid nginx.pid; error_log stderr crit;
        events { worker_connections 256; }
        http { access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
               uwsgi_temp_path uwsgi; scgi_temp_path scgi; keepalive_requests 1000000;
               server { listen 127.0.0.1:PORT; location /sleep { return 200 \"ok\"; } } }";
    std::fs::write(folder.join("template"), configuration).unwrap();
    let folder = folder.display();
    let server = format!(
        "nginx=cd {folder} && sed s/PORT/$PORT/ template > $PORT.conf && exec nginx -p {folder} -c $PORT.conf"
    );
    // It does not wait at all: the least that `sleep` can ask for is more than that, and it must show.
    let arguments = SHORT.replace("-w echo", "-w sleep:1000 -r threads");
    let output = with_servers(&place, &arguments, &[server]);
    let object = json(&output);
    let nginx = cell(&object, "nginx");
    assert_eq!(nginx["state"], "discarded", "{nginx}");
    assert!(nginx["reason"].as_str().unwrap().contains("in less time than"), "{nginx}");
    place.assert_clean();
}

#[test]
fn a_sweep_climbs_until_its_end_and_tells_what_it_reached() {
    let place = Place::new();
    // So high a start that the ladder ends before long, on any machine.
    let output = place.run(
        "-w echo -r threads --sweep --load open-100000 --slo p99=10s --connections 4 --blocks 1 \
         --slice 60ms --out run --json",
    );
    let object = json(&output);
    let threads = cell(&object, "threads");
    assert_eq!(threads["load"], "sweep-100000");
    if threads["state"] == "measured" {
        let rungs = threads["sweep"]["rungs"].as_array().unwrap();
        let rates: Vec<u64> =
            rungs.iter().map(|rung| rung["rate_per_sec"].as_u64().unwrap()).collect();
        assert!(rates.starts_with(&[100_000]) && rates.is_sorted(), "{rates:?}");
        assert!(rates.len() <= 3, "the ladder ends at 200,000: {rates:?}");
        assert!(threads["sweep"]["sustained"].is_object(), "{threads}");
        assert!(threads["response_ns"].is_null(), "there is no one response time of a sweep");
    }
    let charts: Vec<String> = std::fs::read_dir(place.path("run").join("charts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert!(charts.iter().all(|name| name.ends_with(".climb.svg")), "{charts:?}");
    place.assert_clean();
}

#[test]
fn an_interrupted_open_run_goes_on_and_a_killed_one_leaves_nothing() {
    let place = Place::new();
    let servers = [format!("ours={}", own_server("threads"))];
    let long = SHORT.replace("--blocks 1", "--blocks 500").replace(" --json", " -r threads");
    let start = |arguments: &str| {
        let mut command = place.simul(arguments);
        command.args(["--server", &servers[0]]);
        command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
        command.stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let few = long.replace("500", "3");
    let controller = start(&few);
    support::wait_until("the first block", || !place.trials("run").is_empty());
    kill(Pid::from_raw(controller.id() as i32), Signal::SIGINT).unwrap();
    let interrupted = controller.wait_with_output().unwrap();
    place.assert_clean();
    let before = place.trials("run");
    // It may have been done before the signal came.
    assert!([Some(130), Some(0)].contains(&interrupted.status.code()), "{:?}", interrupted.status);
    let output = place.run("run --resume run --json");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let after = place.trials("run");
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(cell(&json(&output), "ours")["blocks"], 3);
    let mut controller = start(&long.replace("--out run", "--out killed"));
    place.wait_for_process("simul generator");
    place.wait_for_process("serve echo");
    controller.kill().unwrap();
    controller.wait().unwrap();
    place.assert_clean();
}

#[test]
fn a_generator_that_dies_and_a_server_that_dies_are_told_apart() {
    for (victim, words) in [("simul generator", "its generator"), ("/self/exe trial", "ended")] {
        let place = Place::new();
        let long = SHORT.replace("--blocks 1", "--blocks 500").replace(" --json", " -r threads");
        let controller = place.start(&long);
        let guarded = |line: &str| line.contains(victim) && !line.contains("guard");
        let mut found = None;
        support::wait_until(victim, || {
            found = place.processes().into_iter().find(|(_, line)| {
                guarded(line)
                    || (victim.contains("trial")
                        && line.trim_end().ends_with("trial")
                        && !line.contains("guard"))
            });
            found.is_some()
        });
        kill(Pid::from_raw(found.unwrap().0), Signal::SIGKILL).unwrap();
        support::wait_until("the failure to be written down", || {
            place.trials("run").iter().any(|trial| trial.state != State::Measured)
        });
        kill(Pid::from_raw(controller.id() as i32), Signal::SIGINT).unwrap();
        controller.wait_with_output().unwrap();
        let trials = place.trials("run");
        let failed = trials.iter().find(|trial| trial.state != State::Measured).unwrap();
        assert_eq!(failed.state, State::Failed, "{:?}", failed.reason);
        assert!(failed.reason.as_ref().unwrap().contains(words), "{:?}", failed.reason);
        place.assert_clean();
    }
}

#[test]
fn bad_input_is_refused_with_the_next_step() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let _address = taken.local_addr().unwrap();
    for (arguments, line, next) in [
        ("--load open-0", "'open-0'", "such as open-1000"),
        ("--load open-1e99", "'open-1e99'", "such as open-1000"),
        ("--load open-5-burst:0", "'burst:0'", "such as open-1000-poisson"),
        ("--sweep --load closed-4", "'closed-4' is closed", "--load open-500-poisson"),
        ("--slo p99=10ms", "--sweep", "--help"),
        ("--sweep --slo p99", "'p99' is not", "such as p99=10ms"),
        ("--server threads=x --load open-10", "'threads' is that of a runner", "threads-server"),
        ("--server a=x --server a=y --load open-10", "'a' is given twice", "another"),
        ("--server a/b=x --load open-10", "'a/b'", "such as"),
        ("--server a=http://127.0.0.1 -w echo", "--server needs an open load", "--load open-1000"),
        ("--connections 0 --load open-10", "'0'", "--help"),
    ] {
        let place = Place::new();
        let output = place.run(arguments);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {errors}");
        assert!(errors.contains(line) && errors.contains(next), "{arguments}: {errors}");
        assert!(output.stdout.is_empty() && !place.path("results").exists(), "{arguments}");
        place.assert_clean();
    }
}

#[test]
fn a_running_server_that_is_not_there_is_said_and_the_others_are_measured() {
    let place = Place::new();
    // A port that was just free, and is closed again.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let servers = [format!("nobody=http://127.0.0.1:{port}")];
    let output = with_servers(&place, &format!("{SHORT} -r threads"), &servers);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let object = json(&output);
    let nobody = cell(&object, "nobody");
    assert_eq!(nobody["state"], "timed-out");
    assert!(nobody["reason"].as_str().unwrap().contains("nobody listened"), "{nobody}");
    assert_eq!(cell(&object, "threads")["state"], "measured");
    place.assert_clean();
}
