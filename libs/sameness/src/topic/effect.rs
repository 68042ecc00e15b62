//! What the second phase did: records that flow on and are kept as history.

use crate::cluster::{ClusterId, Match};

/// One change of what belongs together.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A partition's story is the first of a story that has its id.
    StoryOpened {
        /// The story.
        story: ClusterId,
    },
    /// A partition's story is part of the story `why.cluster`.
    Linked {
        /// The partition's story.
        part: ClusterId,
        /// The story, and why.
        why: Match,
    },
    /// A story is of the topic `why.cluster`.
    Grouped {
        /// The story.
        story: ClusterId,
        /// The topic, and why.
        why: Match,
    },
    /// A story is the first of a topic that has its id.
    TopicOpened {
        /// The story, and the topic.
        story: ClusterId,
    },
    /// A story went into the story `why.cluster`.
    StoriesMerged {
        /// The story that is no more.
        from: ClusterId,
        /// The story that took it in, and why.
        why: Match,
    },
    /// A topic went into the topic `why.cluster`.
    TopicsMerged {
        /// The topic that is no more.
        from: ClusterId,
        /// The topic that took it in, and why; where two stories became one, why they did.
        why: Match,
    },
    /// A story was silent for too long, or too many were open.
    StoryEnded {
        /// The story.
        story: ClusterId,
    },
    /// A topic was silent for too long, or too many were open.
    TopicEnded {
        /// The topic.
        topic: ClusterId,
    },
}
