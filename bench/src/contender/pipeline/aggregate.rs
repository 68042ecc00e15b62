//! The third stage: each post once, folded into one signal a subject.

use super::Json;
use super::post::Post;
use serde::{Deserialize, Serialize};
use stage::{AnyStore, Cx, Emit, Expiring, Poison, Stage, Store, Stores};
use topology::Topic;

/// How long an id is remembered, in milliseconds.
const TTL: i64 = 24 * 60 * 60 * 1000;
/// The most ids a signal names.
const EVIDENCE: usize = 5;

/// Drops posts whose id was seen within the time; folds the others.
pub(in crate::contender) struct Aggregate;

/// What is known of a subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::contender) struct Signal {
    subject: String,
    first_seen: i64,
    count: i64,
    max_score: i64,
    last_seen: i64,
    event_time: i64,
    evidence: Vec<String>,
}

impl Signal {
    fn new(post: &Post) -> Self {
        Self {
            subject: post.subject.clone(),
            first_seen: post.time,
            count: 0,
            max_score: 0,
            last_seen: 0,
            event_time: 0,
            evidence: Vec::with_capacity(EVIDENCE),
        }
    }

    fn fold(&mut self, post: Post) {
        self.count += 1;
        self.max_score = self.max_score.max(post.score.unwrap_or_default());
        self.first_seen = self.first_seen.min(post.time);
        self.last_seen = self.last_seen.max(post.time);
        self.event_time = post.time;
        if self.evidence.len() == EVIDENCE {
            self.evidence.remove(0);
        }
        self.evidence.push(post.id);
    }
}

/// The state of one partition.
pub(in crate::contender) struct Known {
    seen: Expiring<String, i64>,
    signals: Store<String, Signal>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            seen: Expiring::new("seen", TTL),
            signals: Store::new("signals"),
        }
    }
}

impl Stores for Known {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.seen);
        visit(&mut self.signals);
    }
}

impl Stage for Aggregate {
    type In = Post;
    type Out = Json;
    type Stores = Known;

    fn apply(&mut self, post: Post, known: &mut Known, _: &Cx<'_>) -> Result<Emit<Json>, Poison> {
        let before = known.seen.get(&post.id);
        if before.is_some_and(|before| post.time - before < TTL) {
            return Ok(Emit::Duplicate);
        }
        known.seen.put(post.id.clone(), post.time);
        let signal = known
            .signals
            .get_or_insert_with(post.subject.clone(), || Signal::new(&post));
        let key = post.subject.clone();
        signal.fold(post);
        Json::of(Topic::Signals, key, signal).map(Emit::One)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contender::pipeline::post::sample;
    use stage::{Driver, Settled};

    #[test]
    fn a_post_counts_once_and_a_signal_names_the_newest() {
        let mut task = Driver::new(Aggregate);
        let cx = Cx::at(Topic::EventsScored, 0);
        let post = |n: usize| Post {
            id: n.to_string(),
            score: Some(10),
            ..sample()
        };
        for n in 0..7 {
            task.apply(post(n), &cx);
        }
        assert!(matches!(task.apply(post(3), &cx), Settled::Duplicate));
        let Settled::Out(outputs) = task.apply(post(7), &cx) else {
            panic!("a new post has no output");
        };
        let signal: Signal = serde_json::from_slice(&outputs[0].value).unwrap();
        assert_eq!((signal.count, signal.max_score), (8, 10));
        assert_eq!(signal.evidence, ["3", "4", "5", "6", "7"]);
    }
}
