//! What the stage writes: signals, and what changed of what belongs together.

use model::{Encoder, Millis, Signal, StoryChange, StoryChangeKind as Kind};
use sameness::{Effect, Match, Tier};
use stage::Output;
use std::borrow::Cow;
use topology::Topic;

/// A record that the stage writes.
#[derive(Debug, Clone, PartialEq)]
pub enum Merged {
    /// A new version of a signal.
    Signal(Box<Signal>),
    /// One change of what belongs together.
    Change(StoryChange),
}

impl Output for Merged {
    const SEVERAL_TOPICS: bool = true;

    fn topic(&self) -> Topic {
        match self {
            Self::Signal(signal) => signal.topic(),
            Self::Change(change) => change.topic(),
        }
    }

    fn key(&self) -> Cow<'_, str> {
        match self {
            Self::Signal(signal) => Output::key(&**signal),
            Self::Change(change) => Output::key(change),
        }
    }

    fn encode(&self, encoder: &Encoder, out: &mut Vec<u8>) {
        match self {
            Self::Signal(signal) => Output::encode(&**signal, encoder, out),
            Self::Change(change) => Output::encode(change, encoder, out),
        }
    }
}

/// An effect as a record of this tenant and time.
pub(crate) fn change(effect: &Effect, tenant: &str, time: Millis) -> StoryChange {
    let (kind, id, why) = match effect {
        Effect::StoryOpened { story } => (Kind::StoryOpened, story, None),
        Effect::Linked { part, why } => (Kind::PartLinked, part, Some(why)),
        Effect::StoriesMerged { from, why } => (Kind::StoriesMerged, from, Some(why)),
        Effect::StoryEnded { story } => (Kind::StoryEnded, story, None),
        Effect::TopicOpened { story } => (Kind::TopicOpened, story, None),
        Effect::Grouped { story, why } => (Kind::StoryGrouped, story, Some(why)),
        Effect::TopicsMerged { from, why } => (Kind::TopicsMerged, from, Some(why)),
        Effect::TopicEnded { topic } => (Kind::TopicEnded, topic, None),
    };
    explained(
        StoryChange {
            tenant: tenant.to_owned(),
            time,
            kind,
            id: id.to_string(),
            ..StoryChange::default()
        },
        why,
    )
}

fn explained(change: StoryChange, why: Option<&Match>) -> StoryChange {
    let Some(why) = why else { return change };
    let tier = match why.tier {
        Tier::Words => "words",
        Tier::WordsAndVectors => "words_and_vectors",
    };
    StoryChange {
        into: Some(why.cluster.to_string()),
        tier: Some(tier.to_owned()),
        similarity: Some(f64::from(why.similarity)),
        shared: why.shared.iter().map(ToString::to_string).collect(),
        ..change
    }
}
