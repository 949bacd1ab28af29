//! How does the controller ask a child something, and what if there is no answer?
//!
//! One line there, one line back, with a time limit. Silence, nonsense and death each become a state and a
//! reason that ends with the child's last words. It must not know what is asked. Next: [`super::arm`].

use super::{
    child::{Child, ChildId, Start},
    guardian::{self, LEFT_BEHIND},
    inbox::{Heard, Inbox, Interrupted},
};
use crate::clock;
use serde::{Serialize, de::DeserializeOwned};
use simul_results::State;
use std::{
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Of a line that is no answer, so much is quoted.
const QUOTED_CHARACTERS: usize = 80;

/// A child that answers.
#[derive(Debug)]
pub struct Dialogue {
    id: ChildId,
    child: Child,
    /// The process that works, below the guardian; 0 until it has said so.
    pub pid: i32,
}

/// Why there is no answer, as a cell's state and reason.
pub type NoAnswer = (State, String);

impl Dialogue {
    /// Starts the child.
    ///
    /// # Errors
    /// No process, no descriptor, no folder left.
    pub fn start(start: &Start<'_>, inbox: &Inbox) -> io::Result<Self> {
        Ok(Self { id: start.id, child: Child::start(start, inbox.sender())?, pid: 0 })
    }

    /// The child's temporary folder.
    #[must_use]
    pub fn folder(&self) -> Option<PathBuf> {
        self.child.folder().map(std::path::Path::to_owned)
    }

    /// Sends a line. If the child is gone already, the wait for its answer will say why.
    pub fn tell(&mut self, message: &impl Serialize) {
        if let Ok(line) = serde_json::to_string(message) {
            let _ = self.child.tell(&line);
        }
    }

    /// Waits for the next line.
    ///
    /// # Errors
    /// [`Interrupted`]; within it, why there is no answer: then the child has been ended.
    pub fn answer<T: DeserializeOwned>(
        &mut self,
        inbox: &mut Inbox,
        patience: Duration,
    ) -> Result<Result<T, NoAnswer>, Interrupted> {
        let heard = inbox.wait_for(self.id, Instant::now() + patience)?;
        Ok(match heard {
            Heard::Line(text) => serde_json::from_str(&text).map_err(|error| {
                let text: String = text.chars().take(QUOTED_CHARACTERS).collect();
                self.silenced(
                    State::Failed,
                    &format!("it wrote '{text}', which is no answer: {error}"),
                )
            }),
            Heard::Closed => Err(self.silenced(State::Failed, "its process ended")),
            Heard::Nothing => {
                let seconds = patience.as_secs_f64();
                let what = format!("no answer within {seconds:.1} s; killed with all its children");
                Err(self.silenced(State::TimedOut, &what))
            }
        })
    }

    /// Why the next line would not be an answer: it was written before anything was asked. Then the child has been
    /// ended.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn unasked(&mut self, inbox: &mut Inbox) -> Result<Option<NoAnswer>, Interrupted> {
        let line = inbox.unasked(self.id)?;
        Ok(line.map(|text| {
            let text: String = text.chars().take(QUOTED_CHARACTERS).collect();
            self.silenced(State::Failed, &format!("it wrote '{text}', which nobody had asked for"))
        }))
    }

    /// Waits for its end, not for a line; `None` while it lives.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn obituary(
        &mut self,
        inbox: &mut Inbox,
        patience: Duration,
    ) -> Result<Option<NoAnswer>, Interrupted> {
        Ok(match inbox.wait_for(self.id, Instant::now() + patience)? {
            Heard::Closed => Some(self.silenced(State::Failed, "its process ended")),
            Heard::Line(_) | Heard::Nothing => None,
        })
    }

    /// CPU time of the guardian's living descendants: of a command that may have started others.
    #[must_use]
    pub fn cpu_of_all_ns(&self) -> Option<u64> {
        let pids = guardian::descendants(self.child.guardian_pid());
        let spent: Vec<u64> = pids.into_iter().filter_map(clock::cpu_of_ns).collect();
        (!spent.is_empty()).then(|| spent.iter().sum())
    }

    /// Ends the child; what happened, with its last words.
    pub fn silenced(&mut self, state: State, what: &str) -> NoAnswer {
        // When the guardian is gone, all that was written has arrived.
        self.child.end();
        let words = self.child.last_words().join(" | ");
        let words = if words.is_empty() { "it said nothing".into() } else { words };
        (state, format!("{what}: {words}"))
    }

    /// Waits until the child has ended by itself; what was wrong with its end.
    ///
    /// # Errors
    /// It did not end, ended with a fault, or left processes behind.
    pub fn await_end(&mut self, patience: Duration) -> Result<(), NoAnswer> {
        let seconds = patience.as_secs_f64();
        let Some(status) = self.child.await_end(patience) else {
            let alive = guardian::told(self.child.guardian_pid());
            let what =
                format!("it had not ended {seconds:.1} s after its last answer ({alive}); killed");
            return Err(self.silenced(State::Failed, &what));
        };
        self.child.end();
        let left = self.child.last_words().into_iter().rev();
        if let Some(left) =
            left.clone().find_map(|line| Some(line.strip_prefix(LEFT_BEHIND)?.to_owned()))
        {
            let what = format!("it left processes behind, which were killed: {left}");
            return Err(self.silenced(State::Failed, &what));
        }
        if !status.success() {
            let what = format!("after its last answer it ended with {status}");
            return Err(self.silenced(State::Failed, &what));
        }
        Ok(())
    }

    /// The guardian's process.
    #[must_use]
    pub fn guardian_pid(&self) -> i32 {
        self.child.guardian_pid()
    }

    /// CPU time of the process that works; `None` while it is unknown, or gone.
    #[must_use]
    pub fn cpu_ns(&self) -> Option<u64> {
        clock::cpu_of_ns(self.pid)
    }

    /// The processes that are known: the worker and its guardian.
    #[must_use]
    pub fn processes(&self) -> [i32; 2] {
        [self.pid, self.child.guardian_pid()]
    }

    /// Tells the guardian to end everything, without waiting.
    pub fn release(&mut self) {
        self.child.release();
    }

    /// Waits until everything is gone.
    pub fn bury(mut self, inbox: &mut Inbox) {
        self.child.end();
        inbox.forget(self.id);
    }
}
