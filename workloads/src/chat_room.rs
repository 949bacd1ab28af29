//! What do a chat server, its actors and the peer that plays the members say to one another?
//!
//! An actor tells the peer what its [`Room`] is like, gives [`Order`]s, and gets [`Report`]s. On a member's
//! connection to the server there is first its number, and then nothing but messages ([`write_message`]). It knows
//! no sockets. Next: [`crate::catalog::chat`].

use crate::Digest;

/// What the peer is told first: where the server is, and what a room is like. Four words, little-endian, like
/// everything that goes to the peer and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The server's port, on the loopback address.
    pub port: u64,
    /// Which room it is.
    pub room: u64,
    /// How many members it has.
    pub members: u64,
    /// The length of a message.
    pub bytes: u64,
}

/// Who shall speak, and what: messages with these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The member who speaks; [`Order::END`] when all shall leave.
    pub speaker: u64,
    /// The number of the first message.
    pub first: u64,
    /// How many messages.
    pub messages: u64,
}

/// What the members have got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The sum of [`heard`] over all members, of what they have received since the last report.
    pub digest: u64,
    /// How many bytes all members have received since they came.
    pub bytes: u64,
}

impl Order {
    /// In place of a speaker: nobody speaks any more, and everybody leaves.
    pub const END: u64 = u64::MAX;
}

/// The room for its header: room, speaker and number of a message.
pub const HEADER_BYTES: usize = 24;
/// What a member says first on each connection: its number, and whether it will [`LISTEN`] there.
pub const HELLO_BYTES: usize = 8;
/// Added to a member's number on the connection on which it listens.
pub const LISTEN: u64 = 1 << 32;

/// Makes a message.
pub fn write_message(message: &mut [u8], room: u64, speaker: u64, number: u64) {
    for (at, word) in [room, speaker, number].into_iter().enumerate() {
        message[8 * at..][..8].copy_from_slice(&word.to_le_bytes());
    }
    message[HEADER_BYTES..].fill(number as u8);
}

/// What a member makes of all that it has received.
#[must_use]
pub fn heard(member: u64, received: &[u8]) -> u64 {
    Digest::of_number(Digest::of_bytes(received).0 ^ member).0
}

/// So many words, or none where there are not as many.
pub(crate) fn words<const N: usize>(bytes: &[u8]) -> Option<[u64; N]> {
    let (words, rest) = bytes.as_chunks::<8>();
    let words: &[[u8; 8]; N] = words.try_into().ok()?;
    rest.is_empty().then(|| words.map(u64::from_le_bytes))
}

/// Gives a message to or from the peer its bytes.
macro_rules! wire {
    ($type:ident, $words:literal, $($field:ident),+) => {
        impl $type {
            /// How many bytes it has.
            pub const BYTES: usize = 8 * $words;

            /// As it is sent.
            #[must_use]
            pub fn to_bytes(self) -> [u8; 8 * $words] {
                let mut bytes = [0; 8 * $words];
                let words = [$(self.$field),+];
                for (place, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
                    *place = u64::to_le_bytes(word);
                }
                bytes
            }

            /// As it is received; `None` for any other number of bytes.
            #[must_use]
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                let [$($field),+] = words(bytes)?;
                Some(Self { $($field),+ })
            }
        }
    };
}

wire!(Room, 4, port, room, members, bytes);
wire!(Order, 3, speaker, first, messages);
wire!(Report, 2, digest, bytes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_to_the_peer_arrives() {
        let room = Room { port: 1, room: 2, members: 3, bytes: 4 };
        assert_eq!(Room::from_bytes(&room.to_bytes()), Some(room));
        let order = Order { speaker: Order::END, first: 7, messages: 8 };
        assert_eq!(Order::from_bytes(&order.to_bytes()), Some(order));
        assert_eq!(Report::from_bytes(&order.to_bytes()), None, "it is too long");
        assert_eq!(Report::from_bytes(&[0; 17]), None);
    }
}
