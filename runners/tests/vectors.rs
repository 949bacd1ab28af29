//! Do the documents for authors of runner programs say what the workloads really do?
//!
//! The vectors in `runners/vectors.json`, and the shorter list in `runners/PROTOCOL.md`, are computed here from the
//! workloads' own code. With `SIMUL_BLESS=1` this test writes them; without, it fails where they differ.

use serde_json::{Value, json};
use simul_workloads::{Digest, Parameters, Workload, draw, registry};
use std::{fs, path::PathBuf};

/// The seed of all vectors: beyond 32 bits, and below the 2⁵³ that every language can read.
const SEED: u64 = 4_503_599_627_370_503;

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), name].iter().collect()
}

fn hex(digest: Digest) -> String {
    format!("{:016x}", digest.0)
}

fn bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the oracle of a workload expects of some operations, and of an actor's first ten.
struct Expectations<'a>(&'a str);

impl registry::Visitor for Expectations<'_> {
    type Output = Value;

    fn visit<W: Workload>(self) -> Value {
        let parameters = Parameters::parse(&W::PROFILE, self.0.split(':').skip(1)).unwrap();
        let work = W::new(&parameters, SEED).unwrap();
        let operations = [(0, 0), (0, 1), (3, 2), (31, 1000)].map(|(actor, index)| {
            json!({
                "actor": actor,
                "index": index,
                "asked_us": work.asked(actor, index).as_micros() as u64,
                "digest": hex(work.expected(actor, index)),
            })
        });
        let ten = (0..10).map(|index| work.expected(1, index));
        json!({
            "workload": self.0,
            "parameters": parameters.to_map(),
            "operations": operations,
            "first_ten_of_actor_1": hex(ten.fold(Digest::default(), Digest::plus)),
        })
    }
}

fn expectations(workload: &&str) -> Value {
    let name = workload.split(':').next().unwrap();
    registry::visit(name, Expectations(workload)).unwrap()
}

fn vectors() -> Value {
    let counted: Vec<u8> = (0..77).collect();
    let of_bytes: Vec<&[u8]> = vec![b"", b"a", b"abcdefgh", b"abcdefghi", &counted];
    let [a, b] = [Digest::of_number(1), Digest::of_number(2)];
    let drawn =
        [(10, 7, 0, 0), (1501, SEED, 3, 2), (8192, SEED, 7, 1_000_000), (1 << 40, 1, 31, 5)];
    let workloads =
        ["echo:64", "echo:17", "sha256:16384", "sha256:8", "sleep:500", "spawn:64", "ping-pong"];
    let further = ["file-read:32", "file-read:1", "mixed:4", "mixed:4:rounds=3:bytes=100"];
    // Those that not every program does, in a list of their own.
    let of_tasks = [
        "gather:1000",
        "exhibition:5:pairs=3:rounds=2",
        "footprint:1000",
        "fib:12:cutoff=5",
        "mutex:1",
        "queue:8",
    ];
    let numbers = [0, 1, 2, u64::from(u32::MAX), SEED]
        .map(|number| json!({ "number": number, "digest": hex(Digest::of_number(number)) }));
    json!({
        "seed": SEED,
        "of_number": numbers,
        "of_bytes": of_bytes.iter().map(|text| {
            json!({ "bytes": bytes(text), "digest": hex(Digest::of_bytes(text)) })
        }).collect::<Vec<_>>(),
        "sums": [
            json!({ "of": [], "sum": hex(Digest::default()) }),
            json!({ "of": [hex(a)], "sum": hex(Digest::default().plus(a)) }),
            json!({ "of": [hex(a), hex(b)], "sum": hex(Digest::default().plus(a).plus(b)) }),
        ],
        "draws": drawn.map(|(bound, seed, actor, index)| json!({
            "bound": bound, "seed": seed, "actor": actor, "index": index,
            "drawn": draw::below(bound, seed, actor, index),
        })),
        "workloads": workloads.iter().chain(&further).map(expectations).collect::<Vec<_>>(),
        "workloads_of_tasks": of_tasks.iter().map(expectations).collect::<Vec<_>>(),
    })
}

/// The same in brief, for people.
fn in_brief(vectors: &Value) -> String {
    let mut lines = vec!["| what | gives |".to_owned(), "|---|---|".to_owned()];
    let list = |key: &str| vectors[key].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for one in list("of_number") {
        lines.push(format!("| of_number({}) | `{}` |", one["number"], text(&one["digest"])));
    }
    for one in list("of_bytes").iter().take(4) {
        lines.push(format!(
            "| of_bytes(hex \"{}\") | `{}` |",
            text(&one["bytes"]),
            text(&one["digest"])
        ));
    }
    let sum = &list("sums")[2];
    lines.push(format!("| sum of of_number(1), of_number(2) | `{}` |", text(&sum["sum"])));
    for one in list("draws") {
        let [bound, seed, actor, index] = ["bound", "seed", "actor", "index"].map(|key| &one[key]);
        lines.push(format!("| below({bound}, {seed}, {actor}, {index}) | {} |", one["drawn"]));
    }
    for one in list("workloads") {
        let operation = &one["operations"][2];
        let asked = match &operation["asked_us"] {
            none if none == &json!(0) => String::new(),
            asked => format!(", asks for {asked} µs"),
        };
        lines.push(format!(
            "| {}, seed {SEED}: actor 3, operation 2{asked} | `{}` |",
            text(&one["workload"]),
            text(&operation["digest"])
        ));
        lines.push(format!(
            "| the sum of actor 1's first ten operations | `{}` |",
            text(&one["first_ten_of_actor_1"])
        ));
    }
    lines.join("\n") + "\n"
}

/// The text between the marks in the document.
fn between<'a>(document: &'a str, name: &str) -> (&'a str, &'a str, &'a str) {
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let (before, rest) = document.split_once(&*begin).expect("the document has the first mark");
    let (within, after) = rest.split_once(&*end).expect("the document has the second mark");
    (before, within, after)
}

#[test]
fn the_vectors_are_what_the_workloads_do() {
    let vectors = vectors();
    let text = serde_json::to_string_pretty(&vectors).unwrap() + "\n";
    let brief = in_brief(&vectors);
    let document = fs::read_to_string(path("PROTOCOL.md")).unwrap();
    let (before, within, after) = between(&document, "vectors");
    if std::env::var_os("SIMUL_BLESS").is_some_and(|value| value == "1") {
        fs::write(path("vectors.json"), &text).unwrap();
        let begin = "<!-- vectors: begin -->\n";
        let whole = format!("{before}{begin}{brief}<!-- vectors: end -->{after}");
        fs::write(path("PROTOCOL.md"), whole).unwrap();
        return;
    }
    let how = "if that is meant, run SIMUL_BLESS=1 cargo test -p simul-runners --test vectors";
    let stored = fs::read_to_string(path("vectors.json")).unwrap_or_default();
    assert!(stored == text, "runners/vectors.json differs from the workloads; {how}");
    assert!(within == brief, "the vectors in runners/PROTOCOL.md differ from the workloads; {how}");
}
