//! A real database for the workloads that query one: started once by the test, found by its children.
//!
//! A shell keeps it: it makes the database in a temporary folder, as an unprivileged user when we are root, and
//! when its standard input ends, because the test has ended or was killed, it ends the server and removes the folder.

use serde_json::json;
use simul_workloads::{Service, ServiceAccess, postgres_client::blocking};
use std::{
    env, fs,
    io::{self, BufRead, BufReader},
    net::{Ipv4Addr, TcpListener},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// Tells the children where it is.
const ACCESS: &str = "SIMUL_CONFORMANCE_SERVICE";
const PASSWORD: &str = "of the conformance tests";

/// `$1` the programs, `$2` the port. Says "ready", or what went wrong.
const KEEPER: &str = r#"
umask 077
folder=$(mktemp -d) && cd "$folder" || exit
echo "$3" > password
if PATH="$1:$PATH" initdb -D data -U simul --auth=scram-sha-256 --pwfile=password --no-sync \
    --no-instructions --locale=C -E UTF8 > log 2>&1
then
    "$1/postgres" -D data -p "$2" -h 127.0.0.1 -k '' -F -c autovacuum=off -c shared_buffers=16MB \
        -c dynamic_shared_memory_type=mmap > log 2>&1 < /dev/null &
    server=$!
    while kill -0 $server 2>/dev/null && ! grep -q 'ready to accept' log; do sleep 0.02; done
    grep -q 'ready to accept' log && echo ready && cat > /dev/null
    kill -INT $server 2>/dev/null
    wait $server
fi
tr '\n' ' ' < log
cd / && rm -rf "$folder"
"#;

/// A running database.
pub(crate) struct Running {
    keeper: Child,
    access: ServiceAccess,
}

impl Running {
    /// What children need to find it.
    pub(crate) fn environment(&self) -> (&'static str, String) {
        (ACCESS, serde_json::to_string(&self.access).expect("plain data"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Starts it; `None` where it is not installed, which `SIMUL_REQUIRE_TOOLS=1` does not allow.
pub(crate) fn start(service: Service) -> Option<Running> {
    let Service::Postgres = service;
    let Some(programs) = programs() else {
        let required = env::var("SIMUL_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
        assert!(!required, "PostgreSQL is required and not installed (apt-get install postgresql)");
        return None;
    };
    // Somebody may take the port before the server does; then another one is tried.
    let mut said = String::new();
    for _ in 0..5 {
        match start_on(&programs, free_port()) {
            Ok(running) => return Some(running),
            Err(error) => said = error.to_string(),
        }
    }
    panic!("PostgreSQL does not start: {said}");
}

fn start_on(programs: &PathBuf, port: u16) -> io::Result<Running> {
    let mut command = Command::new("sh");
    command.args(["-c", KEEPER, "keeper"]).arg(programs).arg(port.to_string()).arg(PASSWORD);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).current_dir("/");
    // Somebody else's folder may be closed to it.
    command.env_remove("TMPDIR");
    if fs::metadata("/proc/self").map(|process| std::os::unix::fs::MetadataExt::uid(&process))? == 0
    {
        // It refuses to run as root.
        let (user, group) = unprivileged()?;
        command.uid(user).gid(group);
    }
    let mut keeper = command.spawn()?;
    let output = keeper.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut said = String::new();
    BufReader::new(output).read_line(&mut said)?;
    let access = serde_json::from_value(json!({
        "address": format!("127.0.0.1:{port}"), "user": "simul", "password": PASSWORD, "space": "",
    }))?;
    let running = Running { keeper, access };
    if said.trim() != "ready" {
        return Err(io::Error::other(said));
    }
    blocking(&running.access, async |client| client.run("SELECT 1").await)?;
    Ok(running)
}

/// In a child: where the database is, with a name of the child's own in it.
pub(crate) fn access(_service: Service) -> Result<ServiceAccess, String> {
    let text = env::var(ACCESS).map_err(|_| "no service was started".to_owned())?;
    let mut access: ServiceAccess =
        serde_json::from_str(&text).map_err(|error| error.to_string())?;
    access.space = format!("test_{}", std::process::id());
    Ok(access)
}

/// The folder with the programs: one of the path, or where Debian puts them.
fn programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = versions.map(|version| version.path().join("bin"));
    let mut folders = env::split_paths(&path).chain(versions);
    folders.find(|folder| folder.join("postgres").exists() && folder.join("initdb").exists())
}

/// User and group of somebody who may do little.
fn unprivileged() -> io::Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd")?;
    let number_of = |wanted: &str| {
        users.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let [name, _, user, group, ..] = fields[..] else { return None };
            (name == wanted).then_some((user.parse().ok()?, group.parse().ok()?))
        })
    };
    number_of("postgres").or_else(|| number_of("nobody")).ok_or(io::ErrorKind::NotFound.into())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("it is bound").port()
}
