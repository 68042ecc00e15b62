//! What the stage remembers of one partition; everything ends by itself, so that state stays bounded.

use crate::Limits;
use crate::placing::Shape;
use model::{Millis, Signal};
use serde::{Deserialize, Serialize};
use stage::{AnyStore, Expiring, Stores};
use std::sync::Arc;

const DAY: Millis = 24 * 60 * 60 * 1000;
/// How long an id is remembered, ms.
pub(crate) const EXACT_WINDOW: Millis = 14 * DAY;
/// Signals of one subject that new events are compared with; beyond it the one that was begun first is forgotten.
const MOST_CLUSTERS: usize = 32;

/// The stores of one task.
#[derive(Debug)]
pub struct DedupStores {
    /// Idempotency keys of events, from the first sight on.
    pub(crate) seen: Expiring<u128, ()>,
    /// Signals that are not over, by signal key.
    pub(crate) signals: Expiring<String, Standing>,
    /// The signals of each subject, by tenant and subject.
    pub(crate) subjects: Expiring<String, Subject>,
}

/// A signal that is not over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// Its last version.
    pub(crate) signal: Signal,
    /// Hashes of its distinct sources, in the order of their first evidence, capped.
    pub(crate) sources: Vec<u64>,
    /// The highest score of its evidence, also of evidence no longer kept.
    pub(crate) best: f64,
    /// Hashes of its independent senders, capped. Signals that were begun before these were counted have none.
    #[serde(default)]
    pub(crate) senders: Vec<u64>,
    /// How many of its events came from senders that showed no key.
    #[serde(default)]
    pub(crate) unnamed: i64,
}

/// The signals of one subject.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Subject {
    pub(crate) clusters: Vec<Cluster>,
    /// Record time of the last write, which keeps the entry alive.
    pub(crate) written: Millis,
}

/// A signal as seen from its subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cluster {
    pub(crate) signal_key: String,
    /// What belongs to it; shared, since a subject is copied for each change.
    pub(crate) shape: Arc<Shape>,
}

impl Default for DedupStores {
    fn default() -> Self {
        Self {
            seen: Expiring::new("seen", EXACT_WINDOW),
            signals: Expiring::new("signals", DAY),
            subjects: Expiring::new("subjects", 2 * DAY),
        }
    }
}

impl Stores for DedupStores {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.seen);
        visit(&mut self.signals);
        visit(&mut self.subjects);
    }
}

impl DedupStores {
    /// How long what is written from now on lives. A subject outlives its signals, so that it is not written for
    /// every event.
    pub(crate) fn set_lives(&mut self, limits: &Limits) {
        self.seen.set_ttl(limits.exact_window);
        self.signals.set_ttl(limits.quiet_after);
        self.subjects.set_ttl(limits.quiet_after.saturating_mul(2));
    }

    /// Adds a signal to its subject. Signals that are over, and the oldest when there are too many, make room.
    pub(crate) fn add_cluster(&mut self, place: String, cluster: Cluster, now: Millis) {
        let mut subject = self.subjects.get(&place).cloned().unwrap_or_default();
        subject
            .clusters
            .retain(|known| self.signals.get(&known.signal_key).is_some());
        if subject.clusters.len() >= MOST_CLUSTERS {
            subject.clusters.remove(0);
        }
        subject.clusters.push(cluster);
        subject.written = now;
        self.subjects.put(place, subject);
    }

    /// Keeps a subject alive while its signals are: written again once half of the least life has passed.
    pub(crate) fn refresh(&mut self, place: &String, now: Millis, quiet_after: Millis) {
        let due = |subject: &&Subject| now.saturating_sub(subject.written) > quiet_after / 2;
        if let Some(mut subject) = self.subjects.get(place).filter(due).cloned() {
            subject.written = now;
            self.subjects.put(place.clone(), subject);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Event, Evidence, Reason, SignalState, Value};
    use stage::golden;

    const NONE: fn() -> DedupStores = DedupStores::default;

    fn signal() -> Signal {
        Signal {
            signal_key: "sig_1".into(),
            tenant: "acme".into(),
            kind: "post".into(),
            subject: "symbol:UNI".into(),
            title: "gm".into(),
            lang: Some("en".into()),
            state: SignalState::Verified,
            score: 3.5,
            level: "low".into(),
            reasons: vec![Reason {
                rule: "g/r".into(),
                points: -2.5,
                text: "because".into(),
            }],
            unknown: vec!["security.honeypot".into()],
            rules_version: "abc".into(),
            evidence: vec![Evidence {
                event_id: "e1".into(),
                source: "s".into(),
                kind: "post".into(),
                time: 5,
                author: Some("alice".into()),
                url: None,
                text: Some("gm".into()),
                score: 1.0,
                principal: Some("shop".into()),
            }],
            evidence_count: 300,
            source_count: 2,
            suppressed: 298,
            first_seen: 1,
            last_seen: 9,
            version: 300,
            facts: [
                ("symbol".to_owned(), Value::from("UNI")),
                ("price".to_owned(), Value::Double(0.5)),
            ]
            .into(),
            independent_count: 2,
        }
    }

    #[test]
    fn ids_that_were_seen_are_written_as_they_always_were() {
        let mut seen = NONE().seen;
        seen.advance(1_700_000_000_000);
        seen.insert(7);
        let versions = [include_str!("../tests/golden/seen.v1.hex")];
        assert_eq!(golden(seen, || NONE().seen, &versions), Ok(()));
    }

    #[test]
    fn signals_are_written_as_they_always_were() {
        let mut signals = NONE().signals;
        let standing = Standing {
            signal: signal(),
            sources: vec![3, u64::MAX],
            best: 4.5,
            senders: vec![9],
            unnamed: 2,
        };
        signals.put("sig_1".into(), standing);
        let versions = [include_str!("../tests/golden/signals.v1.hex")];
        assert_eq!(golden(signals, || NONE().signals, &versions), Ok(()));
    }

    #[test]
    fn subjects_are_written_as_they_always_were() {
        let mut subjects = NONE().subjects;
        let cluster = |text: Option<&str>| Cluster {
            signal_key: "sig_1".into(),
            shape: Arc::new(Shape::of(&Event {
                kind: "transfer".into(),
                text: text.map(Into::into),
                ..Event::default()
            })),
        };
        let subject = Subject {
            clusters: vec![cluster(Some("gm from the hot wallet")), cluster(None)],
            written: 5,
        };
        subjects.put("acme\u{1f}symbol:UNI".into(), subject);
        let versions = [include_str!("../tests/golden/subjects.v1.hex")];
        assert_eq!(golden(subjects, || NONE().subjects, &versions), Ok(()));
    }
}
