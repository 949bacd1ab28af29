//! Who brings the requests of an open load?
//!
//! A process of its own, one for each server, on a core of its own: it is told once whom to ask and for what,
//! and then, slice by slice, at which rate. One line there, one line back, as with a trial. The work is done by
//! [`simul_load`]; here are only the shapes of the conversation. It must not know which server is at the other
//! end, or what else is measured. Next: [`crate::control::open`] orders it.

use crate::protocol;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use simul_load::{Arrivals, Generator, Mode, Outcome, Pacing, Settings, Target};
use std::{
    io::{self, BufRead, Write},
    net::SocketAddr,
    time::Duration,
};

/// Whom to ask, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneratorSpec {
    /// Where the server listens.
    pub address: SocketAddr,
    /// What the `Host` header says.
    pub host: String,
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The body.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub body: Vec<u8>,
    /// The whole body of a right answer.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub expected: Vec<u8>,
    /// An answer that comes earlier is wrong.
    pub least_service_ns: u64,
    /// How many connections.
    pub connections: u32,
    /// A request that is not answered so long after it was sent has failed.
    pub timeout_ns: u64,
    /// How long after a slice its last requests are awaited.
    pub grace_ns: u64,
    /// So much later than intended everything is sent, for those who want to see that noticed.
    #[serde(default)]
    pub lag_ns: u64,
}

/// What the controller wants next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "order")]
pub enum GeneratorOrder {
    /// Open the connections that are not open; outside every slice.
    Connect,
    /// One slice.
    Drive {
        /// Requests per second on average.
        rate_per_sec: f64,
        /// When they come.
        arrivals: Arrivals,
        /// For so long, the dropped part included.
        duration_ns: u64,
        /// The first part, which does not count.
        drop_ns: u64,
        /// Decides the intended times.
        seed: u64,
    },
}

/// What the generator answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reply")]
pub enum GeneratorReply {
    /// It waits for orders.
    Ready {
        /// Its process, for its CPU clock.
        pid: i32,
    },
    /// All connections are open.
    Connected {
        /// So many of them had been open before, and had to be opened again.
        reopened: u32,
    },
    /// The slice is over.
    Driven(Box<Outcome>),
    /// It cannot go on, and why.
    Failed {
        /// In one line.
        reason: String,
    },
}

/// Serves orders from standard input until it ends.
///
/// # Errors
/// Standard input or output is broken; everything else is a reply.
pub fn main() -> io::Result<()> {
    protocol::follow_guardian();
    let mut lines = io::stdin().lock().lines();
    let Some(line) = lines.next().transpose()? else { return Ok(()) };
    let started = serde_json::from_str::<GeneratorSpec>(&line)
        .map_err(|error| format!("the spec is not understood: {error}"))
        .and_then(|spec| Generator::new(settings(spec)).map_err(|error| error.to_string()));
    let mut generator = match started {
        Ok(generator) => generator,
        Err(reason) => return reply(&GeneratorReply::Failed { reason }),
    };
    reply(&GeneratorReply::Ready { pid: std::process::id() as i32 })?;
    for line in lines {
        let answer = serde_json::from_str(&line?)
            .map_err(|error| format!("the order is not understood: {error}"))
            .and_then(|order| obey(&mut generator, order));
        reply(&answer.unwrap_or_else(|reason| GeneratorReply::Failed { reason }))?;
    }
    Ok(())
}

fn obey(generator: &mut Generator, order: GeneratorOrder) -> Result<GeneratorReply, String> {
    let done = match order {
        GeneratorOrder::Connect => {
            generator.connect().map(|reopened| GeneratorReply::Connected { reopened })
        }
        GeneratorOrder::Drive { rate_per_sec, arrivals, duration_ns, drop_ns, seed } => generator
            .drive(
                &Mode::Open { rate_per_sec, arrivals },
                Duration::from_nanos(duration_ns),
                Duration::from_nanos(drop_ns),
                seed,
            )
            .map(|outcome| GeneratorReply::Driven(Box::new(outcome))),
    };
    done.map_err(|error| error.to_string())
}

fn settings(spec: GeneratorSpec) -> Settings {
    Settings {
        target: Target {
            address: spec.address,
            host: spec.host,
            method: spec.method,
            path: spec.path,
            body: spec.body,
            expected: Some(spec.expected),
            least_service: Duration::from_nanos(spec.least_service_ns),
        },
        connections: spec.connections,
        pacing: Pacing::Hybrid,
        timeout: Duration::from_nanos(spec.timeout_ns),
        grace: Duration::from_nanos(spec.grace_ns),
        lag: Duration::from_nanos(spec.lag_ns),
    }
}

fn reply(reply: &GeneratorReply) -> io::Result<()> {
    let mut text = serde_json::to_string(reply)?;
    text.push('\n');
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

/// Bodies may be a mebibyte of any bytes.
fn write<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
}

fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(source)?;
    BASE64_STANDARD.decode(text).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_any_bytes_survive_the_pipe() {
        let spec = GeneratorSpec {
            address: ([127, 0, 0, 1], 9).into(),
            host: "127.0.0.1:9".into(),
            method: "POST".into(),
            path: "/echo".into(),
            body: (0..=255).collect(),
            expected: b"\n\"".to_vec(),
            least_service_ns: 1,
            connections: 2,
            timeout_ns: 3,
            grace_ns: 4,
            lag_ns: 5,
        };
        let line = serde_json::to_string(&spec).unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<GeneratorSpec>(&line).unwrap(), spec);
    }
}
