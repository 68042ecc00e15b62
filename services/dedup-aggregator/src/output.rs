//! What the stage writes: signals of events without words, and of texts what they belong to and what is new of it.

use model::{Encoder, Signal, StoryMember, StoryPart};
use stage::Output;
use std::borrow::Cow;
use topology::Topic;

/// A record that the stage writes.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// A new version of a signal whose events have no words.
    Signal(Box<Signal>),
    /// Which part of a story a text belongs to.
    Member(StoryMember),
    /// What a part of a story says since it was last heard of.
    Part(Box<StoryPart>),
}

impl Output for Told {
    const SEVERAL_TOPICS: bool = true;

    fn topic(&self) -> Topic {
        match self {
            Self::Signal(signal) => signal.topic(),
            Self::Member(member) => member.topic(),
            Self::Part(part) => part.topic(),
        }
    }

    fn key(&self) -> Cow<'_, str> {
        match self {
            Self::Signal(signal) => Output::key(&**signal),
            Self::Member(member) => Output::key(member),
            Self::Part(part) => Output::key(&**part),
        }
    }

    fn encode(&self, encoder: &Encoder, out: &mut Vec<u8>) {
        match self {
            Self::Signal(signal) => Output::encode(&**signal, encoder, out),
            Self::Member(member) => Output::encode(member, encoder, out),
            Self::Part(part) => Output::encode(&**part, encoder, out),
        }
    }
}
