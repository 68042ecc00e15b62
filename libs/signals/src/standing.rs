//! What the evidence of a signal adds up to: one event more, or what another partition counted. No I/O.
//!
//! The score is that of the best evidence, and level, reasons and title go with it: repetition confirms a signal
//! (its state, its counts) but does not make the thing itself worse.

use crate::{Heat, Policy, Told, evidence, facts, independence, is_named, title};
use model::{Event, ScoredEvent, Signal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// Distinct sources that are told apart; the count stays there.
const MOST_SOURCES: usize = 256;
/// Subjects of one signal that are kept, and languages that are counted.
const MOST_SUBJECTS: usize = 16;
const MOST_LANGS: usize = 16;

/// A signal as it stands. This is the value that a store keeps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Its last version, with what was counted since.
    pub signal: Signal,
    /// Hashes of its distinct sources, in the order of their first evidence, capped.
    pub sources: Vec<u64>,
    /// The highest score of its evidence, also of evidence no longer kept.
    pub best: f64,
    /// Hashes of its independent senders, capped. Signals that were begun before these were counted have none.
    #[serde(default)]
    pub senders: Vec<u64>,
    /// How many of its events came from senders that showed no key.
    #[serde(default)]
    pub unnamed: i64,
    /// What was told last; `None` for one that nobody was told of, or that began before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
    /// Its events by minute, of its last hour.
    #[serde(default, skip_serializing_if = "Heat::is_empty")]
    pub heat: Heat,
}

impl Standing {
    /// Whether nothing was counted yet.
    pub fn is_empty(&self) -> bool {
        self.signal.evidence_count == 0
    }

    /// Adds an event; `copy` says that it only repeats what is known.
    pub fn add(&mut self, scored: ScoredEvent, copy: bool, policy: &Policy) {
        if self.is_empty() {
            self.begin(&scored.event);
        }
        let event = &scored.event;
        see(&mut self.sources, xxh3_64(event.source.as_bytes()));
        see(&mut self.senders, independence::sender(event));
        self.unnamed += i64::from(event.principal.is_none());
        let signal = &mut self.signal;
        signal.evidence_count += 1;
        signal.suppressed += i64::from(copy);
        signal.first_seen = signal.first_seen.min(event.time);
        signal.last_seen = signal.last_seen.max(event.time);
        see_subject(&mut signal.subjects, &event.subject);
        if let Some(lang) = &event.lang {
            count_lang(&mut signal.langs, lang, 1);
        }
        self.heat.count(event.time);
        facts::merge(&mut signal.facts, event);
        evidence::push(&mut signal.evidence, event, scored.score, policy.most_evidence);
        self.count();
        // Not a number is never better, so that it cannot stay the best for ever.
        if scored.score > self.best || self.best == f64::NEG_INFINITY {
            self.best = if scored.score.is_nan() {
                f64::MIN
            } else {
                scored.score
            };
            lead(&mut self.signal, scored);
        }
    }

    fn begin(&mut self, event: &Event) {
        self.best = f64::NEG_INFINITY;
        let signal = &mut self.signal;
        signal.tenant.clone_from(&event.tenant);
        signal.kind.clone_from(&event.kind);
        signal.subject.clone_from(&event.subject);
        (signal.first_seen, signal.last_seen) = (event.time, event.time);
    }

    /// Adds what was counted elsewhere. Which of two equals leads does not depend on their order in time.
    pub fn fold(&mut self, other: Self, policy: &Policy) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            let (key, version) = (std::mem::take(&mut self.signal.signal_key), self.signal.version);
            let told = self.told.take();
            *self = other;
            (self.signal.signal_key, self.signal.version, self.told) = (key, version, told);
            return self.count();
        }
        for source in &other.sources {
            see(&mut self.sources, *source);
        }
        for sender in &other.senders {
            see(&mut self.senders, *sender);
        }
        self.unnamed += other.unnamed;
        let (signal, more) = (&mut self.signal, other.signal);
        signal.evidence_count += more.evidence_count;
        signal.suppressed += more.suppressed;
        let mut newer = more.facts;
        if more.last_seen < signal.last_seen {
            std::mem::swap(&mut signal.facts, &mut newer);
        }
        facts::extend(&mut signal.facts, newer);
        signal.first_seen = signal.first_seen.min(more.first_seen);
        signal.last_seen = signal.last_seen.max(more.last_seen);
        for subject in &more.subjects {
            see_subject(&mut signal.subjects, subject);
        }
        for (lang, events) in &more.langs {
            count_lang(&mut signal.langs, lang, *events);
        }
        self.heat.fold(&other.heat);
        evidence::fold(&mut signal.evidence, &more.evidence, policy.most_evidence);
        if other.best > self.best {
            self.best = other.best;
            signal.title = more.title;
            signal.lang = more.lang;
            signal.score = more.score;
            signal.level = more.level;
            signal.reasons = more.reasons;
            signal.unknown = more.unknown;
            signal.rules_version = more.rules_version;
        }
        self.count();
    }

    /// However much one key sends, it is one sender.
    fn count(&mut self) {
        self.signal.source_count = count(&self.sources);
        self.signal.independent_count = count(&self.senders);
    }
}

fn see_subject(known: &mut Vec<String>, new: &str) {
    if is_named(new) && known.len() < MOST_SUBJECTS && !known.iter().any(|known| known == new) {
        known.push(new.to_owned());
    }
}

fn count_lang(langs: &mut BTreeMap<String, i64>, lang: &str, events: i64) {
    if let Some(known) = langs.get_mut(lang) {
        *known = known.saturating_add(events);
    } else if langs.len() < MOST_LANGS {
        langs.insert(lang.to_owned(), events);
    }
}

fn see(known: &mut Vec<u64>, new: u64) {
    if known.len() < MOST_SOURCES && !known.contains(&new) {
        known.push(new);
    }
}

fn count(known: &[u64]) -> i64 {
    i64::try_from(known.len()).unwrap_or(i64::MAX)
}

/// The best evidence gives the signal its score, level, reasons and title.
fn lead(signal: &mut Signal, scored: ScoredEvent) {
    signal.title = title::of_event(&scored.event);
    signal.lang = scored.event.lang;
    signal.score = scored.score;
    signal.level = scored.level;
    signal.reasons = scored.reasons;
    signal.unknown = scored.unknown;
    signal.rules_version = scored.rules_version;
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use model::SignalState;
    use proptest::prelude::*;
    use rules::{LifeRules, LifeText};
    use std::sync::Arc;

    const LIFE: [LifeText<'static>; 2] = [
        LifeText {
            from: &[SignalState::Candidate],
            to: SignalState::Verified,
            when: "independent_count >= verified_sources",
            reason: "{{ independent_count }} senders",
        },
        LifeText {
            from: &[SignalState::Candidate, SignalState::Verified],
            to: SignalState::Closed,
            when: "data.status == 'resolved'",
            reason: "it is resolved",
        },
    ];

    pub(crate) fn policy() -> Policy {
        Policy {
            min_score: 10.0,
            min_score_of: [("login".to_owned(), 30.0)].into(),
            weak_senders: 3,
            verified_evidence: 3,
            verified_senders: 2,
            life: Arc::new(LifeRules::read(&LIFE).unwrap()),
            most_evidence: 8,
            repeat_after: 600_000,
        }
    }

    pub(crate) fn scored(id: &str, source: &str, score: f64) -> ScoredEvent {
        ScoredEvent {
            event: Event {
                id: id.to_owned(),
                source: source.to_owned(),
                kind: "post".to_owned(),
                text: Some(format!("text {id}")),
                time: id.len().try_into().unwrap_or_default(),
                ..Event::default()
            },
            score,
            matched: 1,
            ..ScoredEvent::default()
        }
    }

    fn standing(events: &[(u8, u8, u8)]) -> Standing {
        let mut standing = Standing::default();
        for (id, source, score) in events {
            let event = scored(&id.to_string(), &format!("s{source}"), f64::from(*score));
            standing.add(event, false, &policy());
        }
        standing
    }

    #[test]
    fn a_type_may_have_a_floor_of_its_own() {
        let mut standing = Standing::default();
        let mut login = scored("1", "a", 20.0);
        login.event.kind = "login".to_owned();
        standing.add(login, false, &policy());
        assert!(!standing.is_worth_telling(&policy()));
    }

    #[test]
    fn the_best_leads() {
        let standing = standing(&[(1, 1, 5), (2, 1, 9), (3, 1, 9), (4, 1, 7)]);
        assert_eq!((standing.signal.title.as_str(), standing.best), ("text 2", 9.0));
    }

    #[test]
    fn a_score_that_is_no_number_leads_nothing_for_long() {
        let (policy, mut standing) = (policy(), Standing::default());
        standing.add(scored("1", "a", f64::NAN), false, &policy);
        standing.add(scored("2", "a", -5.0), false, &policy);
        assert_eq!(standing.signal.title, "text 2");
    }

    proptest! {
        /// Counted in parts or at once, in any cut: the numbers are the same.
        #[test]
        fn parts_add_up(events in prop::collection::vec((any::<u8>(), 0..4_u8, 0..30_u8), 1..40), cut in 0..40_usize) {
            let cut = cut.min(events.len());
            let (mut sum, whole) = (standing(&events[..cut]), standing(&events));
            sum.fold(standing(&events[cut..]), &policy());
            let numbers = |standing: &Standing| {
                let signal = &standing.signal;
                (signal.evidence_count, signal.source_count, signal.independent_count, signal.langs.clone(), standing.unnamed,
                    signal.first_seen, signal.last_seen, standing.best.to_bits(), signal.title.clone())
            };
            prop_assert_eq!(numbers(&sum), numbers(&whole));
            prop_assert!(sum.signal.evidence.len() <= policy().most_evidence);
        }
    }
}
