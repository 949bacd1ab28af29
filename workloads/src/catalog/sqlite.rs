//! What does it cost to query a database in one's own process?
//!
//! A batch: each job hands a SELECT and an UPDATE of one row by its key to wherever the runner wants blocking code
//! run, with statements that were prepared before. SQLite has no asynchronous interface, so this is what every
//! program does that embeds it.
//!
//! Every actor has a connection and a database file of its own: SQLite lets one writer at a time into a file, and
//! how they queue is not the question. Its journal is a write-ahead log, and nothing is synced
//! (`synchronous=OFF`): a disk that is waited for would be what is measured, and hide every runner.
//!
//! It cannot tell how writers wait for one another, nor anything about disks. Blocking runners query at once on the
//! task's own thread, the others on their blocking pools; that is a difference between the runners' models, and
//! what is measured.

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Profile, Runtime, Shape,
    Surroundings, Workload, account,
};
use rusqlite::{Connection, OptionalExtension};
use std::{
    io,
    path::{Path, PathBuf},
};

/// See the module's documentation.
#[derive(Debug)]
pub struct Sqlite {
    rows: u64,
    seed: u64,
}

/// One actor's connection and its place in the sequence.
#[derive(Debug)]
pub struct State {
    /// Lent to each operation; gone when one has panicked.
    connection: Option<Connection>,
    path: PathBuf,
    actor: u32,
    next: u64,
}

const SELECT: &str = "SELECT value FROM account WHERE id = ?1";
const UPDATE: &str = "UPDATE account SET value = ?1, updates = updates + 1, total = total + ?2 \
                      WHERE id = ?3";

impl Workload for Sqlite {
    type State<R: Runtime> = State;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "sqlite",
        question: "What does it cost to query a database in one's own process?",
        class: Class::Io,
        shape: Shape::Batch,
        measure: Measure::Service,
        // Enough for an index of several pages.
        parameters: &[("rows", "1000")],
        actors: 8,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        Ok(Self { rows: parameters.number("rows", 1, 1_000_000)?, seed })
    }

    fn needs(&self, actors: u32) -> Needs {
        // A database, its log and its shared memory. Of files, it is SQLite that reads and writes them.
        Needs { files: true, descriptors: u64::from(actors) * 3, ..Needs::default() }
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<State> {
        let path = surroundings.folder()?.join(format!("sqlite-{actor}.db"));
        let (made_at, rows, seed) = (path.clone(), self.rows, self.seed);
        let id = self.id(actor);
        let made = runtime.offload(move || create(&made_at, rows, id, seed, actor)).await;
        Ok(State { connection: Some(made.map_err(failed)?), path, actor, next: 0 })
    }

    async fn operation<R: Runtime>(&self, runtime: R, state: &mut State) -> io::Result<Digest> {
        let connection = state.connection.take().ok_or(io::ErrorKind::NotConnected)?;
        let (id, index) = (self.id(state.actor), state.next);
        let next_value = account::value(self.seed, state.actor, index + 1);
        state.next += 1;
        let work = move || (query(&connection, id, next_value, account::amount(index)), connection);
        let (digest, connection) = runtime.offload(work).await;
        state.connection = Some(connection);
        digest.map_err(failed)
    }

    async fn close<R: Runtime>(&self, runtime: R, state: State) -> io::Result<()> {
        let State { connection, path, actor, next } = state;
        let (id, seed, rows) = (self.id(actor), self.seed, self.rows);
        let work = move || {
            drop(connection);
            // Through another connection: what was written must be in the file, and nothing else touched.
            let (found, all) = look(&path, id)?;
            Ok((found, all))
        };
        let (found, all) = runtime.offload(work).await.map_err(failed)?;
        let found = found.ok_or_else(|| io::Error::other(format!("actor {actor} has no row")))?;
        account::compare(found, next, seed, actor)?;
        let sums = (rows as i64, found.updates, found.total);
        if all != sums {
            return Err(io::Error::other(format!(
                "rows, updates and totals of all rows are {all:?} and not {sums:?}"
            )));
        }
        Ok(())
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        account::digest(account::value(self.seed, actor, index), 1)
    }
}

impl Sqlite {
    /// The key of an actor's row: somewhere in the table.
    fn id(&self, actor: u32) -> i64 {
        (u64::from(actor) * 7919 % self.rows) as i64
    }
}

/// Makes a database with so many rows, of which the one with this key is the actor's.
fn create(path: &Path, rows: u64, id: i64, seed: u64, actor: u32) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "off")?;
    connection.execute_batch(
        "CREATE TABLE account (id INTEGER PRIMARY KEY, value INTEGER NOT NULL, \
         updates INTEGER NOT NULL, total INTEGER NOT NULL); BEGIN",
    )?;
    let mut insert = connection.prepare("INSERT INTO account VALUES (?1, ?2, 0, 0)")?;
    for row in 0..rows as i64 {
        let value = if row == id { account::value(seed, actor, 0) } else { row };
        insert.execute((row, value))?;
    }
    drop(insert);
    connection.execute_batch("COMMIT")?;
    // Now, and not during the first measured operation.
    connection.prepare_cached(SELECT)?;
    connection.prepare_cached(UPDATE)?;
    Ok(connection)
}

/// One operation.
fn query(connection: &Connection, id: i64, value: i64, amount: i64) -> rusqlite::Result<Digest> {
    let found: i64 = connection.prepare_cached(SELECT)?.query_row([id], |row| row.get(0))?;
    let changed = connection.prepare_cached(UPDATE)?.execute((value, amount, id))?;
    Ok(account::digest(found, changed as u64))
}

/// A row, and how many rows, updates and totals there are in all.
type Found = (Option<account::Row>, (i64, i64, i64));

fn look(path: &Path, id: i64) -> rusqlite::Result<Found> {
    let connection = Connection::open(path)?;
    let row = connection
        .query_row("SELECT value, updates, total FROM account WHERE id = ?1", [id], |row| {
            Ok(account::Row { value: row.get(0)?, updates: row.get(1)?, total: row.get(2)? })
        })
        .optional()?;
    let all = connection.query_row(
        "SELECT count(*), sum(updates), sum(total) FROM account",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    Ok((row, all))
}

fn failed(error: rusqlite::Error) -> io::Error {
    io::Error::other(format!("SQLite: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_change_one_row_and_their_log_is_not_synced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let connection = create(&path, 50, 7, 1, 2).unwrap();
        let mode = |name| {
            connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
        };
        assert_eq!(mode("journal_mode").unwrap(), "wal".to_owned().into());
        assert_eq!(mode("synchronous").unwrap(), 0.into());
        let work = Sqlite { rows: 50, seed: 1 };
        for index in 0..3 {
            let value = account::value(1, 2, index + 1);
            let digest = query(&connection, 7, value, account::amount(index)).unwrap();
            assert_eq!(digest, work.expected(2, index));
        }
        let (row, all) = look(&path, 7).unwrap();
        account::compare(row.unwrap(), 3, 1, 2).unwrap();
        assert_eq!(all, (50, 3, 6));
        // A row that is not there is no answer.
        connection.execute("DELETE FROM account WHERE id = 7", []).unwrap();
        query(&connection, 7, 0, 1).unwrap_err();
    }

    #[test]
    fn tables_have_limits() {
        let parse = |text| {
            Sqlite::new(&Parameters::parse(&Sqlite::PROFILE, [text].into_iter()).unwrap(), 1)
        };
        assert!(parse("0").is_err() && parse("1000001").is_err());
        let one = parse("1").unwrap();
        assert_eq!((one.id(0), one.id(9)), (0, 0));
    }
}
