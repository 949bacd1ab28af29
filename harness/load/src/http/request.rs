//! Which bytes are sent? One request, written once; only its number changes, where the path has one.

use crate::{
    error::Error,
    target::{NUMBER, Target},
};

/// The digits of a request's number.
const DIGITS: usize = 10;

/// The request as bytes.
pub(crate) struct Request {
    bytes: Vec<u8>,
    /// Where the number stands.
    places: Vec<usize>,
}

impl Request {
    /// # Errors
    /// A method, path or host that would break the request's lines.
    pub(crate) fn new(target: &Target) -> Result<Self, Error> {
        let Target { host, method, path, body, .. } = target;
        let is_token =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase());
        let is_line = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if !is_token(method) || method == "CONNECT" {
            return Err(Error::BadInput(format!(
                "'{method}' is not a method to load a server with; such as GET or POST"
            )));
        }
        if !is_line(host) || !is_line(path) || !path.starts_with('/') {
            return Err(Error::BadInput(format!(
                "'{path}' at '{host}' cannot be asked for; spaces and such must be written as %20"
            )));
        }
        let path_at = method.len() + 1;
        let mut places = Vec::new();
        let mut written = String::new();
        let mut rest = path.as_str();
        while let Some((before, after)) = rest.split_once(NUMBER) {
            written += before;
            places.push(path_at + written.len());
            written += &"0".repeat(DIGITS);
            rest = after;
        }
        written += rest;
        let mut head = format!("{method} {written} HTTP/1.1\r\nHost: {host}\r\n");
        // A method that usually has a body must say so when it has none.
        if !body.is_empty() || matches!(method.as_str(), "POST" | "PUT" | "PATCH") {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        Ok(Self { bytes, places })
    }

    /// The bytes of the request with this number. Beyond ten digits it begins again at 0.
    #[inline]
    pub(crate) fn numbered(&mut self, number: u64) -> &[u8] {
        for place in &self.places {
            let mut rest = number;
            for digit in self.bytes[*place..*place + DIGITS].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(method: &str, path: &str, body: &[u8]) -> Target {
        let mut target = Target::parse("http://127.0.0.1:80/").unwrap();
        (target.method, target.path, target.body) = (method.into(), path.into(), body.into());
        target
    }

    fn text(target: &Target, number: u64) -> String {
        let mut request = Request::new(target).unwrap();
        request.numbered(number - 1);
        String::from_utf8(request.numbered(number).to_vec()).unwrap()
    }

    #[test]
    fn requests_are_whole() {
        let get = text(&target("GET", "/a?b=1", b""), 7);
        assert_eq!(get, "GET /a?b=1 HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n");
        let post = text(&target("POST", "/echo", b"xyz"), 7);
        assert!(post.ends_with("\r\nContent-Length: 3\r\n\r\nxyz"), "{post}");
        assert!(text(&target("PUT", "/", b""), 7).contains("Content-Length: 0"));
    }

    #[test]
    fn the_number_stands_where_it_is_asked_for() {
        let twice = text(&target("GET", "/x/{id}?n={id}&m", b""), 120);
        assert!(twice.starts_with("GET /x/0000000120?n=0000000120&m HTTP/1.1\r\n"), "{twice}");
    }

    #[test]
    fn nothing_breaks_the_lines() {
        for (method, path) in [
            ("", "/"),
            ("get", "/"),
            ("G T", "/"),
            ("CONNECT", "/"),
            ("GET", "x"),
            ("GET", "/\r\nx"),
        ] {
            assert!(Request::new(&target(method, path, b"")).is_err(), "{method} {path}");
        }
    }
}
