//! What does it cost to query a database over its own protocol?
//!
//! A session: each actor has a connection, opened and logged in before anything is measured, and a row. One
//! operation is a SELECT and then an UPDATE of this row by its key, prepared before, each a round trip of the
//! extended protocol. With `update=false` it is the SELECT alone, one round trip. The server is a real PostgreSQL
//! that the harness has started: without syncing, and without the janitor (autovacuum) that would work while
//! somebody is measured. Every trial has a table of its own.
//!
//! It cannot tell how the server behaves on disks, nor how transactions wait for one another. An operation costs the
//! server more than the runner; where the server's core is what is busy, runners look alike (`peer-bound`).

use crate::{
    Class, Digest, Erased, Measure, Needs, ParameterError, Parameters, Profile, Runtime, Service,
    ServiceAccess, Shape, Surroundings, Workload, account,
    postgres_client::{Answer, Client, blocking},
};
use std::io;

/// See the module's documentation.
#[derive(Debug)]
pub struct Postgres {
    update: bool,
    seed: u64,
}

/// One actor's connection and its place in the sequence.
#[derive(Debug)]
pub struct State<S> {
    client: Client<S>,
    access: ServiceAccess,
    actor: u32,
    next: u64,
}

/// Names of the prepared statements.
const SELECT: &str = "read";
const UPDATE: &str = "write";

impl Workload for Postgres {
    type State<R: Runtime> = State<R::Tcp>;
    type Port = Erased;

    const PROFILE: Profile = Profile {
        name: "postgres",
        question: "What does it cost to query a database over its own protocol?",
        class: Class::Io,
        shape: Shape::Session,
        measure: Measure::Service,
        parameters: &[("update", "true")],
        // What a small pool of connections has. Each is a process of the server.
        actors: 4,
        figures: &[],
    };

    fn new(parameters: &Parameters, seed: u64) -> Result<Self, ParameterError> {
        Ok(Self { update: parameters.flag("update")?, seed })
    }

    fn needs(&self, actors: u32) -> Needs {
        Needs {
            service: Some(Service::Postgres),
            descriptors: u64::from(actors),
            ..Needs::default()
        }
    }

    fn prepare(&self, surroundings: &Surroundings) -> io::Result<()> {
        let access = surroundings.service()?;
        let table = table(access);
        let rows: Vec<String> = (0..surroundings.actors)
            .map(|actor| format!("({actor}, {}, 0, 0)", self.value(actor, 0)))
            .collect();
        // The controller prepares it for programs of others; another build of simul then does so once more. Room
        // beside each row, so that its versions stay on one page and are tidied up as they are met.
        let statements = format!(
            "DROP TABLE IF EXISTS {table}; \
             CREATE TABLE {table} (id int8 PRIMARY KEY, value int8 NOT NULL, updates int8 NOT NULL, \
             total int8 NOT NULL) WITH (fillfactor = 10); INSERT INTO {table} VALUES {}",
            rows.join(", ")
        );
        blocking(access, async |client| client.run(&statements).await)
    }

    async fn open<R: Runtime>(
        &self,
        runtime: R,
        surroundings: &Surroundings,
        actor: u32,
    ) -> io::Result<Self::State<R>> {
        let access = surroundings.service()?.clone();
        let stream = runtime.connect(access.address).await?;
        let mut client = Client::log_in(stream, &access).await?;
        let table = table(&access);
        client.prepare(SELECT, &format!("SELECT value FROM {table} WHERE id = $1"), 1).await?;
        let update = format!(
            "UPDATE {table} SET value = $1, updates = updates + 1, total = total + $2 WHERE id = $3"
        );
        client.prepare(UPDATE, &update, 3).await?;
        Ok(State { client, access, actor, next: 0 })
    }

    async fn operation<R: Runtime>(
        &self,
        _runtime: R,
        state: &mut Self::State<R>,
    ) -> io::Result<Digest> {
        let (actor, index) = (state.actor, state.next);
        state.next += 1;
        let found = state.client.execute(SELECT, &[i64::from(actor)]).await?;
        let value = only(&found)?;
        let mut changed = 0;
        if self.update {
            let numbers = [self.value(actor, index + 1), account::amount(index), i64::from(actor)];
            changed = state.client.execute(UPDATE, &numbers).await?.count;
        }
        Ok(account::digest(value, changed))
    }

    async fn close<R: Runtime>(&self, runtime: R, state: Self::State<R>) -> io::Result<()> {
        let State { client, access, actor, next } = state;
        client.log_out().await?;
        let (seed, updates) = (self.seed, if self.update { next } else { 0 });
        // Through another connection, without the runner's sockets.
        let look = move || look(&access, actor);
        account::compare(runtime.offload(look).await?, updates, seed, actor)
    }

    fn expected(&self, actor: u32, index: u64) -> Digest {
        account::digest(self.value(actor, index), u64::from(self.update))
    }
}

impl Postgres {
    /// What the row holds before the operation of this number.
    fn value(&self, actor: u32, index: u64) -> i64 {
        account::value(self.seed, actor, if self.update { index } else { 0 })
    }
}

/// The trial's own table.
fn table(access: &ServiceAccess) -> String {
    format!("account_{}", access.space)
}

/// The one number that was asked for.
fn only(answer: &Answer) -> io::Result<i64> {
    match (answer.rows.as_slice(), answer.count) {
        ([row], 1) if row.len() == 1 => Ok(row[0]),
        _ => Err(io::Error::other(format!("one row was asked for, and {answer:?} came"))),
    }
}

fn look(access: &ServiceAccess, actor: u32) -> io::Result<account::Row> {
    let statement = format!("SELECT value, updates, total FROM {} WHERE id = $1", table(access));
    let answer = blocking(access, async |client| {
        client.prepare(SELECT, &statement, 1).await?;
        client.execute(SELECT, &[i64::from(actor)]).await
    })?;
    match answer.rows.as_slice() {
        [row] if row.len() == 3 => {
            Ok(account::Row { value: row[0], updates: row[1], total: row[2] })
        }
        _ => Err(io::Error::other(format!("actor {actor} has no row: {answer:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_number_in_one_row() {
        let answer = |rows: &[&[i64]], count| Answer {
            rows: rows.iter().map(|row| row.to_vec()).collect(),
            count,
        };
        assert_eq!(only(&answer(&[&[7]], 1)).unwrap(), 7);
        for wrong in
            [answer(&[], 0), answer(&[&[7], &[7]], 2), answer(&[&[7, 8]], 1), answer(&[&[7]], 0)]
        {
            only(&wrong).unwrap_err();
        }
    }

    #[test]
    fn without_updates_the_value_stays() {
        let work = |text: &str| {
            let parameters = Parameters::parse(&Postgres::PROFILE, text.split(':')).unwrap();
            Postgres::new(&parameters, 3)
        };
        let [reading, writing] = ["false", "true"].map(|text| work(text).unwrap());
        assert_eq!(reading.expected(2, 0), reading.expected(2, 9));
        assert_ne!(writing.expected(2, 0), writing.expected(2, 9));
        assert_ne!(writing.expected(2, 0), reading.expected(2, 0));
        assert!(work("yes").is_err());
    }
}
