//! What does it cost to read a document and write it again, among others that do the same?
//!
//! A batch: each job parses a JSON document of `kib` KiB into typed values and serialises them again, on the
//! worker itself or, with `offload=true`, the way the runner wants heavy work run. Unlike `sha256`, it allocates:
//! some hundred strings and vectors an operation, so the allocator's behaviour under threads is part of it.
//!
//! The document is written once a trial by a seeded generator, which writes it twice: as the operation gets it
//! (fields out of order, spaces, escapes and numbers in unusual spellings) and as it must come out. The second text
//! is the oracle, made without parsing; an operation that copies its input is wrong, and so is one that skips a
//! field. Each operation stamps its input, so that the answer of the last one is wrong too.
//!
//! It cannot tell how fast `serde_json` is (all runners use the same code).

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Profile, Runtime, Shape,
    Surroundings, Workload, draw,
};
use serde::{Deserialize, Serialize};
use std::{io, sync::OnceLock};

/// See the module's documentation.
#[derive(Debug)]
pub struct Json {
    bytes: usize,
    offload: bool,
    seed: u64,
    texts: OnceLock<Texts>,
}

/// The document as it goes in, and the digests of how it must come out.
#[derive(Debug)]
struct Texts {
    /// Begins with the stamp's place.
    input: Vec<u8>,
    answers: Vec<Digest>,
}

/// What is parsed and serialised; fields are written in this order.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    stamp: String,
    orders: Vec<Order>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Order {
    id: u64,
    customer: String,
    balance: i64,
    price: f64,
    paid: bool,
    note: Option<String>,
    tags: Vec<String>,
}

/// One actor's copy of the input and its place in the sequence.
#[derive(Debug)]
pub struct State {
    input: Vec<u8>,
    next: u64,
}

/// How many different documents there are: the stamp differs.
const VARIANTS: u64 = 64;
/// What stands before the stamp, in input and output alike.
const BEFORE_STAMP: &str = "{\"stamp\":\"";
/// Digits of the stamp.
const STAMP_BYTES: usize = 16;

/// Pieces of text: as they go in, and as they come out.
const WORDS: [(&str, &str); 8] = [
    ("chess", "chess"),
    ("\\u0066ork", "fork"),
    ("caf\\u00e9", "café"),
    ("a\\/b", "a/b"),
    ("\\\"so\\\"", "\\\"so\\\""),
    ("line\\u000a", "line\\n"),
    ("\\ud83d\\ude80", "🚀"),
    ("back\\\\slash", "back\\\\slash"),
];

/// Quarters behind the decimal point: as they go in, and as they come out.
const QUARTERS: [(&str, &str); 4] =
    [(".000", ".0"), (".25e0", ".25"), (".500", ".5"), (".75E+0", ".75")];

impl Workload for Json {
    type State<R: Runtime> = State;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "json",
        question: "What does it cost to parse a document and to serialise it again?",
        class: Class::Cpu,
        shape: Shape::Batch,
        measure: Measure::Service,
        parameters: &[("kib", "16"), ("offload", "false")],
        actors: 8,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        let bytes = (parameters.number("kib", 1, 1 << 16)? as usize) << 10;
        Ok(Self { bytes, offload: parameters.flag("offload")?, seed, texts: OnceLock::new() })
    }

    fn needs(&self, _actors: u32) -> Needs {
        Needs::default()
    }

    fn prepare(&self, _surroundings: &Surroundings) -> io::Result<()> {
        // Now, and not during the first measured operation.
        self.texts();
        Ok(())
    }

    async fn open<R: Runtime>(
        &self,
        _runtime: R,
        _surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<State> {
        // Actors start at different variants, so that no two do the same in step.
        Ok(State { input: self.texts().input.clone(), next: u64::from(actor) })
    }

    async fn operation<R: Runtime>(&self, runtime: R, state: &mut State) -> io::Result<Digest> {
        let stamp = self.stamp(state.next);
        state.next += 1;
        if !self.offload {
            return rewrite(&mut state.input, &stamp);
        }
        let mut input = std::mem::take(&mut state.input);
        let (digest, input) = runtime.offload(move || (rewrite(&mut input, &stamp), input)).await;
        state.input = input;
        digest
    }

    async fn close<R: Runtime>(&self, _runtime: R, _state: State) -> io::Result<()> {
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        self.texts().answers[((u64::from(actor) + index) % VARIANTS) as usize]
    }
}

/// Stamps the input, parses it, serialises it, and fingerprints what came out.
fn rewrite(input: &mut [u8], stamp: &str) -> io::Result<Digest> {
    input[BEFORE_STAMP.len()..][..STAMP_BYTES].copy_from_slice(stamp.as_bytes());
    let document: Document = serde_json::from_slice(input)?;
    let output = serde_json::to_vec(&document)?;
    Ok(Digest::of_bytes(&output))
}

impl Json {
    fn stamp(&self, number: u64) -> String {
        format!("{:016x}", Digest::of_number(self.seed.wrapping_add(number % VARIANTS)).0)
    }

    fn texts(&self) -> &Texts {
        self.texts.get_or_init(|| {
            let (input, output) = self.written();
            let answers = (0..VARIANTS).map(|variant| {
                let stamped = output.replacen(&"0".repeat(STAMP_BYTES), &self.stamp(variant), 1);
                Digest::of_bytes(stamped.as_bytes())
            });
            Texts { answers: answers.collect(), input: input.into_bytes() }
        })
    }

    /// The document as it goes in, at least as long as asked, and as it must come out; both with an empty stamp.
    fn written(&self) -> (String, String) {
        let head = format!("{BEFORE_STAMP}{}\",", "0".repeat(STAMP_BYTES));
        let (mut input, mut output) =
            (format!("{head} \"orders\" : [\n"), format!("{head}\"orders\":["));
        for order in 0.. {
            if order > 0 {
                input.push_str(" ,\n");
                output.push(',');
            }
            let (as_input, as_output) = self.order(order);
            input.push_str(&as_input);
            output.push_str(&as_output);
            if input.len() + "\n] }".len() >= self.bytes {
                break;
            }
        }
        (input + "\n] }", output + "]}")
    }

    /// One order as it goes in and as it must come out. Written by hand: what comes out is not what some library
    /// makes of it.
    fn order(&self, order: u32) -> (String, String) {
        let mut place = 0;
        let mut draw = |bound| {
            place += 1;
            draw::below(bound, self.seed, order, place)
        };
        let [id, whole] = [draw(1 << 40), draw(100_000)];
        let balance = draw(1 << 30) as i64 - (1 << 29);
        let quarter = QUARTERS[draw(4) as usize];
        let paid = draw(2) == 1;
        let customer = text(&mut draw);
        let note = match draw(3) {
            0 => ("null".to_owned(), "null".to_owned()),
            _ => quoted(&text(&mut draw)),
        };
        let tags: Vec<(String, String)> = (0..draw(4)).map(|_| quoted(&text(&mut draw))).collect();
        let ins: Vec<&str> = tags.iter().map(|tag| tag.0.as_str()).collect();
        let outs: Vec<&str> = tags.iter().map(|tag| tag.1.as_str()).collect();
        let customer = quoted(&customer);
        let mut fields = [
            format!("\"id\" : {id}"),
            format!("\"customer\":{}", customer.0),
            format!("\"balance\":  {balance}"),
            format!("\"price\": {whole}{}", quarter.0),
            format!("\"paid\" :{paid}"),
            format!("\"note\":\t{}", note.0),
            format!("\"tags\": [ {} ]", ins.join(" , ")),
        ];
        // In the order of no structure: whoever parses must look at the names.
        fields.rotate_left(draw(7) as usize);
        let output = format!(
            "{{\"id\":{id},\"customer\":{},\"balance\":{balance},\"price\":{whole}{},\"paid\":{paid},\
             \"note\":{},\"tags\":[{}]}}",
            customer.1,
            quarter.1,
            note.1,
            outs.join(",")
        );
        (format!("  {{ {} }}", fields.join(", ")), output)
    }
}

/// A few words, as they go in and as they come out.
fn text(draw: &mut impl FnMut(u64) -> u64) -> (String, String) {
    let words: Vec<(&str, &str)> =
        (0..=draw(4)).map(|_| WORDS[draw(WORDS.len() as u64) as usize]).collect();
    let [ins, outs] = [0, 1].map(|side| {
        let words = words.iter().map(|word| if side == 0 { word.0 } else { word.1 });
        words.collect::<Vec<_>>().join(" ")
    });
    (ins, outs)
}

fn quoted((input, output): &(String, String)) -> (String, String) {
    (format!("\"{input}\""), format!("\"{output}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(kib: usize) -> Json {
        Json { bytes: kib << 10, offload: false, seed: 3, texts: OnceLock::new() }
    }

    #[test]
    fn what_comes_out_is_what_the_generator_wrote_by_hand() {
        for kib in [1, 16, 100] {
            let work = workload(kib);
            let (input, output) = work.written();
            assert!(input.len() >= kib << 10 && input.len() < (kib << 10) + 1000);
            assert_ne!(input, output);
            let document: Document = serde_json::from_str(&input).unwrap();
            assert_eq!(serde_json::to_string(&document).unwrap(), output);
            // Every kind of field and every spelling has been drawn.
            if kib > 1 {
                for (word, _) in WORDS.iter().chain(&QUARTERS) {
                    assert!(input.contains(word), "{word}");
                }
                assert!(output.contains("\"note\":null") && output.contains("\"tags\":[]"));
            }
        }
    }

    #[test]
    fn every_operation_has_an_answer_of_its_own() {
        let work = workload(1);
        let mut input = work.texts().input.clone();
        let answers: Vec<Digest> =
            (0..VARIANTS).map(|n| rewrite(&mut input, &work.stamp(n)).unwrap()).collect();
        for (n, answer) in answers.iter().enumerate() {
            assert_eq!(*answer, work.expected(0, n as u64));
            assert!(!answers[..n].contains(answer));
        }
        // The input itself is not the answer.
        assert_ne!(Digest::of_bytes(&input), work.expected(0, VARIANTS - 1));
    }

    #[test]
    fn sizes_have_limits() {
        let parse = |text: &str| {
            let parameters = Parameters::parse(&Json::PROFILE, text.split(':')).unwrap();
            Json::new(&parameters, 1).map(|json| json.bytes)
        };
        assert_eq!(parse("1").unwrap(), 1 << 10);
        assert_eq!(parse("65536").unwrap(), 64 << 20);
        assert!(parse("0").is_err() && parse("65537").is_err() && parse("1:offload=si").is_err());
    }
}
