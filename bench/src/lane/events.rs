//! The events that lanes are measured with: 500 bytes of Avro each, about one of 5,000 subjects.

use crate::contender::IDS;
use crate::driver::Record;
use crate::random::SplittableRandom;
use anyhow::Result;
use model::{Encoder, Event};

/// Subjects of the events.
const SUBJECTS: u32 = 5_000;
/// Bytes of an event's value.
const SIZE: usize = 500;
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const WORDS: [&str; 12] = [
    "whales ",
    "keep ",
    "buying ",
    "the ",
    "dip ",
    "listing ",
    "soon ",
    "on ",
    "major ",
    "exchange ",
    "airdrop ",
    "today ",
];

/// Makes events; the same number gives the same bytes.
pub(super) struct Events(Encoder);

impl Events {
    pub(super) fn new() -> Self {
        Self(Encoder::new(IDS))
    }

    /// Event number `n`, of [`SIZE`] bytes.
    pub(super) fn make(&self, n: u64) -> Record {
        let mut random = SplittableRandom::new(n);
        let subject = subject(random.below(SUBJECTS));
        let mut event = Event {
            id: format!("{n:016}"),
            source: "social".to_owned(),
            kind: "social.post".to_owned(),
            author: Some("one".to_owned()),
            subject: subject.clone(),
            ..Event::default()
        };
        let mut value = Vec::with_capacity(SIZE);
        self.0.encode(&event, &mut value);
        event.text = Some(text(&mut random, SIZE.saturating_sub(value.len() + 2)));
        value.clear();
        self.0.encode(&event, &mut value);
        Record {
            key: subject.into_bytes(),
            value,
            traceparent: Some(TRACE),
            time: None,
        }
    }

    /// The first so many.
    pub(super) fn first(self, events: u64) -> impl Iterator<Item = Result<Record>> {
        (0..events).map(move |n| Ok(self.make(n)))
    }
}

fn subject(number: u32) -> String {
    format!(
        "token:eth:0x{:040x}",
        u64::from(number).wrapping_mul(2_654_435_761)
    )
}

fn text(random: &mut SplittableRandom, length: usize) -> String {
    let mut text = String::with_capacity(length + 16);
    while text.len() < length {
        text.push_str(WORDS[random.below(12) as usize]);
    }
    text.truncate(length);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_size_that_is_promised() {
        let events = Events::new();
        for n in [0, 1, 399_999] {
            assert_eq!(events.make(n).value.len(), SIZE);
        }
    }
}
