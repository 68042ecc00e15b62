//! What the stage remembers of one partition; everything ends by itself, so that state stays bounded.

use crate::index::Indexes;
use crate::{LATENESS, Limits};
use model::Millis;
use sameness::near::NearText;
use sameness::{Cluster, ClusterId, ClusterStore, Counted, StoryLimits, SubjectId};
use serde::{Deserialize, Serialize};
use signals::{EACH, Standing};
use stage::{AnyStore, Expiring, Format, Lateness, Store, Stores, Timers, Tracked};

const DAY: Millis = 24 * 60 * 60 * 1000;
/// How long an id is remembered, ms.
const EXACT_WINDOW: Millis = 14 * DAY;
/// Timers of event time end signals; a signal whose stream's event time stands still is forgotten after so much longer, as
/// are the records of the topic that it was made of.
const GRACE: Millis = 7 * DAY;
/// Different texts of a part that later ones are compared with: the first and the newest.
const MOST_TEXTS: usize = 4;

/// The stores of one task.
#[derive(Debug)]
pub struct DedupStores {
    /// Idempotency keys of events, from the first sight on.
    pub(crate) seen: Expiring<u128, ()>,
    /// Signals of events without words that are not over, by tenant, subject and type.
    pub(crate) signals: Expiring<String, Standing>,
    /// Parts of stories that are open, by id.
    pub(crate) parts: Tracked<Store<u128, Part>>,
    /// How often words came: of the day that runs by tenant, day and word, of a day that is over by tenant and day.
    pub(crate) words: Tracked<Store<String, Words>>,
    /// When a signal, or all parts of a tenant, end if nothing is heard of them before.
    pub(crate) timers: Timers,
    /// What finds parts, made of them and of the words.
    pub(crate) indexes: Indexes,
}

/// Counts of words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Words {
    pub(crate) tenant: String,
    pub(crate) day: i32,
    pub(crate) counted: Vec<Counted>,
}

/// A partition's part of a story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) tenant: String,
    pub(crate) cluster: Cluster,
    /// Texts that copies are found by, the oldest first.
    pub(crate) texts: Vec<Text>,
    /// Evidence that nobody was told of yet.
    pub(crate) fresh: Standing,
    /// Evidence that was told of, and the best of its scores.
    pub(crate) told: i64,
    pub(crate) best_told: f64,
}

/// A text of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Text {
    /// Where its record stood: later texts are asked first.
    pub(crate) offset: i64,
    pub(crate) text: NearText,
}

impl Part {
    fn new(tenant: &str, cluster: Cluster) -> Self {
        Self {
            tenant: tenant.to_owned(),
            cluster,
            texts: Vec::new(),
            fresh: Standing::default(),
            told: 0,
            best_told: f64::NEG_INFINITY,
        }
    }

    /// Whether a text of this tenant may belong to it; one that names its subject only if the part has that name.
    pub(crate) fn is_of(&self, tenant: &str, subject: Option<SubjectId>) -> bool {
        self.tenant == tenant && (subject.is_none() || self.cluster.sums.subject == subject)
    }

    /// Keeps a text that is new; gives the one that made room for it.
    pub(crate) fn keep(&mut self, text: Text) -> Option<Text> {
        self.texts.push(text);
        (self.texts.len() > MOST_TEXTS).then(|| self.texts.remove(1))
    }

    /// Whether evidence is told of before its time: each event of a few, and one that scores higher than all before it.
    pub(crate) fn is_urgent(&self) -> bool {
        let few = self.told + self.fresh.signal.evidence_count <= EACH;
        !self.fresh.is_empty() && (few || self.fresh.best > self.best_told)
    }

    /// The evidence that nobody was told of, which is told now.
    pub(crate) fn take_fresh(&mut self) -> Standing {
        let fresh = std::mem::take(&mut self.fresh);
        if !fresh.is_empty() {
            self.told += fresh.signal.evidence_count;
            self.best_told = self.best_told.max(fresh.best);
        }
        fresh
    }
}

impl Default for DedupStores {
    fn default() -> Self {
        Self {
            seen: Expiring::new("seen", EXACT_WINDOW),
            // The first version had a text for each signal as well; a signal of such a time is over soon. The third knows
            // subjects, languages, events by minute and changes.
            signals: Expiring::new("signals", DAY).with_format(Format::version(3)),
            parts: Tracked::new(Store::new("parts").with_format(Format::version(2))),
            words: Tracked::new(Store::new("words")),
            timers: Timers::new("timers", LATENESS),
            indexes: Indexes::default(),
        }
    }
}

impl Stores for DedupStores {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.seen);
        visit(&mut self.signals);
        visit(&mut self.parts);
        visit(&mut self.words);
        visit(&mut self.timers);
    }

    fn timers(&mut self) -> Option<&mut Timers> {
        Some(&mut self.timers)
    }
}

impl DedupStores {
    /// Makes the indexes anew where the stores changed unseen.
    pub(crate) fn index_anew(&mut self, limits: StoryLimits) {
        let (parts, words) = (self.parts.changed_unseen(), self.words.changed_unseen());
        if parts || words {
            self.indexes = Indexes::of(&self.parts, &self.words, limits);
        }
    }

    /// How long what is written from now on lives, and how far event time is believed.
    pub(crate) fn set_lives(&mut self, limits: &Limits) {
        self.seen.set_ttl(limits.exact_window);
        self.signals.set_ttl(limits.quiet_after.saturating_add(GRACE));
        self.timers.set_lateness(Lateness {
            ahead: limits.max_ahead,
            ..LATENESS
        });
    }
}

/// The parts of one tenant.
pub(crate) struct PartsOf<'s> {
    pub(crate) tenant: &'s str,
    pub(crate) parts: &'s mut Store<u128, Part>,
    /// Parts that ended.
    pub(crate) ended: Vec<(ClusterId, Part)>,
}

impl<'s> PartsOf<'s> {
    pub(crate) fn new(tenant: &'s str, parts: &'s mut Store<u128, Part>) -> Self {
        Self {
            tenant,
            parts,
            ended: Vec::new(),
        }
    }

    pub(crate) fn part(&mut self, id: ClusterId) -> Option<&mut Part> {
        self.parts
            .get_mut(&id.0)
            .filter(|part| part.tenant == self.tenant)
    }
}

impl ClusterStore for PartsOf<'_> {
    fn get(&self, id: ClusterId) -> Option<&Cluster> {
        let part = self.parts.get(&id.0).filter(|part| part.tenant == self.tenant);
        part.map(|part| &part.cluster)
    }

    fn put(&mut self, id: ClusterId, cluster: Cluster) {
        match self.parts.get_mut(&id.0) {
            Some(part) if part.tenant == self.tenant => part.cluster = cluster,
            _ => self.parts.put(id.0, Part::new(self.tenant, cluster)),
        }
    }

    fn remove(&mut self, id: ClusterId) {
        self.ended.extend(self.parts.take(&id.0).map(|part| (id, part)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Evidence, MinuteCount, Reason, Signal, SignalChange, SignalState, Value};
    use sameness::{SumTerm, Sums, Term, VectorSum, Weight};
    use serde::de::value::{Error, SeqDeserializer};
    use signals::{Heat, Told};
    use stage::golden;

    const NONE: fn() -> DedupStores = DedupStores::default;

    fn standing() -> Standing {
        Standing {
            signal: signal(),
            sources: vec![1, u64::MAX],
            best: 3.5,
            senders: vec![7],
            unnamed: 1,
            told: Some(Told {
                evidence: 16,
                state: SignalState::Verified,
                headline: 9,
                at: 1_700_000_000_000,
            }),
            heat: Heat::of(&[MinuteCount {
                minute: 28_333_333,
                events: 2,
            }]),
        }
    }

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
                lang: Some("en".into()),
            }],
            evidence_count: 300,
            source_count: 2,
            suppressed: 298,
            first_seen: 1,
            last_seen: 9,
            version: 3,
            facts: [("price".to_owned(), Value::Double(0.5))].into(),
            independent_count: 2,
            story_key: Some("story_1".into()),
            topic_key: Some("topic_1".into()),
            merged_into: None,
            subjects: vec!["symbol:UNI".into()],
            langs: [("en".to_owned(), 300)].into(),
            heat_10m: 2,
            heat_30m: 3,
            slope_10m: 0.5,
            slope_30m: -0.5,
            changes: vec![SignalChange {
                time: 9,
                state: SignalState::Verified,
                reason: "2 independent senders".into(),
            }],
        }
    }

    fn part() -> Part {
        let numbers = SeqDeserializer::<_, Error>::new(-64_i16..64);
        let sums = Sums {
            texts: 2,
            terms: vec![SumTerm {
                term: Term::of("whale"),
                mass: 27,
                weight: Weight::of(4.5),
                key: true,
            }],
            vector: Some(VectorSum::deserialize(numbers).unwrap()),
            subject: Some(SubjectId::of("symbol:UNI")),
        };
        let mut cluster = Cluster::new(sums.clone(), 1, 9);
        cluster.fresh = Some(Box::new(sums));
        let mut part = Part::new("acme", cluster);
        part.keep(Text {
            offset: 5,
            text: NearText::of("Whale sells 5M UNI"),
        });
        part.fresh = standing();
        part.told = 16;
        part.best_told = 2.5;
        part
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
        signals.advance(1_700_000_000_000);
        signals.put("sig_1".into(), standing());
        let versions = [
            include_str!("../tests/golden/signals.v1.hex"),
            include_str!("../tests/golden/signals.v2.hex"),
            include_str!("../tests/golden/signals.v3.hex"),
        ];
        assert_eq!(golden(signals, || NONE().signals, &versions), Ok(()));
    }

    #[test]
    fn parts_are_written_as_they_always_were() {
        let mut parts = NONE().parts;
        parts.put(7, part());
        let versions = [
            include_str!("../tests/golden/parts.v1.hex"),
            include_str!("../tests/golden/parts.v2.hex"),
        ];
        assert_eq!(golden(parts, || NONE().parts, &versions), Ok(()));
    }

    #[test]
    fn words_are_written_as_they_always_were() {
        let mut words = NONE().words;
        let counted = vec![Counted::Texts(3), Counted::Term(Term::of("whale"), 2)];
        let day = Words {
            tenant: "acme".into(),
            day: 19_675,
            counted,
        };
        words.put("acme/19675".into(), day);
        let versions = [include_str!("../tests/golden/words.v1.hex")];
        assert_eq!(golden(words, || NONE().words, &versions), Ok(()));
    }
}
