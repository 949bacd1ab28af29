//! What has a peer still to send on one connection?

use std::{
    io::{self, ErrorKind, Write},
    rc::Rc,
};

/// Bytes that wait to be sent, in the order in which they were said.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Sent first; its room is kept.
    copied: Vec<u8>,
    /// Sent after that, and not copied: answers that are long, and the same for many.
    shared: Option<Rc<[u8]>>,
    /// How much of both has gone.
    sent: usize,
}

impl Answer {
    /// Appends bytes.
    pub(super) fn say(&mut self, bytes: &[u8]) {
        self.unshare();
        self.copied.extend_from_slice(bytes);
    }

    /// Appends bytes without copying them, as far as they are the last.
    pub(super) fn share(&mut self, bytes: Rc<[u8]>) {
        self.unshare();
        self.shared = Some(bytes);
    }

    fn unshare(&mut self) {
        if let Some(before) = self.shared.take() {
            self.copied.extend_from_slice(&before);
        }
    }

    /// Sends what the socket takes; whether that was all.
    pub(super) fn send(&mut self, socket: &mut impl Write) -> io::Result<bool> {
        loop {
            let rest = match (self.copied.get(self.sent..), &self.shared) {
                (Some(rest @ [_, ..]), _) => rest,
                (_, Some(shared)) => &shared[self.sent - self.copied.len()..],
                (_, None) => &[],
            };
            if rest.is_empty() {
                self.copied.clear();
                self.shared = None;
                self.sent = 0;
                return Ok(true);
            }
            match socket.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(bytes) => self.sent += bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes three bytes, then none, in turn.
    #[derive(Default)]
    struct Slow {
        taken: Vec<u8>,
        full: bool,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.full = !self.full;
            if !self.full {
                return Err(ErrorKind::WouldBlock.into());
            }
            let bytes = &bytes[..bytes.len().min(3)];
            self.taken.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn all_is_sent_once_and_in_order() {
        let mut slow = Slow::default();
        let mut answer = Answer::default();
        for _ in 0..2 {
            answer.say(b"copied ");
            answer.share(Rc::from(*b"shared "));
            answer.share(Rc::from(*b"again "));
            answer.say(b"and ");
            answer.share(Rc::from(*b"last."));
            while !answer.send(&mut slow).unwrap() {}
        }
        let said = "copied shared again and last.";
        assert_eq!(String::from_utf8(slow.taken).unwrap(), format!("{said}{said}"));
    }
}
