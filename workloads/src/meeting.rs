//! What do the actors of one trial share?
//!
//! Actors know nothing of each other, and contention needs something in common: a lock of the runner's own type,
//! made by whoever opens first. And whoever closes last must find all that was done: a book is kept of it, behind
//! a lock of the standard library that is held for a few instructions, when actors open and close.
//!
//! It must not know what is shared. Next: `catalog/mutex.rs`, which shares a lock.

use std::{
    any::Any,
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// What the actors of a trial have in common.
#[derive(Debug, Default)]
pub struct Meeting {
    place: OnceLock<Arc<dyn Any + Send + Sync>>,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    opened: u32,
    closed: u32,
    done: u64,
}

impl Meeting {
    /// Comes to the meeting; whoever is first makes what is shared.
    ///
    /// # Panics
    /// When two actors mean something of different types, as those of two runners would.
    pub fn join<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner).opened += 1;
        let place = self.place.get_or_init(|| Arc::new(make()));
        Arc::clone(place).downcast().expect("all actors of a trial share one runner")
    }

    /// Leaves it, having done so much. Once all are gone, `found` must tell the sum of it.
    ///
    /// # Errors
    /// When it does not: something was lost, or done twice.
    pub fn leave(&self, done: u64, found: impl FnOnce() -> u64) -> io::Result<()> {
        // Held to the end, so that nobody can open, and go on, before the sum is told.
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.closed += 1;
        book.done += done;
        if book.closed == book.opened {
            let found = found();
            if found != book.done {
                let done = book.done;
                return Err(io::Error::other(format!("{done} were done, and {found} are there")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    #[test]
    fn whoever_leaves_last_finds_what_is_missing() {
        let meeting = Meeting::default();
        let first = meeting.join(|| AtomicU64::new(0));
        let second: Arc<AtomicU64> = meeting.join(|| unreachable!("it is there already"));
        first.fetch_add(3, Relaxed);
        second.fetch_add(4, Relaxed);
        meeting.leave(3, || unreachable!("one is left")).unwrap();
        assert_eq!(
            meeting.leave(5, || first.load(Relaxed)).unwrap_err().to_string(),
            "8 were done, and 7 are there"
        );
    }
}
