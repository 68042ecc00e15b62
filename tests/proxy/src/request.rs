//! The head of a Kafka request. No sockets, no tasks, no clock: bytes in, frames out.

use std::fmt;

/// Which request it is; the numbers are those of the Kafka protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKey(pub i16);

impl ApiKey {
    /// Writes records.
    pub const PRODUCE: Self = Self(0);
    /// Reads records.
    pub const FETCH: Self = Self(1);
    /// Tells a group how far it has come.
    pub const OFFSET_COMMIT: Self = Self(8);
    /// Makes a client a member of a group, or a member part of a rebalance.
    pub const JOIN_GROUP: Self = Self(11);
    /// Keeps a member in its group.
    pub const HEARTBEAT: Self = Self(12);
    /// Gives a producer its id and epoch.
    pub const INIT_PRODUCER_ID: Self = Self(22);
    /// Commits or aborts a transaction.
    pub const END_TXN: Self = Self(26);
    /// Writes offsets in a transaction.
    pub const TXN_OFFSET_COMMIT: Self = Self(28);
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "api key {}", self.0)
    }
}

/// The head of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Which request it is.
    pub api_key: ApiKey,
    /// The version of its form.
    pub version: i16,
    /// Comes back in the answer; counts up on each connection.
    pub correlation_id: i32,
}

/// Bytes before the body of a frame: its length.
const LENGTH: usize = 4;

/// Cuts a stream of bytes into frames: a length of four bytes, then as many bytes.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
}

impl Frames {
    /// More bytes of the stream.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame with its length, once it is there.
    pub(crate) fn next(&mut self) -> Option<Vec<u8>> {
        let length = self.bytes.first_chunk::<LENGTH>()?;
        let body = usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0);
        if self.bytes.len() < LENGTH + body {
            return None;
        }
        let rest = self.bytes.split_off(LENGTH + body);
        Some(std::mem::replace(&mut self.bytes, rest))
    }
}

/// Reads the head of a frame; `None` for one that is too short to be a request.
pub(crate) fn head(frame: &[u8]) -> Option<Request> {
    let head = frame.get(LENGTH..)?;
    Some(Request {
        api_key: ApiKey(i16::from_be_bytes(*head.first_chunk()?)),
        version: i16::from_be_bytes(*head.get(2..)?.first_chunk()?),
        correlation_id: i32::from_be_bytes(*head.get(4..)?.first_chunk()?),
    })
}

/// Which request an answer is for.
pub(crate) fn answered_id(frame: &[u8]) -> Option<i32> {
    let id = frame.get(LENGTH..)?.first_chunk::<4>()?;
    Some(i32::from_be_bytes(*id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(body: &[u8]) -> Vec<u8> {
        let mut frame = i32::try_from(body.len()).unwrap_or(0).to_be_bytes().to_vec();
        frame.extend_from_slice(body);
        frame
    }

    #[test]
    fn an_end_txn_is_recognised() {
        let head = head(&frame(&[0, 26, 0, 3, 0, 0, 1, 2, 0xff])).unwrap();
        assert_eq!(
            head,
            Request {
                api_key: ApiKey::END_TXN,
                version: 3,
                correlation_id: 258
            }
        );
    }

    proptest! {
        #[test]
        fn however_the_stream_arrives_the_same_frames_come_out(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8), piece in 1usize..64,
        ) {
            let sent: Vec<Vec<u8>> = bodies.iter().map(|body| frame(body)).collect();
            let mut frames = Frames::default();
            let mut got = Vec::new();
            for piece in sent.concat().chunks(piece) {
                frames.push(piece);
                got.extend(std::iter::from_fn(|| frames.next()));
            }
            prop_assert_eq!(got, sent);
        }

        #[test]
        fn nothing_that_arrives_makes_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = head(&bytes);
            let mut frames = Frames::default();
            frames.push(&bytes);
            while let Some(frame) = frames.next() {
                prop_assert!(frame.len() >= LENGTH);
            }
        }
    }
}
