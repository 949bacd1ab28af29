//! How does our buffer become one that completion-based runtimes lend to the kernel?
//!
//! Each of them has traits of its own for that, and gives `Vec` meanings that contradict the others'. Here
//! the window of a [`Buffer`] is what is lent, no more: all of its bytes are initialised, so there is no
//! length to keep. A type of our own, since both traits and buffer come from other crates.

use simul_workloads::Buffer;

/// A buffer on its way through the kernel.
#[derive(Debug)]
pub struct Lent(pub Buffer);

#[cfg(all(feature = "compio", target_os = "linux"))]
mod compio_traits {
    use super::Lent;
    use compio::buf::{IoBuf, IoBufMut, SetLen};
    use std::mem::MaybeUninit;

    impl IoBuf for Lent {
        fn as_init(&self) -> &[u8] {
            self.0.window()
        }
    }

    impl SetLen for Lent {
        #[expect(unsafe_code, reason = "compio's trait demands it")]
        unsafe fn set_len(&mut self, _: usize) {}
    }

    impl IoBufMut for Lent {
        fn as_uninit(&mut self) -> &mut [MaybeUninit<u8>] {
            let window = self.0.window_mut();
            #[expect(unsafe_code, reason = "compio's trait demands a slice of this type")]
            // SAFETY: both types have the same layout, and compio only writes bytes through it, so what
            // was initialised stays so.
            unsafe {
                &mut *(std::ptr::from_mut(window) as *mut [MaybeUninit<u8>])
            }
        }
    }
}

#[cfg(all(feature = "monoio", target_os = "linux"))]
mod monoio_traits {
    use super::Lent;
    use monoio::buf::{IoBuf, IoBufMut};

    #[expect(unsafe_code, reason = "monoio's trait demands it")]
    // SAFETY: the bytes are on the heap and stay where they are when the buffer moves; all are initialised.
    unsafe impl IoBuf for Lent {
        #[inline]
        fn read_ptr(&self) -> *const u8 {
            self.0.window().as_ptr()
        }

        #[inline]
        fn bytes_init(&self) -> usize {
            self.0.window().len()
        }
    }

    #[expect(unsafe_code, reason = "monoio's trait demands it")]
    // SAFETY: as above; and nothing has to be remembered about initialised bytes.
    unsafe impl IoBufMut for Lent {
        #[inline]
        fn write_ptr(&mut self) -> *mut u8 {
            self.0.window_mut().as_mut_ptr()
        }

        #[inline]
        fn bytes_total(&mut self) -> usize {
            self.0.window().len()
        }

        #[inline]
        unsafe fn set_init(&mut self, _: usize) {}
    }
}

#[cfg(all(feature = "tokio-uring", target_os = "linux"))]
mod tokio_uring_traits {
    use super::Lent;
    use tokio_uring::buf::{IoBuf, IoBufMut};

    #[expect(unsafe_code, reason = "tokio-uring's trait demands it")]
    // SAFETY: the bytes are on the heap and stay where they are when the buffer moves; all are initialised.
    unsafe impl IoBuf for Lent {
        fn stable_ptr(&self) -> *const u8 {
            self.0.window().as_ptr()
        }

        fn bytes_init(&self) -> usize {
            self.0.window().len()
        }

        fn bytes_total(&self) -> usize {
            self.0.window().len()
        }
    }

    #[expect(unsafe_code, reason = "tokio-uring's trait demands it")]
    // SAFETY: as above; and nothing has to be remembered about initialised bytes.
    unsafe impl IoBufMut for Lent {
        fn stable_mut_ptr(&mut self) -> *mut u8 {
            self.0.window_mut().as_mut_ptr()
        }

        unsafe fn set_init(&mut self, _: usize) {}
    }
}
