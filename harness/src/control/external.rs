//! Which servers that are not ours take part?
//!
//! `--server NAME=CMD` is started for each block on the runner's cores, below a guardian, and told where to
//! listen: `{port}` and `{address}` in the command, `PORT` in its environment. `--server NAME=URL` is running
//! already: nobody knows its cores or its CPU time, and its numbers say so. Either must serve the routes of
//! `simul serve`; its answers are checked as ours are. Next: [`super::subject`] starts them.

use simul_load::Target;
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    str::FromStr,
};

/// Names are parts of cells and of files.
const LONGEST_NAME: usize = 32;

/// Ports below those that the kernel gives to connections, so that no connection of ours can take one
/// between our look and the server's bind.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A server that somebody else wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// Its name in cells.
    pub name: String,
    /// How to have it.
    pub source: Source,
}

/// How to have a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Start this, with a shell.
    Command(String),
    /// It is running.
    Url {
        /// As it was given.
        text: String,
        /// Where it listens.
        address: SocketAddr,
        /// What the `Host` header says.
        host: String,
        /// What stands before our routes, without a slash at its end.
        prefix: String,
    },
}

impl External {
    /// What was given, for the record.
    #[must_use]
    pub fn text(&self) -> &str {
        match &self.source {
            Source::Command(text) | Source::Url { text, .. } => text,
        }
    }

    /// The command with its port.
    #[must_use]
    pub fn command_at(command: &str, port: u16) -> String {
        let address = format!("127.0.0.1:{port}");
        command.replace("{port}", &port.to_string()).replace("{address}", &address)
    }
}

impl FromStr for External {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let example = "such as --server 'nginx=nginx -c /etc/my.conf' or go=http://127.0.0.1:8080";
        let (name, rest) = text
            .split_once('=')
            .ok_or_else(|| format!("server '{text}' is not NAME=COMMAND or NAME=URL; {example}"))?;
        let legal = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let first = name.chars().next().is_some_and(|letter| letter.is_ascii_alphanumeric());
        if !first || !name.chars().all(legal) || name.len() > LONGEST_NAME {
            return Err(format!(
                "server name '{name}' is not of letters, digits, '-', '_' and '.', at most \
                 {LONGEST_NAME} of them, a letter or digit first; {example}"
            ));
        }
        let rest = rest.trim();
        if rest.is_empty() {
            return Err(format!("server '{name}' has neither a command nor a URL; {example}"));
        }
        let source = match rest.split_once("://") {
            Some((scheme, _)) if scheme.chars().all(|letter| letter.is_ascii_alphanumeric()) => {
                let target = Target::parse(rest).map_err(|error| error.to_string())?;
                if target.path.contains('?') {
                    return Err(format!("server '{rest}' must not have a query; {example}"));
                }
                let prefix = target.path.trim_end_matches('/').to_owned();
                let Target { address, host, .. } = target;
                Source::Url { text: rest.into(), address, host, prefix }
            }
            _ => Source::Command(rest.into()),
        };
        Ok(Self { name: name.into(), source })
    }
}

/// A port of this host that nobody listens on; `None` if there is none left. `seed` spreads the search.
#[must_use]
pub fn free_port(seed: u64) -> Option<u16> {
    let count = PORTS.len() as u64;
    (0..count).find_map(|step| {
        let port = PORTS.start + ((seed % count + step) % count) as u16;
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok().then_some(port)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_urls_are_told_apart() {
        let server: External = "nginx=nginx -g 'daemon off;' -p {port}".parse().unwrap();
        assert_eq!(server.source, Source::Command("nginx -g 'daemon off;' -p {port}".into()));
        assert_eq!(External::command_at("x {port} {address}", 8), "x 8 127.0.0.1:8");
        let server: External = "go=http://127.0.0.1:8080/api/".parse().unwrap();
        let Source::Url { address, host, prefix, .. } = server.source else { panic!() };
        assert_eq!(address, "127.0.0.1:8080".parse().unwrap());
        assert_eq!((&*host, &*prefix), ("127.0.0.1:8080", "/api"));
    }

    #[test]
    fn refusals_show_a_right_one() {
        for (text, problem) in [
            ("nginx", "'nginx' is not NAME=COMMAND"),
            ("=x", "server name ''"),
            ("a/b=x", "server name 'a/b'"),
            ("-a=x", "server name '-a'"),
            ("a= ", "neither a command"),
            ("a=http://127.0.0.1:1/?x=1", "must not have a query"),
            ("a=https://127.0.0.1:1/", "not TLS"),
        ] {
            let error = text.parse::<External>().unwrap_err();
            assert!(error.contains(problem) && error.contains("such as"), "{text}: {error}");
        }
        assert!(format!("{}=x", "a".repeat(33)).parse::<External>().is_err());
    }

    #[test]
    fn a_port_that_is_taken_is_not_chosen() {
        let port = free_port(7).unwrap();
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let other = free_port(u64::from(port - PORTS.start)).unwrap();
        assert_ne!(other, port);
    }
}
