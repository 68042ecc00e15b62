//! Which dead letters are put back, and why the others are not. No Kafka, no clock, no I/O.

use super::letter::Letter;
use super::past::{Origin, Past};
use std::collections::HashSet;
use topology::{Prefix, Topic};

/// Why a dead letter is not put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Skip {
    /// Its record was, now or before, perhaps for another stage that gave it up too.
    AlreadyReplayed,
    /// Its record has failed so often that trying again is no use.
    TriedTooOften,
    /// It does not hold the record, which was too large for it.
    WithoutBytes,
    /// Its record came from no topic of this stream.
    UnknownTopic,
    /// Its topic keeps the newest record of a key, and there is a newer one.
    Superseded,
}

impl Skip {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyReplayed => "already_replayed",
            Self::TriedTooOften => "tried_too_often",
            Self::WithoutBytes => "without_bytes",
            Self::UnknownTopic => "unknown_topic",
            Self::Superseded => "superseded",
        }
    }
}

/// Decides about one dead letter after the other.
pub(super) struct Plan<'a> {
    past: &'a Past,
    taken: HashSet<Origin>,
    prefix: Prefix,
    max_attempts: i32,
}

impl<'a> Plan<'a> {
    pub(super) fn new(past: &'a Past, prefix: Prefix, max_attempts: i32) -> Self {
        Self {
            past,
            taken: HashSet::new(),
            prefix,
            max_attempts,
        }
    }

    /// The topic that the letter's record goes back to. A record that several stages gave up goes back once: all of
    /// them read it again.
    pub(super) fn take(&mut self, letter: &Letter) -> Result<Topic, Skip> {
        let content = &letter.content;
        let topic = self.prefix.strip(&content.topic).and_then(Topic::from_name);
        let topic = topic.ok_or(Skip::UnknownTopic)?;
        if content.payload.is_none() {
            return Err(Skip::WithoutBytes);
        }
        if content.attempts >= self.max_attempts {
            return Err(Skip::TriedTooOften);
        }
        let origin = letter.origin();
        if self.past.replay_of(&origin).is_some() || !self.taken.insert(origin) {
            return Err(Skip::AlreadyReplayed);
        }
        Ok(topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{DeadLetter, Replay, ReplayedLetter};
    use proptest::prelude::*;

    fn letter(offset: i64, attempts: i32) -> Letter {
        Letter {
            id: "0:0".parse().unwrap(),
            died: 0,
            content: DeadLetter {
                topic: "p.events.normalized".to_owned(),
                offset,
                attempts,
                payload: Some(vec![1]),
                ..DeadLetter::default()
            },
        }
    }

    fn note(taken: &[Letter]) -> Replay {
        let letters = taken.iter().map(|letter| ReplayedLetter {
            origin_topic: letter.content.topic.clone(),
            origin_offset: letter.content.offset,
            ..ReplayedLetter::default()
        });
        Replay {
            letters: letters.collect(),
            ..Replay::default()
        }
    }

    #[test]
    fn each_reason_to_skip_is_told() {
        let past = Past::default();
        let mut plan = Plan::new(&past, Prefix::new("p."), 3);
        assert_eq!(plan.take(&letter(1, 2)), Ok(Topic::EventsNormalized));
        assert_eq!(plan.take(&letter(1, 2)), Err(Skip::AlreadyReplayed));
        assert_eq!(plan.take(&letter(2, 3)), Err(Skip::TriedTooOften));
        let mut empty = letter(3, 1);
        empty.content.payload = None;
        assert_eq!(plan.take(&empty), Err(Skip::WithoutBytes));
        let mut foreign = letter(4, 1);
        foreign.content.topic = "q.events.normalized".to_owned();
        assert_eq!(plan.take(&foreign), Err(Skip::UnknownTopic));
    }

    proptest! {
        /// Killed after any number of transactions and begun again, as often as it takes, it puts each record back once.
        #[test]
        fn a_replay_that_is_killed_and_begun_again_replays_nothing_twice(
            offsets in prop::collection::vec(0i64..20, 0..40),
            kills in prop::collection::vec(0usize..10, 0..6),
            batch in 1usize..5,
        ) {
            let letters: Vec<Letter> = offsets.iter().map(|offset| letter(*offset, 1)).collect();
            let (mut past, mut written) = (Past::default(), Vec::new());
            for transactions in kills.into_iter().chain([usize::MAX]) {
                let taken: Vec<Letter> = {
                    let mut plan = Plan::new(&past, Prefix::new("p."), 9);
                    letters.iter().filter(|letter| plan.take(letter).is_ok()).cloned().collect()
                };
                for batch in taken.chunks(batch).take(transactions) {
                    past.add(note(batch), 0);
                    written.extend(batch.iter().map(|letter| letter.content.offset));
                }
            }
            let distinct: std::collections::BTreeSet<i64> = offsets.into_iter().collect();
            written.sort_unstable();
            prop_assert_eq!(written, distinct.into_iter().collect::<Vec<_>>());
        }
    }
}
