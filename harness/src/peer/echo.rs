//! What does the simplest peer say? What it hears.

use super::{Answer, Conversation};
use std::io;

/// Sends back every byte.
#[derive(Debug)]
pub(super) struct Echo;

impl Conversation for Echo {
    fn hear(&mut self, received: &[u8], answer: &mut Answer) -> io::Result<()> {
        answer.say(received);
        Ok(())
    }
}
