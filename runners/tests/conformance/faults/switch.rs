//! Which wrong things can a runner do, and when does it begin?
//!
//! It behaves until it is told otherwise: set-up and the first operations are sound, as with the faults that
//! matter. Next: [`super::runtime`] for what each fault does to the port.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

/// A way to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A byte of what is read is lost, and those behind it move up.
    DropsBytes,
    /// What is written is written twice.
    DoublesBytes,
    /// An item that is sent to another task never arrives.
    SkipsItem,
    /// An item that is sent to another task arrives twice.
    DoublesItem,
    /// A task that is spawned, forked or offloaded is not run, and its result is nothing.
    SkipsTask,
    /// Queues have room for any number of items, semaphores permits for everybody, locks let two in at a time, and
    /// time that is over does not end anything.
    ForgetsLimits,
    /// What is to be waited for is said to have happened already: bytes that come in, time that passes.
    AnswersEarly,
    /// Bytes are said to be written, and are not.
    DoesNothing,
    /// An operation is not done, and the answer of the one before it is given again.
    SkipsOperation,
    /// An operation is done twice and counted once.
    DoublesOperation,
    /// No operation is done; each is answered with nothing.
    InventsAnswers,
}

impl Fault {
    pub(crate) const ALL: [Self; 11] = [
        Self::DropsBytes,
        Self::DoublesBytes,
        Self::SkipsItem,
        Self::DoublesItem,
        Self::SkipsTask,
        Self::ForgetsLimits,
        Self::AnswersEarly,
        Self::DoesNothing,
        Self::SkipsOperation,
        Self::DoublesOperation,
        Self::InventsAnswers,
    ];

    /// Those that need nothing of the port, and so apply to all work.
    pub(crate) const OF_OPERATIONS: [Self; 3] =
        [Self::SkipsOperation, Self::DoublesOperation, Self::InventsAnswers];

    /// As the table of faults has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DropsBytes => "drops bytes",
            Self::DoublesBytes => "doubles bytes",
            Self::SkipsItem => "skips an item",
            Self::DoublesItem => "doubles an item",
            Self::SkipsTask => "skips a task",
            Self::ForgetsLimits => "forgets limits",
            Self::AnswersEarly => "answers early",
            Self::DoesNothing => "does nothing",
            Self::SkipsOperation => "skips an operation",
            Self::DoublesOperation => "doubles an operation",
            Self::InventsAnswers => "invents answers",
        }
    }
}

/// Says whether a fault shows.
#[derive(Debug)]
pub(crate) struct Switch {
    fault: Option<Fault>,
    on: AtomicBool,
}

impl Switch {
    /// Off, and kept to the end of the process. On at once where the fault is in how parts are made.
    pub(crate) fn new(fault: Option<Fault>) -> &'static Self {
        let on = AtomicBool::new(fault == Some(Fault::ForgetsLimits));
        Box::leak(Box::new(Self { fault, on }))
    }

    pub(crate) fn is_on(&self) -> bool {
        self.on.load(SeqCst)
    }

    pub(crate) fn turn_on(&self) {
        self.on.store(true, SeqCst);
    }

    /// Whether this fault shows now.
    pub(crate) fn shows(&self, fault: Fault) -> bool {
        self.fault == Some(fault) && self.is_on()
    }
}

/// Counts what happens while a fault shows; clones of a channel's end share it.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// Whether this is the one of that number, from 1 on. Once: two faults could undo one another.
    pub(crate) fn reaches(&self, number: u64) -> bool {
        self.0.fetch_add(1, SeqCst) + 1 == number
    }
}
