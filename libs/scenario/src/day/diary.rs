//! The day while it is written: what is sent, and what must come of it, in one step.

use super::DATE;
use super::form::Form;
use super::shipment::{Entry, Shipment, What};
use super::truth::{self, Outcome, SECURITY, Truth};
use model::{DEFAULT_TENANT, Millis, RawEvent};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

/// The last hours stay free, so that repeats fall on the same day.
const LAST: Millis = 22 * HOUR;
const HOUR: Millis = 60 * 60 * 1000;
/// Three in the morning, which is unusual for everybody.
const EARLY: i64 = 3;

/// A day being written.
pub(super) struct Diary {
    pub(super) random: ChaCha8Rng,
    entries: Vec<Entry>,
    truth: Truth,
    seed: u64,
    ids: u64,
    symbols: usize,
    /// Who logged in at three in the morning.
    early: BTreeSet<String>,
    /// Symbols and addresses that the tables know of.
    pub(super) liquid: Vec<String>,
    pub(super) dangerous: Vec<String>,
}

impl Diary {
    pub(super) fn new(seed: u64) -> Self {
        let truth = Truth::default();
        let random = ChaCha8Rng::seed_from_u64(seed);
        Self {
            random,
            entries: Vec::new(),
            truth,
            seed,
            ids: 0,
            symbols: 0,
            early: BTreeSet::new(),
            liquid: Vec::new(),
            dangerous: Vec::new(),
        }
    }

    /// Some time of the day, with this much of it left after.
    pub(super) fn some_time(&mut self, left: Millis) -> Millis {
        DATE + self.random.random_range(0..LAST - left)
    }

    /// An id nobody else has.
    pub(super) fn id(&mut self) -> String {
        self.ids += 1;
        format!("day{}-{}", self.seed, self.ids)
    }

    /// A symbol nobody else has: no word of any language that a rule looks for.
    pub(super) fn symbol(&mut self) -> String {
        const CONSONANTS: [char; 13] = ['B', 'D', 'F', 'G', 'J', 'K', 'L', 'M', 'P', 'Q', 'V', 'X', 'Z'];
        const VOWELS: [char; 5] = ['A', 'E', 'I', 'O', 'U'];
        // A step without common factor with 13 · 5 · 13 · 5 visits every symbol once, in no order one sees.
        let number = (self.symbols * 1_237) % 4_225;
        self.symbols += 1;
        let (first, second) = (number / 65, number % 65);
        [
            CONSONANTS[first / 5],
            VOWELS[first % 5],
            CONSONANTS[second / 5],
            VOWELS[second % 5],
        ]
        .iter()
        .collect()
    }

    /// An EVM address nobody else has.
    pub(super) fn address(&mut self) -> String {
        format!(
            "0x{:032x}{:08x}",
            self.random.random::<u128>(),
            self.random.random::<u32>()
        )
    }

    /// A new event.
    pub(super) fn event(&mut self, form: Form, event: RawEvent) {
        self.truth.raw_records += 1;
        self.truth.events += 1;
        let at = event.time.unwrap_or(DATE);
        self.note_early(&event, at);
        self.entries.push(Entry {
            at,
            what: What::Event(form, Box::new(event)),
        });
    }

    /// Of nobody so much is known that three in the morning were usual, and it is told once an hour: `unusual_time_activity`.
    fn note_early(&mut self, event: &RawEvent, at: Millis) {
        let is_early = event.kind == "user.login" && (at - DATE) / HOUR == EARLY;
        let Some(user) = event.subject.as_ref().filter(|_| is_early) else {
            return;
        };
        if self.early.insert(user.clone()) {
            self.detection("unusual_time_activity");
        }
    }

    /// A record that must become a dead letter.
    pub(super) fn dead(&mut self, shipment: Shipment, reason: &'static str) {
        self.truth.raw_records += 1;
        truth::add(&mut self.truth.dead_letters, reason, 1);
        self.other(shipment);
    }

    /// A request that must be refused.
    pub(super) fn refused(&mut self, shipment: Shipment) {
        self.truth.refused += 1;
        self.other(shipment);
    }

    fn other(&mut self, shipment: Shipment) {
        let at = self.some_time(0);
        self.entries.push(Entry {
            at,
            what: What::Other(shipment),
        });
    }

    /// Some events are sent again, exactly as they were, within minutes. Only those that have an id: the same bytes
    /// without one are another event in another request.
    pub(super) fn repeat(&mut self, times: usize) {
        let events = |entry: &&Entry| matches!(&entry.what, What::Event(_, event) if !event.id.is_empty());
        let originals: Vec<Entry> = self.entries.iter().filter(events).cloned().collect();
        for _ in 0..times {
            let Some(original) = originals.choose(&mut self.random) else {
                return;
            };
            let at = original.at + self.random.random_range(1_000..600_000);
            self.truth.raw_records += 1;
            self.truth.duplicates += 1;
            self.entries.push(Entry {
                at,
                what: original.what.clone(),
            });
        }
    }

    /// A signal that must come.
    pub(super) fn signal(&mut self, outcome: Outcome) {
        outcome.record(&mut self.truth);
    }

    /// A detection that must come, and its notification.
    pub(super) fn detection(&mut self, rule: &'static str) {
        truth::add(&mut self.truth.detections, rule, 1);
        truth::add(&mut self.truth.notifications, SECURITY, 1);
    }

    pub(super) fn truth(&self) -> Truth {
        self.truth.clone()
    }

    /// Records written so far.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }
}

/// An event with JSON data.
pub(super) fn raw(
    id: String,
    source: &str,
    kind: &str,
    subject: Option<String>,
    time: Millis,
    data: String,
) -> RawEvent {
    RawEvent {
        id,
        source: source.to_owned(),
        kind: kind.to_owned(),
        subject,
        time: Some(time),
        tenant: DEFAULT_TENANT.to_owned(),
        datacontenttype: None,
        data: Some(data.into_bytes()),
        extensions: std::collections::BTreeMap::new(),
        ..RawEvent::default()
    }
}
