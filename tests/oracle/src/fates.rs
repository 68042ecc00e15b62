//! Every ingested id has exactly one fate, by our own count over the topics: no stage is asked.
//!
//! A delivery (a record of the ingest topic) that cannot be read is one dead letter. An id that can be read was
//! delivered once or more; each delivery is normalized and scored, or dead. Of the scored ones of an id exactly one
//! counts as evidence, if a rule matched.

use crate::fold::{headers, wire};
use crate::held::Held;
use crate::outbox::{origin, read};
use crate::{History, OwnSchemas, Place, Verdict};
use model::{DeadLetter, Event, RawEvent, ScoredEvent, Signal};
use stage::Input;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use topology::{StageName, Topic};

/// What makes an event one event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// Whose it is.
    pub tenant: String,
    /// Who sent it.
    pub source: String,
    /// Its id there.
    pub id: String,
}

impl Identity {
    fn of_raw(mut raw: RawEvent) -> Self {
        if raw.tenant.is_empty() {
            model::DEFAULT_TENANT.clone_into(&mut raw.tenant);
        }
        Self {
            tenant: raw.tenant,
            source: raw.source,
            id: raw.id,
        }
    }

    fn of(event: &Event) -> Self {
        Self {
            tenant: event.tenant.clone(),
            source: event.source.clone(),
            id: event.id.clone(),
        }
    }
}

/// What became of one id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fate {
    /// Where it was delivered.
    pub delivered: Vec<Place>,
    /// Deliveries that are dead letters of the normalizer.
    pub dead: u64,
    /// Records on `events.normalized`.
    pub normalized: u64,
    /// Records on `events.normalized` that are dead letters of the scorer.
    pub unscorable: u64,
    /// Records on `events.scored` that a rule matched.
    pub matched: u64,
    /// Records on `events.scored` that no rule matched.
    pub unmatched: u64,
}

/// What became of everything.
#[derive(Debug, Clone, Default)]
pub struct Fates {
    /// By id.
    pub by_id: BTreeMap<Identity, Fate>,
    /// Deliveries that cannot be read.
    pub unreadable: Vec<Place>,
    /// Dead letters by stage and the record they stand for.
    pub dead: HashMap<(String, Place), u64>,
}

impl Fates {
    /// Counts.
    pub fn of(history: &History, schemas: OwnSchemas) -> Self {
        let mut fates = Self::default();
        for (_, letter) in read::<DeadLetter>(history, Topic::DeadLetters, schemas) {
            let at = (letter.stage.clone(), origin(&letter));
            *fates.dead.entry(at).or_default() += 1;
        }
        fates.count_deliveries(history, schemas);
        for (place, event) in read::<Event>(history, Topic::EventsNormalized, schemas) {
            let unscorable = fates.dead_at(StageName::Scorer, &place);
            let fate = fates.by_id.entry(Identity::of(&event)).or_default();
            fate.normalized += 1;
            fate.unscorable += unscorable;
        }
        for (_, scored) in read::<ScoredEvent>(history, Topic::EventsScored, schemas) {
            let fate = fates.by_id.entry(Identity::of(&scored.event)).or_default();
            if scored.matched > 0 {
                fate.matched += 1;
            } else {
                fate.unmatched += 1;
            }
        }
        fates
    }

    fn count_deliveries(&mut self, history: &History, schemas: OwnSchemas) {
        let mut decoder = schemas.decoder();
        for record in history.topic(Topic::IngestEvents.name()) {
            let headers = headers(record);
            let raw = RawEvent::decode(&wire(Topic::IngestEvents, record, &headers), &mut decoder).ok();
            let place = Place::of(record);
            let Some(raw) = raw else {
                self.unreadable.push(place);
                continue;
            };
            let dead = self.dead_at(StageName::Normalizer, &place);
            let fate = self.by_id.entry(Identity::of_raw(raw)).or_default();
            fate.delivered.push(place);
            fate.dead += dead;
        }
    }

    /// Dead letters that this stage wrote for this record.
    pub fn dead_at(&self, stage: StageName, place: &Place) -> u64 {
        let at = (stage.as_str().to_owned(), place.clone());
        self.dead.get(&at).copied().unwrap_or_default()
    }

    /// Ids that reached `events.scored`.
    pub fn stored(&self) -> impl Iterator<Item = &Identity> {
        let scored = |fate: &Fate| fate.matched + fate.unmatched > 0;
        self.by_id
            .iter()
            .filter(move |(_, fate)| scored(fate))
            .map(|(id, _)| id)
    }

    /// Ids that a rule matched: each is evidence of one signal.
    pub fn matched(&self) -> u64 {
        self.by_id.values().filter(|fate| fate.matched > 0).count() as u64
    }
}

/// Each delivery and each id has exactly one fate.
pub fn one_each(fates: &Fates) -> Verdict {
    let mut verdict = Verdict::of("every ingested id has exactly one fate");
    for place in &fates.unreadable {
        let dead = fates.dead_at(StageName::Normalizer, place);
        verdict.expect(dead == 1, "", Some(place.clone()), || {
            format!("cannot be read and has {dead} dead letters, not 1")
        });
    }
    for (identity, fate) in &fates.by_id {
        let place = fate.delivered.first().cloned();
        let scored = fate.matched + fate.unmatched;
        let right = fate.delivered.len() as u64 == fate.dead + fate.normalized
            && fate.normalized == fate.unscorable + scored
            && (fate.matched == 0 || fate.unmatched == 0);
        verdict.expect(right, &identity.id, place, || {
            format!(
                "delivered {} times, dead {}, normalized {}, unscorable {}, matched {}, unmatched {}",
                fate.delivered.len(),
                fate.dead,
                fate.normalized,
                fate.unscorable,
                fate.matched,
                fate.unmatched
            )
        });
    }
    verdict
}

/// No record has two dead letters of one stage.
pub fn buried_once(fates: &Fates) -> Verdict {
    let mut verdict = Verdict::of("no record is buried twice");
    for ((stage, place), count) in &fates.dead {
        verdict.expect(*count == 1, "", Some(place.clone()), || {
            format!("{count} dead letters of {stage}")
        });
    }
    verdict
}

/// The signals rest on each matched id once: what they and those that nobody was told of count adds up to the ids, and no
/// version of a signal is missing or there twice.
pub fn evidence_adds_up(history: &History, schemas: OwnSchemas, fates: &Fates) -> Verdict {
    let mut verdict = Verdict::of("the signals' evidence adds up to the matched ids");
    let mut newest: BTreeMap<String, Signal> = BTreeMap::new();
    let mut versions: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for (place, signal) in read::<Signal>(history, Topic::Signals, schemas) {
        let new = versions
            .entry(signal.signal_key.clone())
            .or_default()
            .insert(signal.version);
        verdict.expect(new, &signal.signal_key, Some(place), || {
            format!("version {} is there twice", signal.version)
        });
        let known = newest.get(&signal.signal_key).map_or(0, |known| known.version);
        if signal.version >= known {
            newest.insert(signal.signal_key.clone(), signal);
        }
    }
    for (key, signal) in &newest {
        let count = versions.get(key).map_or(0, BTreeSet::len);
        let whole = i64::try_from(count).is_ok_and(|count| count == signal.version);
        verdict.expect(whole, key, None, || {
            format!(
                "its newest version is {}, and {count} versions are there",
                signal.version
            )
        });
    }
    let held = Held::of(history);
    let counted = newest
        .values()
        .filter(|signal| signal.merged_into.is_none())
        .map(|signal| {
            held.told
                .get(&signal.signal_key)
                .unwrap_or(&signal.evidence_count)
        });
    let evidence = counted.sum::<i64>() + held.untold;
    let matched = fates.matched();
    verdict.expect(u64::try_from(evidence) == Ok(matched), "", None, || {
        format!("evidence of all signals, told or not, is {evidence}, matched ids are {matched}")
    });
    verdict
}
