//! What must a row of a database hold after so many operations?
//!
//! The rule of the workloads that query one: every actor has one row, with a value that each operation reads and
//! replaces by the next one, a count of updates, and a total that the database adds up itself. The value is a function of the
//! actor and the number of operations, so an update that was lost or left out shows in the next read; one that
//! was done twice shows in count and total at the end. It must not know any database.

use crate::{Digest, draw};

/// What one row must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// What the last operation has put there.
    pub(crate) value: i64,
    /// How many updates there were.
    pub(crate) updates: i64,
    /// The sum of their amounts.
    pub(crate) total: i64,
}

impl Row {
    /// After so many operations of an actor.
    pub(crate) fn after(operations: u64, seed: u64, actor: u32) -> Self {
        let updates = operations as i64;
        // The sum of the first whole numbers, by Gauss; the database adds them up one by one.
        Self { value: value(seed, actor, operations), updates, total: updates * (updates + 1) / 2 }
    }
}

/// What the row holds when an operation begins, and what the one before it must put there.
pub(crate) fn value(seed: u64, actor: u32, index: u64) -> i64 {
    draw::below(1 << 62, seed, actor, index) as i64
}

/// What an operation adds to the total.
pub(crate) fn amount(index: u64) -> i64 {
    index as i64 + 1
}

/// What an operation did: the value that it read, and the rows that its update has changed.
pub(crate) fn digest(value: i64, changed: u64) -> Digest {
    Digest::of_number(value as u64).plus(Digest::of_number(changed))
}

/// What is wrong with a row, if anything.
///
/// # Errors
/// It does not hold what it must.
pub(crate) fn compare(found: Row, operations: u64, seed: u64, actor: u32) -> std::io::Result<()> {
    let wanted = Row::after(operations, seed, actor);
    if found == wanted {
        return Ok(());
    }
    Err(std::io::Error::other(format!(
        "after {operations} operations the row of actor {actor} holds {found:?} and not {wanted:?}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_what_its_operations_make_of_it() {
        let mut row = Row::after(0, 7, 3);
        assert_eq!((row.updates, row.total), (0, 0));
        for index in 0..100 {
            row = Row {
                value: value(7, 3, index + 1),
                updates: row.updates + 1,
                total: row.total + amount(index),
            };
            compare(row, index + 1, 7, 3).unwrap();
        }
        compare(row, 99, 7, 3).unwrap_err();
        compare(row, 100, 7, 4).unwrap_err();
        compare(Row { total: row.total - 1, ..row }, 100, 7, 3).unwrap_err();
    }

    #[test]
    fn lost_and_repeated_updates_have_other_digests() {
        let right = digest(value(7, 3, 5), 1);
        assert_ne!(right, digest(value(7, 3, 4), 1));
        assert_ne!(right, digest(value(7, 3, 5), 0));
        assert_ne!(right, digest(value(7, 3, 5), 2));
    }
}
