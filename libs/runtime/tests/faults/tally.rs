//! The stage of these tests, and what it must have written.

use model::{Encoder, Event, SchemaIds, ScoredEvent, Signal};
use stage::{AnyStore, Cx, Emit, Output, Poison, Stage, Store, Stores};
use std::borrow::Cow;
use std::collections::BTreeMap;
pub(crate) use testkit::{OwnSchemas, SCHEMA_IDS as IDS};
use topology::Topic;

/// Counts the events of each subject, one output an event. It knows no duplicates, so one that is applied twice shows.
pub(crate) struct Tally;

/// The keyed state of [`Tally`].
pub(crate) struct Tallies {
    subjects: Store<String, i64>,
}

impl Default for Tallies {
    fn default() -> Self {
        Self {
            subjects: Store::new("parts"),
        }
    }
}

impl Stores for Tallies {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.subjects);
    }
}

/// The tally of a subject after one more event.
pub(crate) struct Tallied(Signal);

impl Output for Tallied {
    fn topic(&self) -> Topic {
        Topic::Signals
    }

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0.signal_key)
    }

    fn encode(&self, encoder: &Encoder, out: &mut Vec<u8>) {
        encoder.encode(&self.0, out);
    }
}

impl Stage for Tally {
    type In = ScoredEvent;
    type Out = Tallied;
    type Stores = Tallies;

    fn apply(
        &mut self,
        input: ScoredEvent,
        stores: &mut Tallies,
        _: &Cx<'_>,
    ) -> Result<Emit<Tallied>, Poison> {
        let count = stores
            .subjects
            .get_or_insert_with(input.event.subject.clone(), || 0);
        *count += 1;
        Ok(Emit::One(Tallied(Signal {
            signal_key: input.event.subject,
            evidence_count: *count,
            ..Signal::default()
        })))
    }
}

const SUBJECTS: usize = 7;

/// The subject of the event of this number; also its key.
pub(crate) fn subject(number: usize) -> String {
    format!("s{}", number % SUBJECTS)
}

/// The event of this number, about this subject, written with this schema id.
pub(crate) fn encoded(number: usize, subject: String, ids: SchemaIds) -> Vec<u8> {
    let event = Event {
        id: number.to_string(),
        subject,
        ..Event::default()
    };
    let record = ScoredEvent {
        event,
        matched: 1,
        ..ScoredEvent::default()
    };
    Encoder::new(ids).encoded(&record)
}

/// Fails unless the outputs are those of so many events, each counted once, in their order.
pub(crate) fn counted_once(outputs: &[Signal], events: usize) {
    let mut got: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for signal in outputs {
        let counts = got.entry(signal.signal_key.clone()).or_default();
        counts.push(signal.evidence_count);
    }
    let mut wanted: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for number in 0..events {
        let counts = wanted.entry(subject(number)).or_default();
        counts.push(i64::try_from(counts.len()).unwrap() + 1);
    }
    assert_eq!(got.len(), wanted.len(), "parts");
    let wrong: Vec<String> = wanted
        .iter()
        .filter_map(|(subject, wanted)| difference(subject, &got[subject], wanted))
        .collect();
    assert!(
        wrong.is_empty(),
        "lost, doubled or out of order:\n{}",
        wrong.join("\n")
    );
}

/// Where two histories of a subject part, in words: whole histories are too long to read.
fn difference(subject: &str, got: &[i64], wanted: &[i64]) -> Option<String> {
    (got != wanted).then(|| {
        let same = got
            .iter()
            .zip(wanted)
            .take_while(|(got, wanted)| got == wanted)
            .count();
        format!(
            "{subject}: {} outputs instead of {}; after {same} right ones comes {:?} instead of {:?}",
            got.len(),
            wanted.len(),
            got.get(same),
            wanted.get(same)
        )
    })
}
