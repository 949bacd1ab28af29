//! How is a PostgreSQL server spoken to?
//!
//! The messages are those of `postgres-protocol`; this file sends them over a [`Stream`] and takes the answers
//! apart: log-in with SCRAM-SHA-256, statements that are prepared once and then executed by the extended protocol
//! (bind, execute, sync). Over any runner's stream where it is measured, and over a plain blocking one
//! ([`blocking`]) where tables are made and sums are checked, so that the check does not stand on what it checks.
//!
//! It must not know what is asked. Next: `catalog/postgres.rs`.

use crate::{Buffer, ServiceAccess, Stream};
use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::{
    IsNull,
    authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256},
    message::{
        backend::{DataRowBody, ErrorResponseBody, Message},
        frontend::{self, BindError},
    },
    types::{int8_from_sql, int8_to_sql},
};
use std::{
    future::Future,
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// A connection that is logged in.
#[derive(Debug)]
pub struct Client<S> {
    stream: S,
    /// What is to be sent.
    out: BytesMut,
    /// What has arrived and was not taken apart yet.
    arrived: BytesMut,
    /// Goes into reads and comes back.
    reading: Buffer,
    /// Goes into writes and comes back.
    writing: Buffer,
}

/// What came of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The rows, of whole numbers.
    pub rows: Vec<Vec<i64>>,
    /// How many rows it has found, or changed.
    pub count: u64,
}

/// An answer to a statement by its key fits many times.
const READING_BYTES: usize = 4 << 10;
/// The type `int8` in PostgreSQL's catalogue, `pg_type.dat`.
const INT8: u32 = 20;
/// Parameters and results as bytes, not as text.
const BINARY: i16 = 1;
/// How long a server may leave a blocking question without an answer.
const PATIENCE: Duration = Duration::from_secs(30);

impl<S: Stream> Client<S> {
    /// Logs in.
    ///
    /// # Errors
    /// What the server or the operating system says.
    pub async fn log_in(stream: S, access: &ServiceAccess) -> io::Result<Self> {
        let mut client = Self {
            stream,
            out: BytesMut::new(),
            arrived: BytesMut::with_capacity(READING_BYTES),
            reading: Buffer::filled(0, READING_BYTES),
            writing: Buffer::default(),
        };
        let parameters = [("user", access.user.as_str()), ("database", "postgres")];
        frontend::startup_message(parameters, &mut client.out)?;
        client.flush().await?;
        let mut proof = ScramSha256::new(access.password.as_bytes(), ChannelBinding::unsupported());
        let mut proven = false;
        loop {
            match client.message().await? {
                Message::AuthenticationSasl(_) => {
                    let first = proof.message();
                    frontend::sasl_initial_response(SCRAM_SHA_256, first, &mut client.out)?;
                }
                Message::AuthenticationSaslContinue(challenge) => {
                    proof.update(challenge.data())?;
                    frontend::sasl_response(proof.message(), &mut client.out)?;
                }
                Message::AuthenticationSaslFinal(last) => {
                    proof.finish(last.data())?;
                    proven = true;
                }
                Message::ReadyForQuery(_) if proven => return Ok(client),
                Message::ReadyForQuery(_) => {
                    return Err(unexpected("the server did not ask for the password"));
                }
                Message::ErrorResponse(error) => return Err(refused(&error)),
                _ => {}
            }
            if !client.out.is_empty() {
                client.flush().await?;
            }
        }
    }

    /// Prepares a statement over so many whole numbers.
    ///
    /// # Errors
    /// What the server or the operating system says.
    pub async fn prepare(&mut self, name: &str, statement: &str, numbers: usize) -> io::Result<()> {
        frontend::parse(name, statement, std::iter::repeat_n(INT8, numbers), &mut self.out)?;
        frontend::sync(&mut self.out);
        self.answer().await.map(|_| ())
    }

    /// Executes a statement that was prepared.
    ///
    /// # Errors
    /// What the server or the operating system says.
    pub async fn execute(&mut self, name: &str, numbers: &[i64]) -> io::Result<Answer> {
        let write = |number: &i64, out: &mut BytesMut| {
            int8_to_sql(*number, out);
            Ok(IsNull::No)
        };
        frontend::bind("", name, [BINARY], numbers, write, [BINARY], &mut self.out).map_err(
            |error| match error {
                BindError::Conversion(error) => io::Error::other(error),
                BindError::Serialization(error) => error,
            },
        )?;
        frontend::execute("", 0, &mut self.out)?;
        frontend::sync(&mut self.out);
        self.answer().await
    }

    /// Executes a text of statements; rows are left out.
    ///
    /// # Errors
    /// What the server or the operating system says.
    pub async fn run(&mut self, statements: &str) -> io::Result<()> {
        frontend::query(statements, &mut self.out)?;
        self.flush().await?;
        loop {
            match self.message().await? {
                Message::ReadyForQuery(_) => return Ok(()),
                Message::ErrorResponse(error) => return Err(refused(&error)),
                _ => {}
            }
        }
    }

    /// Says goodbye.
    ///
    /// # Errors
    /// What the operating system says.
    pub async fn log_out(mut self) -> io::Result<()> {
        frontend::terminate(&mut self.out);
        self.flush().await
    }

    /// Sends what was written, and takes the answer to its end.
    async fn answer(&mut self) -> io::Result<Answer> {
        self.flush().await?;
        let mut answer = Answer::default();
        loop {
            match self.message().await? {
                Message::DataRow(row) => answer.rows.push(numbers(&row)?),
                // "SELECT 1", "UPDATE 1".
                Message::CommandComplete(done) => {
                    let count = done.tag()?.rsplit(' ').next().and_then(|word| word.parse().ok());
                    answer.count =
                        count.ok_or_else(|| unexpected("a statement without a count"))?;
                }
                Message::ReadyForQuery(ready) if ready.status() == b'I' => return Ok(answer),
                Message::ReadyForQuery(_) => return Err(unexpected("a transaction was left open")),
                Message::ErrorResponse(error) => return Err(refused(&error)),
                _ => {}
            }
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.writing).into_bytes();
        bytes.clear();
        bytes.extend_from_slice(&self.out);
        self.out.clear();
        self.writing = self.stream.write_all(Buffer::from(bytes)).await?;
        Ok(())
    }

    /// The next message, reading until there is one.
    async fn message(&mut self) -> io::Result<Message> {
        loop {
            if let Some(message) = Message::parse(&mut self.arrived)? {
                return Ok(message);
            }
            let reading = std::mem::take(&mut self.reading);
            let (bytes, reading) = self.stream.read(reading).await?;
            if bytes == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let read = reading.whole().get(..bytes).ok_or(io::ErrorKind::InvalidData)?;
            self.arrived.extend_from_slice(read);
            self.reading = reading;
        }
    }
}

/// A row of whole numbers.
fn numbers(row: &DataRowBody) -> io::Result<Vec<i64>> {
    let mut numbers = Vec::new();
    let mut ranges = row.ranges();
    while let Some(range) = ranges.next()? {
        let range = range.ok_or_else(|| unexpected("a column is null"))?;
        let bytes = row.buffer().get(range).ok_or(io::ErrorKind::InvalidData)?;
        numbers.push(int8_from_sql(bytes).map_err(io::Error::other)?);
    }
    Ok(numbers)
}

fn unexpected(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("PostgreSQL: {what}"))
}

/// The server's own words.
fn refused(error: &ErrorResponseBody) -> io::Error {
    let mut fields = error.fields();
    let mut said = String::new();
    while let Ok(Some(field)) = fields.next() {
        // The message; beside it there are codes and places in the server's source.
        if field.type_() == b'M' {
            said = String::from_utf8_lossy(field.value_bytes()).into_owned();
        }
    }
    io::Error::other(format!("PostgreSQL: {said}"))
}

/// A blocking connection of the standard library.
#[derive(Debug)]
pub struct Plain(TcpStream);

impl Stream for Plain {
    async fn read(&mut self, mut buffer: Buffer) -> io::Result<(usize, Buffer)> {
        let bytes = self.0.read(buffer.window_mut())?;
        Ok((bytes, buffer))
    }

    async fn write(&mut self, buffer: Buffer) -> io::Result<(usize, Buffer)> {
        let bytes = self.0.write(buffer.window())?;
        Ok((bytes, buffer))
    }

    async fn end(&mut self) -> io::Result<()> {
        self.0.shutdown(Shutdown::Write)
    }
}

/// Logs in over a plain connection, does something, and logs out; no runner is involved.
///
/// # Errors
/// What the server or the operating system says.
pub fn blocking<T>(
    access: &ServiceAccess,
    work: impl AsyncFnOnce(&mut Client<Plain>) -> io::Result<T>,
) -> io::Result<T> {
    let stream = TcpStream::connect_timeout(&access.address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    at_once(async {
        let mut client = Client::log_in(Plain(stream), access).await?;
        let done = work(&mut client).await?;
        client.log_out().await?;
        Ok(done)
    })
}

/// The outcome of a future that never waits.
fn at_once<T>(future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(io::Error::other("a blocking stream has put its caller off")),
    }
}
