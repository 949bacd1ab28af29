//! How do runtimes whose parts are bound to a thread serve a port whose futures are all `Send`?
//!
//! By a cell that is `Send` and checks, at every use, that it is at home: a use on another thread panics
//! instead of being unsound. The check compares two numbers, one of them in a constant thread-local, which
//! costs about a nanosecond; `std::thread::current().id()` and the `send_wrapper` crate, which asks it, cost
//! 15 to 20, at about twelve checks an echo.
//!
//! It must not know what is inside. Next: `thread_per_core.rs`, for who uses it.

use std::{
    cell::Cell,
    future::Future,
    mem::{ManuallyDrop, needs_drop},
    ops::{Deref, DerefMut},
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    task::{Context, Poll},
    thread,
};

/// A number for this thread that no other thread has or will have, unlike an address.
#[inline]
fn here() -> u64 {
    thread_local!(static NUMBER: Cell<u64> = const { Cell::new(0) });
    NUMBER.with(|number| match number.get() {
        0 => number_thread(number),
        known => known,
    })
}

#[cold]
fn number_thread(number: &Cell<u64>) -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    number.set(NEXT.fetch_add(1, Relaxed));
    number.get()
}

/// A value that may be used, and dropped, only on the thread where it was put in.
#[derive(Debug)]
pub struct ThreadBound<T> {
    home: u64,
    value: ManuallyDrop<T>,
}

#[expect(unsafe_code, reason = "the whole purpose of this type")]
// SAFETY: whoever moves the cell to another thread can move nothing else: each access to the value (deref,
// poll, drop) first checks that it happens on the thread that put it in, and panics otherwise. Numbers of
// threads are never used again, so a new thread cannot pass for a dead one.
unsafe impl<T> Send for ThreadBound<T> {}

#[expect(unsafe_code, reason = "the whole purpose of this type")]
// SAFETY: as for `Send`: a shared reference gives access to the value on its own thread only.
unsafe impl<T> Sync for ThreadBound<T> {}

impl<T> ThreadBound<T> {
    /// Binds a value to the calling thread.
    #[inline]
    pub fn new(value: T) -> Self {
        Self { home: here(), value: ManuallyDrop::new(value) }
    }

    #[inline]
    fn check(&self) {
        if self.home != here() {
            strayed();
        }
    }
}

#[cold]
#[inline(never)]
fn strayed() -> ! {
    panic!("a part that is bound to its thread was used on another one")
}

impl<T> Deref for ThreadBound<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.check();
        &self.value
    }
}

impl<T> DerefMut for ThreadBound<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.check();
        &mut self.value
    }
}

impl<T> Drop for ThreadBound<T> {
    #[inline]
    fn drop(&mut self) {
        if needs_drop::<T>() {
            if self.home != here() {
                // A second panic would end the process before the first is told. The value leaks.
                if !thread::panicking() {
                    strayed();
                }
                return;
            }
            #[expect(unsafe_code, reason = "the value is dropped by hand, after the check")]
            // SAFETY: `drop` runs once and nobody sees the value afterwards.
            unsafe {
                ManuallyDrop::drop(&mut self.value);
            }
        }
    }
}

impl<F: Future> Future for ThreadBound<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.check();
        #[expect(unsafe_code, reason = "a projection of a pin")]
        // SAFETY: the value is pinned when the cell is: nothing moves it out, `drop` drops it in place, and
        // a mutable reference to it (`deref_mut`) needs the cell itself unpinned.
        let value = unsafe { self.map_unchecked_mut(|bound| &mut *bound.value) };
        value.poll(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{panic::catch_unwind, rc::Rc};

    /// A value, and how often it was dropped.
    struct Counted(Rc<Cell<u32>>);

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    #[test]
    fn at_home_it_is_the_value() {
        let drops = Rc::new(Cell::new(0));
        let mut bound = ThreadBound::new(Counted(Rc::clone(&drops)));
        bound.0 = Rc::clone(&drops);
        assert_eq!(bound.0.get(), 0);
        drop(bound);
        assert_eq!(drops.get(), 1, "dropped once");
        assert_eq!(pollster_of(ThreadBound::new(async { 7 })), 7);
    }

    #[test]
    fn elsewhere_every_use_panics() {
        let bound = ThreadBound::new(Rc::new(1));
        let used = thread::spawn(move || {
            let read = catch_unwind(|| **bound).is_err();
            // Dropped here as well, which panics too.
            (read, catch_unwind(std::panic::AssertUnwindSafe(|| drop(bound))).is_err())
        });
        assert_eq!(used.join().unwrap(), (true, true));
        let polled = ThreadBound::new(async {});
        let polled = thread::spawn(move || catch_unwind(|| pollster_of(polled)).is_err());
        assert!(polled.join().unwrap());
    }

    fn pollster_of<F: Future>(future: F) -> F::Output {
        crate::blocking_io::poll_once(future)
    }
}
