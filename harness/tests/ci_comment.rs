//! Is there one comment on a pull request, however often a check has run?
//!
//! The action's own step posts to a server of ours that answers as GitHub's documentation says.

#[path = "support/job.rs"]
mod job;
mod support;

use job::{Job, yaml};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};
use support::{Place, text};

/// A comment as GitHub keeps it.
#[derive(Clone, Debug, PartialEq)]
struct Comment {
    login: &'static str,
    body: String,
}

/// Answers so many requests as GitHub would for one pull request, whose comments are numbered by their place.
fn github(listener: &TcpListener, requests: usize, comments: &mut Vec<Comment>) -> Vec<String> {
    (0..requests).map(|_| request(listener.accept().unwrap().0, comments)).collect()
}

fn request(stream: TcpStream, comments: &mut Vec<Comment>) -> String {
    let mut reader = BufReader::new(&stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "a whole request: {head}");
    }
    let field = |name: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    assert_eq!(field("authorization"), Some("Bearer secret"));
    let mut content = vec![0; field("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut content).unwrap();
    let body = || {
        let content: Value = serde_json::from_slice(&content).unwrap();
        content["body"].as_str().unwrap().to_owned()
    };
    let line = head.lines().next().unwrap();
    let (method, path) = line.strip_suffix(" HTTP/1.1").unwrap().split_once(' ').unwrap();
    let path = path.strip_prefix("/repos/somebody/simul/issues/").unwrap();
    let answer = match method {
        "GET" => {
            let page = path.strip_prefix("7/comments?per_page=100&page=").unwrap();
            let page: usize = page.parse().unwrap();
            let all = comments.iter().enumerate().skip((page - 1) * 100).take(100);
            let shown = |(id, comment): (usize, &Comment)| {
                // GitHub gives bodies back with other line ends.
                let body = comment.body.replace('\n', "\r\n");
                json!({ "id": id, "body": body, "user": { "login": comment.login } })
            };
            all.map(shown).collect()
        }
        "POST" => {
            assert_eq!(path, "7/comments");
            comments.push(Comment { login: "github-actions[bot]", body: body() });
            json!({ "id": comments.len() - 1 })
        }
        "PATCH" => {
            let id: usize = path.strip_prefix("comments/").unwrap().parse().unwrap();
            comments[id].body = body();
            json!({ "id": id })
        }
        other => panic!("{other}"),
    };
    let answer = answer.to_string();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close", answer.len());
    (&stream).write_all(format!("{head}\r\n\r\n{answer}").as_bytes()).unwrap();
    format!("{method} {path}")
}

/// A job whose comparison has written this comment.
fn job_with<'a>(place: &'a Place, comment: &str) -> Job<'a> {
    fs::write(place.path("comment.md"), comment).unwrap();
    fs::write(place.path("outputs"), format!("folder={}\n", place.path("").display())).unwrap();
    let inputs = BTreeMap::from([("token", "secret".to_owned())]);
    Job { place, action: yaml("action.yml"), inputs }
}

#[test]
fn the_comment_is_posted_once_and_then_replaced() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mark = "<!-- simul ab: simul -->";
    // More than a page, all with the mark, and none of ours.
    let others = vec![Comment { login: "somebody", body: format!("{mark}\nmine") }; 100];
    let served = thread::spawn({
        let mut comments = others.clone();
        move || {
            let seen = github(&listener, 6, &mut comments);
            (seen, comments)
        }
    });
    let post = |body: &str| {
        let job = job_with(&place, &format!("{mark}\n{body}\n"));
        job.step(1, &[("GITHUB_API_URL", &url)])
    };
    let first = post("## worse µ \"x\" %0A");
    assert_eq!(text(&first.stdout), "posted comment 100\n", "{}", text(&first.stderr));
    let second = post("## better");
    assert_eq!(text(&second.stdout), "replaced comment 100\n", "{}", text(&second.stderr));
    let (seen, comments) = served.join().unwrap();
    let pages = [1, 2].map(|page| format!("GET 7/comments?per_page=100&page={page}"));
    assert_eq!(&seen[..2], &pages);
    assert_eq!(
        (&*seen[2], &seen[3..5], &*seen[5]),
        ("POST 7/comments", &pages[..], "PATCH comments/100")
    );
    assert_eq!(&comments[..100], &others);
    assert_eq!(comments[100].body, format!("{mark}\n## better\n"));
    assert_eq!(comments.len(), 101);
}

#[test]
fn a_comment_that_is_refused_is_a_warning() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let refusing = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).unwrap(), 0);
        }
        let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let job = job_with(&place, "<!-- simul ab: simul -->\n");
    assert_eq!(job.action["runs"]["steps"][1]["continue-on-error"], true);
    let output = job.step(1, &[("GITHUB_API_URL", &url)]);
    refusing.join().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(said.starts_with("::warning title=simul ab::the comment was not posted: "), "{said}");
    assert!(said.contains("403") && said.contains("may the token write"), "{said}");
}
