//! Would the instrument notice? A runner with a known fault, which must be found by name.
//!
//! It is threads underneath, never listed, and used by name: `-r canary:hang`, and `-r canary:slow=5` where a fault
//! takes a number. `canary:none` is the healthy twin, compiled from the same code, so that a fault is all that two of
//! them differ by. One type has every fault, which is chosen at run time: were each a type, the work of all erased
//! workloads would be compiled for each. `simul selftest` runs them all.
//!
//! It must not know who looks, or how a fault is found. Next: [`Fault`], then `costs.rs`, `endings.rs`, `lies.rs`, and
//! `faulty.rs`, the port that calls them.

mod costs;
mod endings;
mod faulty;
mod lies;
mod toil;

pub use faulty::{Faulty, FaultyListener, FaultyStream};

use crate::{
    Backend, Capabilities, FairnessCard, Profile, Runner, catalog::threads::Threads,
    registry::Visitor,
};
use std::{cell::Cell, fmt::Debug, future::Future, io, num::NonZeroUsize, time::Duration};

/// A known fault: what is done besides, or instead.
pub trait Fault: Debug + Send + Sync + 'static {
    /// Called once, when the runner starts.
    ///
    /// # Errors
    /// When the fault cannot be prepared.
    fn at_start(&self) -> io::Result<()> {
        Ok(())
    }

    /// Called with every message that has come back, and how many the connection has had before.
    fn at_message(&self, _message: &mut [u8], _before: u64) {}

    /// Whether the answer that has just come is thrown away, so that its operation waits for another.
    fn loses(&self) -> bool {
        false
    }

    /// How long a task sleeps that asked for so long. Called once for each sleep.
    fn sleep(&self, asked: Duration) -> Duration {
        asked
    }
}

/// How many messages of a connection pass before a fault shows: past set-up, within the first slices.
const HEALTHY_MESSAGES: u64 = 100;

/// The healthy twin.
#[derive(Clone, Copy, Debug)]
struct Healthy;

impl Fault for Healthy {}

/// A canary: what it is called, and how its fault is made.
struct Entry {
    profile: Profile,
    /// Makes the fault from its number; `None`: it takes none.
    make: Make,
}

/// How a fault is made.
enum Make {
    Plain(fn() -> Box<dyn Fault>),
    Measured(fn(f64) -> Box<dyn Fault>),
}

const fn profile(name: &'static str, describes: &'static str) -> Profile {
    Profile {
        name,
        describes,
        package: None,
        backend: Backend::Blocking,
        one_worker: false,
        caveat: Some("has a fault on purpose"),
    }
}

const fn plain(name: &'static str, describes: &'static str, make: fn() -> Box<dyn Fault>) -> Entry {
    Entry { profile: profile(name, describes), make: Make::Plain(make) }
}

/// What promises a ring.
const PRETENDER: Profile = Profile {
    backend: Backend::IoUring,
    ..profile("canary:pretend", "threads that promise io_uring")
};

const ENTRIES: &[Entry] = &[
    Entry {
        profile: Profile {
            caveat: Some("the healthy twin of those with a fault"),
            ..profile("canary:none", "threads, and no fault")
        },
        make: Make::Plain(|| Box::new(Healthy)),
    },
    plain("canary:freeze", "threads that all stand still for 100 ms, now and then", || {
        Box::new(costs::Freeze::default())
    }),
    Entry {
        profile: profile(
            "canary:slow",
            "threads that do so many percent more work with each message: canary:slow=5",
        ),
        make: Make::Measured(|percent| Box::new(costs::Slow::by(percent))),
    },
    plain("canary:drop", "threads that lose one answer in a thousand", || {
        Box::new(lies::Drop::default())
    }),
    plain("canary:lie", "threads that change one bit of one message in a thousand", || {
        Box::new(lies::Lie)
    }),
    plain("canary:early", "threads that do not sleep when they are asked to", || {
        Box::new(lies::Early)
    }),
    plain(
        "canary:leak-threads",
        "threads that leave another one behind with each operation",
        || Box::new(costs::LeakThreads::default()),
    ),
    plain("canary:grow", "threads that keep memory with each operation", || {
        Box::new(costs::Grow::default())
    }),
    plain("canary:spin", "threads, and one that spins for ever", || Box::new(costs::Spin)),
    plain("canary:die", "threads whose process ends in the middle of an operation", || {
        Box::new(endings::Die)
    }),
    plain("canary:hang", "threads that wait for ever in the middle of an operation", || {
        Box::new(endings::Hang)
    }),
    plain("canary:stray", "threads, and a process that leaves its group and stays", || {
        Box::new(endings::Stray)
    }),
    Entry { profile: PRETENDER, make: Make::Plain(|| Box::new(Healthy)) },
];

/// The profiles of all canaries.
pub fn profiles() -> impl Iterator<Item = &'static Profile> {
    ENTRIES.iter().map(|entry| &entry.profile)
}

/// The profile of the canary that a name means, if it means one: `canary:slow=5` is `canary:slow`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Profile> {
    chosen(name).map(|(entry, _)| &entry.profile)
}

fn chosen(name: &str) -> Option<(&'static Entry, f64)> {
    let (plain, number) = match name.split_once('=') {
        Some((plain, number)) => (plain, Some(number)),
        None => (name, None),
    };
    let entry = ENTRIES.iter().find(|entry| entry.profile.name == plain)?;
    match (&entry.make, number) {
        (Make::Plain(_), None) => Some((entry, 0.0)),
        (Make::Measured(_), Some(number)) => {
            let number = number.parse().ok().filter(|number| (0.0..=100.0).contains(number))?;
            Some((entry, number))
        }
        _ => None,
    }
}

thread_local! {
    /// Which canary this thread's visitor has been led to.
    static VISITED: Cell<Option<(&'static Entry, f64)>> = const { Cell::new(None) };
}

/// Calls the visitor with the canary of this name; gives it back if there is none.
///
/// # Errors
/// The visitor, who may look elsewhere.
pub fn visit<V: Visitor>(name: &str, visitor: V) -> Result<V::Output, V> {
    let Some((entry, number)) = chosen(name) else { return Err(visitor) };
    let before = VISITED.replace(Some((entry, number)));
    let output = match entry.profile.backend {
        Backend::IoUring => visitor.visit::<Canary<true>>(),
        _ => visitor.visit::<Canary<false>>(),
    };
    VISITED.set(before);
    Ok(output)
}

/// Threads with the fault that the visitor was led to; with a promise of io_uring, or without.
#[derive(Debug)]
pub struct Canary<const PROMISES_RING: bool> {
    threads: Threads,
    fault: &'static dyn Fault,
}

impl<const PROMISES_RING: bool> Runner for Canary<PROMISES_RING> {
    type Runtime = Faulty;
    type Discipline = <Threads as Runner>::Discipline;

    /// What is the same for all: names are in [`profiles`].
    const PROFILE: Profile =
        if PROMISES_RING { PRETENDER } else { profile("canary", "threads with a fault") };

    fn capabilities(workers: NonZeroUsize) -> Capabilities {
        Threads::capabilities(workers)
    }

    fn start(workers: NonZeroUsize) -> io::Result<Self> {
        let fault: Box<dyn Fault> = match VISITED.get() {
            Some((Entry { make: Make::Plain(make), .. }, _)) => make(),
            Some((Entry { make: Make::Measured(make), .. }, number)) => make(number),
            None => Box::new(Healthy),
        };
        // One runner a process, to its end.
        let fault: &'static dyn Fault = Box::leak(fault);
        fault.at_start()?;
        Ok(Self { threads: Threads::start(workers)?, fault })
    }

    fn card(&self) -> FairnessCard {
        let backend = Self::PROFILE.backend.name().into();
        FairnessCard { backend, ..self.threads.card() }
    }

    fn runtime(&self) -> Faulty {
        Faulty::new(self.threads.runtime(), self.fault)
    }

    fn launch(&self, index: usize, task: impl Future<Output = ()> + Send + 'static) {
        self.threads.launch(index, task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_a_number_where_the_fault_has_one() {
        let named = |name| find(name).map(|profile| profile.name);
        assert_eq!(named("canary:slow=5"), Some("canary:slow"));
        assert_eq!(named("canary:slow=0.5"), Some("canary:slow"));
        assert_eq!(named("canary:hang"), Some("canary:hang"));
        for bad in
            ["canary:slow", "canary:slow=", "canary:slow=fast", "canary:slow=101", "canary:hang=5"]
        {
            assert_eq!(named(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_visitor_starts_the_fault_of_the_name() {
        struct Fault;
        impl Visitor for Fault {
            type Output = String;
            fn visit<R: Runner>(self) -> String {
                let _ = R::start(NonZeroUsize::MIN).unwrap();
                format!(
                    "{:?} {}",
                    VISITED.get().map(|(entry, _)| entry.profile.name),
                    R::PROFILE.name
                )
            }
        }
        assert_eq!(visit("canary:lie", Fault).ok().unwrap(), "Some(\"canary:lie\") canary");
        let pretender = visit("canary:pretend", Fault).ok().unwrap();
        assert_eq!(pretender, "Some(\"canary:pretend\") canary:pretend");
        assert!(visit("canary:nothing", Fault).is_err());
        assert!(VISITED.get().is_none(), "nothing stays");
    }
}
