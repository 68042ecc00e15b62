//! What users of a shop do all day: an endless, seeded stream of behaviour events in event-pipeline's forms.
//!
//! The same options give the same events, to the byte. Making one costs about a microsecond.

mod event;
mod payload;

pub use event::{BehaviourEvent, Kind, UnknownKind};

use model::Millis;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Events that a duplicate may repeat: retries come soon after the first try.
const REMEMBERED: usize = 64;

/// What to generate.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// Two streams of one seed are equal, ids included: sent twice, the second is all duplicates.
    pub seed: u64,
    /// How many users act; ids are 1 to this number.
    pub users: u32,
    /// The kinds to choose from, each as likely as it stands here often. Empty means all.
    pub kinds: Vec<Kind>,
    /// Share of events that are sent again with the same id, 0 to 1.
    pub duplicates: f64,
    /// Time of the first event, ms since epoch.
    pub start: Millis,
    /// Events a second of event time.
    pub rate: f64,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            seed: 0,
            users: 1_000,
            kinds: Vec::new(),
            duplicates: 0.0,
            start: 1_767_225_600_000,
            rate: 1_000.0,
        }
    }
}

impl Behaviour {
    /// The stream; it never ends.
    pub fn events(&self) -> Events {
        let kinds = if self.kinds.is_empty() {
            Kind::ALL.to_vec()
        } else {
            self.kinds.clone()
        };
        Events {
            random: ChaCha8Rng::seed_from_u64(self.seed),
            seed: self.seed,
            users: self.users.max(1),
            kinds,
            duplicates: self.duplicates.clamp(0.0, 1.0),
            start: self.start,
            gap_ms: if self.rate > 0.0 { 1_000.0 / self.rate } else { 0.0 },
            made: 0,
            recent: Vec::with_capacity(REMEMBERED),
        }
    }
}

/// An endless stream of behaviour events.
#[derive(Debug, Clone)]
pub struct Events {
    random: ChaCha8Rng,
    seed: u64,
    users: u32,
    kinds: Vec<Kind>,
    duplicates: f64,
    start: Millis,
    gap_ms: f64,
    made: u64,
    recent: Vec<BehaviourEvent>,
}

impl Iterator for Events {
    type Item = BehaviourEvent;

    fn next(&mut self) -> Option<BehaviourEvent> {
        if self.duplicates <= 0.0 {
            return Some(self.fresh());
        }
        if !self.recent.is_empty() && self.random.random_bool(self.duplicates) {
            let at = self.random.random_range(0..self.recent.len());
            return self.recent.get(at).cloned();
        }
        let event = self.fresh();
        self.remember(event.clone());
        Some(event)
    }
}

impl Events {
    fn fresh(&mut self) -> BehaviourEvent {
        let kind = self.kinds[self.random.random_range(0..self.kinds.len())];
        let user_id = self.random.random_range(1..=self.users);
        let number = self.made;
        self.made += 1;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "saturates, and no stream is that long"
        )]
        let time = self.start.saturating_add((number as f64 * self.gap_ms) as Millis);
        let payload = payload::payload(kind, &mut self.random);
        BehaviourEvent {
            id: format!("gen-{:x}-{number:x}", self.seed),
            user_id,
            kind,
            time,
            payload,
        }
    }

    fn remember(&mut self, event: BehaviourEvent) {
        if self.recent.len() < REMEMBERED {
            self.recent.push(event);
        } else {
            let at = self.random.random_range(0..REMEMBERED);
            self.recent[at] = event;
        }
    }
}

#[cfg(test)]
mod tests;
