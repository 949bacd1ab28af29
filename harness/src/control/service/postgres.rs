//! How does a PostgreSQL of the run's own come up?
//!
//! In a temporary folder, on a free port of the loopback address, with a password that nobody else knows: whoever
//! may log in as its owner may run commands as the user that it runs as, and other people may be on the machine.
//! PostgreSQL refuses to run as root, so a child of ours ([`main`]) gives up its rights first; it makes the
//! database and becomes the server. There is no Unix socket, and shared memory is a file of the folder, so that
//! nothing stays when the folder goes. Its guardian asks it to end before it kills: it holds a System V segment of
//! a few bytes that only it removes.
//!
//! Nothing is synced and nothing works in the background (autovacuum, checkpoints) that would do so while
//! somebody is measured. It must not know who asks it.

use super::Running;
use crate::{
    control::{
        child::{Foreign, OWN_PROGRAM, Start},
        dialogue::{Dialogue, NoAnswer},
        external::free_port,
        inbox::{Inbox, Interrupted},
    },
    exit::Failure,
};
use nix::{
    fcntl::{FcntlArg, FdFlag, fcntl},
    sys::{prctl, resource, signal::Signal},
    unistd::{self, User},
};
use serde::{Deserialize, Serialize};
use simul_results::State;
use simul_workloads::{ServiceAccess, postgres_client::blocking};
use std::{
    fs::{self, File},
    io::{self, Read},
    net::{Ipv4Addr, SocketAddr},
    os::fd::AsRawFd,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// What installs it.
const REMEDY: &str = "apt-get install postgresql";
/// Beyond this the backends' memory would be what is measured: each is a process of some MiB.
const MOST_CONNECTIONS: u64 = 1000;
/// For the superuser, and for those that have said goodbye and are not gone yet.
const RESERVE: u64 = 16;
/// The name of the database's owner.
const OWNER: &str = "simul";
/// How long it may take to come up; making a database takes one second or two.
const COMING_UP: Duration = Duration::from_secs(60);
/// How long is waited between attempts to log in.
const PAUSE: Duration = Duration::from_millis(20);
/// How often another port is tried when somebody was faster.
const ATTEMPTS: u32 = 5;

/// Settings of the server, besides where it listens.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_logical_replication_workers=0",
    "checkpoint_timeout=1h",
    "bgwriter_lru_maxpages=0",
    "shared_buffers=16MB",
    "dynamic_shared_memory_type=mmap",
    "jit=off",
];

/// What the child is told.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    connections: u64,
    password: String,
}

/// Why there can be none for so many connections.
pub(super) fn refusal(connections: u64) -> Option<(State, String)> {
    if connections > MOST_CONNECTIONS {
        return Some((
            State::NotApplicable,
            format!(
                "its server would need {connections} connections, and at most {MOST_CONNECTIONS} are \
                 sensible; choose fewer actors (--load closed-N) or fewer runners (--runner)"
            ),
        ));
    }
    let missing = || format!("PostgreSQL is not installed; {REMEDY}");
    programs().is_none().then(|| (State::Unavailable, missing()))
}

/// The folder with its programs: one of the path, or the newest where distributions put them.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| {
            let folder = version.ok()?.path();
            Some((folder.file_name()?.to_str()?.parse().ok()?, folder.join("bin")))
        })
        .collect();
    versions.sort_unstable_by(|one, other| other.cmp(one));
    let is_complete =
        |folder: &PathBuf| ["postgres", "initdb"].iter().all(|name| folder.join(name).is_file());
    folders.chain(versions.into_iter().map(|(_, folder)| folder)).find(is_complete)
}

/// Starts one.
///
/// # Errors
/// [`Interrupted`]; within it, why there is none.
pub(super) fn start(
    connections: u64,
    cores: &[u32],
    inbox: &mut Inbox,
) -> Result<Result<Running, NoAnswer>, Interrupted> {
    let mut outcome = Err((State::Failed, "no port is free for PostgreSQL".to_owned()));
    for attempt in 0..ATTEMPTS {
        let spread = u64::from(std::process::id()) * 101 + u64::from(attempt) * 397;
        let Some(port) = free_port(spread) else { break };
        outcome = match start_on(port, connections, cores, inbox) {
            Ok((dialogue, access)) => await_ready(dialogue, access, inbox)?,
            Err(error) => Err((State::Failed, format!("PostgreSQL could not start: {error}"))),
        };
        let taken = |(_, why): &NoAnswer| why.contains("Address already in use");
        if !outcome.as_ref().is_err_and(taken) {
            break;
        }
    }
    Ok(outcome)
}

fn start_on(
    port: u16,
    connections: u64,
    cores: &[u32],
    inbox: &mut Inbox,
) -> io::Result<(Dialogue, ServiceAccess)> {
    let programs = programs().ok_or(io::ErrorKind::NotFound)?;
    let foreign = Foreign {
        command: vec![OWN_PROGRAM.into(), "database".into()],
        is_asked_to_end: true,
        ..Foreign::default()
    };
    let start = Start {
        id: inbox.new_child(),
        cores,
        arguments: &[],
        program: Some(&foreign),
        environment: &[],
        folder: true,
        answers: false,
    };
    let mut dialogue = Dialogue::start(&start, inbox)?;
    let access = ServiceAccess {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        user: OWNER.into(),
        password: password()?,
        space: String::new(),
    };
    let folder = dialogue.folder().ok_or(io::ErrorKind::NotFound)?;
    let connections = connections + RESERVE;
    dialogue.tell(&Order {
        programs,
        folder,
        port,
        connections,
        password: access.password.clone(),
    });
    Ok((dialogue, access))
}

/// Asks until it answers.
fn await_ready(
    mut dialogue: Dialogue,
    access: ServiceAccess,
    inbox: &mut Inbox,
) -> Result<Result<Running, NoAnswer>, Interrupted> {
    let deadline = Instant::now() + COMING_UP;
    loop {
        if let Some((state, why)) = dialogue.obituary(inbox, PAUSE)? {
            return Ok(Err((state, format!("PostgreSQL did not come up: {why}"))));
        }
        let error = match blocking(&access, async |client| client.run("SELECT 1").await) {
            Ok(()) => return Ok(Ok(Running { dialogue, access })),
            Err(error) => error,
        };
        if Instant::now() > deadline {
            let seconds = COMING_UP.as_secs();
            let what = format!("PostgreSQL did not answer within {seconds} s ({error})");
            return Ok(Err(dialogue.silenced(State::TimedOut, &what)));
        }
    }
}

/// Sixteen random bytes, in hexadecimal digits.
fn password() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Makes a database as the one line of standard input says, and becomes its server.
///
/// # Errors
/// It returns only when that cannot be done.
pub fn main() -> Failure {
    match become_server() {
        Ok(never) => match never {},
        Err(error) => Failure::Broken(error.to_string()),
    }
}

fn become_server() -> io::Result<std::convert::Infallible> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let Order { programs, folder, port, connections, password } = serde_json::from_str(&line)?;
    // It is reached through an open descriptor, which the programs inherit: whoever has given up the rights of
    // root may not be let through to it from above.
    let opened = File::open(&folder)?;
    fcntl(&opened, FcntlArg::F_SETFD(FdFlag::empty()))?;
    give_up_rights(&folder)?;
    let folder = PathBuf::from(format!("/proc/self/fd/{}", opened.as_raw_fd()));
    let (data, secret) = (folder.join("data"), folder.join("password"));
    fs::write(&secret, password)?;
    let mut initdb = tool(&programs, "initdb");
    initdb.args(["--auth=scram-sha-256", "--locale=C", "--encoding=UTF8", "--no-sync"]);
    initdb.args(["--no-instructions", "--username", OWNER, "--pwfile"]).arg(&secret);
    let made = initdb.arg("--pgdata").arg(&data).output()?;
    fs::remove_file(&secret)?;
    if !made.status.success() {
        let said = String::from_utf8_lossy(&made.stderr).trim().replace('\n', " | ");
        return Err(io::Error::other(format!("initdb failed with {}: {said}", made.status)));
    }
    let mut server = tool(&programs, "postgres");
    server.arg("-D").arg(&data).args(["-p", &port.to_string()]);
    for setting in SETTINGS {
        server.args(["-c", setting]);
    }
    server.args(["-c", &format!("max_connections={connections}")]);
    Err(server.exec())
}

/// A program of PostgreSQL, with nothing of the user's own settings.
fn tool(programs: &Path, name: &str) -> Command {
    let mut command = Command::new(programs.join(name));
    command.env_clear().env("PATH", programs).env("LC_ALL", "C").env("TZ", "UTC");
    if let Some(libraries) = std::env::var_os("LD_LIBRARY_PATH") {
        command.env("LD_LIBRARY_PATH", libraries);
    }
    command.stdin(Stdio::null()).current_dir("/");
    command
}

/// As root: becomes somebody who may do little, and gives that one the folder.
fn give_up_rights(folder: &Path) -> io::Result<()> {
    // Ended in the middle of it, it leaves no picture of its memory behind.
    resource::setrlimit(resource::Resource::RLIMIT_CORE, 0, 0)?;
    let parent = unistd::getppid();
    if unistd::geteuid().is_root() {
        let named = |name| User::from_name(name).ok().flatten();
        let user = named("postgres").or_else(|| named("nobody")).ok_or_else(|| {
            io::Error::other(
                "PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody'",
            )
        })?;
        chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        unistd::setgroups(&[user.gid])?;
        unistd::setgid(user.gid)?;
        unistd::setuid(user.uid)?;
        // The kernel forgets with the rights that this process is to die with its guardian.
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        if unistd::getppid() != parent {
            return Err(io::Error::other("the guardian is gone"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_connections_are_refused_with_what_would_help() {
        let (state, reason) = refusal(MOST_CONNECTIONS + 1).unwrap();
        assert_eq!(state, State::NotApplicable);
        assert!(
            reason.contains("1001 connections") && reason.contains("--load closed-N"),
            "{reason}"
        );
    }

    #[test]
    fn where_it_is_missing_the_package_is_named() {
        match (programs(), refusal(8)) {
            (Some(folder), None) => assert!(folder.join("initdb").is_file()),
            (None, Some((State::Unavailable, reason))) => assert!(reason.ends_with(REMEDY)),
            (found, said) => panic!("{found:?} and {said:?}"),
        }
    }

    #[test]
    fn no_two_passwords_are_the_same() {
        let [one, other] = [password().unwrap(), password().unwrap()];
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }
}
