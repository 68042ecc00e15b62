//! A day in the life of a token community and of a web shop, with the truth about it.
//!
//! The truth is counted while the day is written: whoever adds a story knows what must come of it. Nothing here runs
//! a rule, compares texts, or shares code with the stream. What it takes for granted is written in [`truth`].

mod diary;
mod form;
mod hostile;
mod mischief;
mod scale;
mod shipment;
mod shop;
mod story;
mod tables;
mod texts;
pub mod truth;

pub use shipment::{Answer, Post, Put, Shipment, Value};
pub use tables::Table;
pub use truth::Truth;

use diary::Diary;
use model::Millis;

/// The day: Monday, 2 June 2025, UTC. In the past, since a time that has not come is refused.
pub const DATE: Millis = 1_748_822_400_000;

/// Events of a day if nothing else is asked.
pub const EVENTS: usize = 5_000;

/// A day, ready to be sent, and what must come of it.
#[derive(Debug, Clone)]
pub struct Day {
    /// What is sent, in order. What is about one user is in the order of its time.
    pub shipments: Vec<Shipment>,
    /// What must come of it.
    pub truth: Truth,
    /// Tables for the enricher.
    pub tables: Vec<Table>,
}

impl Day {
    /// The day of this seed with about this many records; equal seeds give equal days, to the byte.
    pub fn new(seed: u64, events: usize) -> Self {
        let mut diary = Diary::new(seed);
        let scale = scale::Scale::of(events);
        story::write(&mut diary, &scale);
        mischief::write(&mut diary, &scale);
        hostile::write(&mut diary);
        shop::fill(&mut diary, events, &scale);
        diary.repeat(scale.duplicates);
        let tables = tables::tables(&diary);
        let truth = diary.truth();
        Self {
            shipments: shipment::pack(diary.into_entries()),
            truth,
            tables,
        }
    }
}

#[cfg(test)]
mod tests;
