//! What does the HTTP peer say? The bodies of [`simul_workloads::site`], over kept HTTP/1.1 connections.
//!
//! An answer is made once and kept whole, head and all, so that the peer's price per request is a look-up and a
//! write. Only what the workloads ask is understood: GET without a body. The rest ends the connection.

use super::{Answer, Conversation};
use httparse::{EMPTY_HEADER, Request, Status};
use simul_workloads::site::Resource;
use std::{
    cell::RefCell,
    collections::HashMap,
    io::{self, ErrorKind, Write},
    rc::Rc,
};

/// Fields that a request may have.
const MOST_FIELDS: usize = 32;
/// How long the head of a request may be.
const MOST_HEAD_BYTES: usize = 16 << 10;
/// How much is kept; beyond that all is made anew. Several times what any workload asks for with its defaults.
const MOST_SHELF_BYTES: usize = 128 << 20;
/// Odd, so that chunks do not end where reads do.
const CHUNK_BYTES: usize = 1499;

/// All answers that were made.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    answers: HashMap<String, Rc<[u8]>>,
    bytes: usize,
}

impl Shelf {
    fn answer(&mut self, path: &str) -> io::Result<Rc<[u8]>> {
        if let Some(answer) = self.answers.get(path) {
            return Ok(Rc::clone(answer));
        }
        let answer: Rc<[u8]> = match Resource::find(path) {
            Some(resource) => rendered(resource)?.into(),
            None => Rc::from(*b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        };
        self.bytes += answer.len();
        if self.bytes > MOST_SHELF_BYTES {
            self.answers.clear();
            self.bytes = answer.len();
        }
        self.answers.insert(path.to_owned(), Rc::clone(&answer));
        Ok(answer)
    }
}

/// The whole answer for something that exists.
fn rendered(resource: Resource) -> io::Result<Vec<u8>> {
    let body = resource.body();
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n".to_vec();
    if !resource.is_chunked() {
        write!(answer, "Content-Length: {}\r\n\r\n", body.len())?;
        answer.extend_from_slice(&body);
        return Ok(answer);
    }
    answer.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
    for chunk in body.chunks(CHUNK_BYTES) {
        write!(answer, "{:x}\r\n", chunk.len())?;
        answer.extend_from_slice(chunk);
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(b"0\r\n\r\n");
    Ok(answer)
}

/// One client's requests.
#[derive(Debug)]
pub(super) struct Http {
    shelf: Rc<RefCell<Shelf>>,
    /// What has come of a request that is not whole.
    begun: Vec<u8>,
}

impl Http {
    pub(super) fn new(shelf: &Rc<RefCell<Shelf>>) -> Self {
        Self { shelf: Rc::clone(shelf), begun: Vec::new() }
    }
}

impl Conversation for Http {
    fn hear(&mut self, received: &[u8], answer: &mut Answer) -> io::Result<()> {
        self.begun.extend_from_slice(received);
        let mut done = 0;
        loop {
            let mut fields = [EMPTY_HEADER; MOST_FIELDS];
            let mut request = Request::new(&mut fields);
            let nonsense = || io::Error::from(ErrorKind::InvalidData);
            match request.parse(&self.begun[done..]).map_err(|_| nonsense())? {
                Status::Complete(bytes) => done += bytes,
                Status::Partial => break,
            }
            let (Some("GET"), Some(path)) = (request.method, request.path) else {
                return Err(nonsense());
            };
            answer.share(self.shelf.borrow_mut().answer(path)?);
        }
        self.begun.drain(..done);
        if self.begun.len() > MOST_HEAD_BYTES {
            return Err(ErrorKind::InvalidData.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(http: &mut Http, pieces: &[&str]) -> io::Result<String> {
        let mut answer = Answer::default();
        let mut said = Vec::new();
        for piece in pieces {
            http.hear(piece.as_bytes(), &mut answer)?;
            assert!(answer.send(&mut said)?);
        }
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    #[test]
    fn requests_are_answered_in_order_however_they_come() {
        let mut http = Http::new(&Rc::default());
        let one = "GET /site/1/9/0/0 HTTP/1.1\r\nHost: x\r\n\r\n";
        let two = "GET /site/1/9/0/1 HTTP/1.1\r\nHost: x\r\n\r\n";
        let [first, second] = [one, two].map(|request| ask(&mut http, &[request]).unwrap());
        assert!(first.contains("Content-Length: ") && first.contains("Page 0"), "{first}");
        assert!(second.contains("chunked") && second.ends_with("\r\n0\r\n\r\n"), "{second}");
        let both = format!("{one}{two}");
        for at in 0..both.len() {
            let (a, b) = both.split_at(at);
            assert_eq!(ask(&mut http, &[a, b]).unwrap(), format!("{first}{second}"), "{at}");
        }
        let missing = ask(&mut http, &["GET /x HTTP/1.1\r\n\r\n"]).unwrap();
        assert!(missing.starts_with("HTTP/1.1 404 "), "{missing}");
    }

    #[test]
    fn what_is_no_request_ends_the_connection_and_nothing_grows_without_end() {
        for said in ["POST / HTTP/1.1\r\n\r\n", "nonsense\r\n\r\n"] {
            assert!(ask(&mut Http::new(&Rc::default()), &[said]).is_err(), "{said}");
        }
        let long = "x".repeat(MOST_HEAD_BYTES);
        assert!(ask(&mut Http::new(&Rc::default()), &["GET /", &long]).is_err());
        let mut shelf = Shelf::default();
        for seed in 0..9 {
            let path = format!("/bytes/{seed}/{}", simul_workloads::site::MOST_BODY_BYTES);
            shelf.answer(&path).unwrap();
        }
        let kept: usize = shelf.answers.values().map(|answer| answer.len()).sum();
        assert!(kept == shelf.bytes && kept <= MOST_SHELF_BYTES);
    }
}
