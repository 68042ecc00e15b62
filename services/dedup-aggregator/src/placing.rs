//! Which signal an event belongs to. No I/O.

use crate::Limits;
use crate::stores::{DedupStores, Standing};
use model::{Event, Millis, Signal};
use sameness::{Sketch, similarity};
use serde::{Deserialize, Serialize};

/// What makes events evidence of the same signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Shape {
    /// They say nearly the same.
    Text(Sketch),
    /// They have no words and are of this type.
    Kind(String),
}

impl Shape {
    /// The shape of an event.
    pub(crate) fn of(event: &Event) -> Self {
        let sketch = Sketch::of(&event.full_text());
        if sketch.is_empty() {
            Self::Kind(event.kind.clone())
        } else {
            Self::Text(sketch)
        }
    }

    /// How alike two events are, 0 to 1.
    fn likeness(&self, other: &Self) -> f64 {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => similarity(a, b),
            (Self::Kind(a), Self::Kind(b)) if a == b => 1.0,
            _ => 0.0,
        }
    }
}

/// Where the signals of a subject are indexed; tenants never share one.
pub(crate) fn place(event: &Event) -> String {
    format!("{}\u{1f}{}", event.tenant, event.subject)
}

/// The signal that an event of this shape and time belongs to: the most alike, the first of equals.
pub(crate) fn find(
    stores: &DedupStores,
    place: &String,
    shape: &Shape,
    time: Millis,
    limits: &Limits,
) -> Option<(String, Standing)> {
    let mut best: Option<(f64, &String, &Standing)> = None;
    for cluster in &stores.subjects.get(place)?.clusters {
        let likeness = cluster.shape.likeness(shape);
        if likeness < limits.similarity || best.is_some_and(|(known, ..)| known >= likeness) {
            continue;
        }
        let standing = stores.signals.get(&cluster.signal_key);
        if let Some(standing) =
            standing.filter(|standing| is_near(&standing.signal, time, limits.quiet_after))
        {
            best = Some((likeness, &cluster.signal_key, standing));
        }
    }
    best.map(|(_, key, standing)| (key.clone(), standing.clone()))
}

/// Within the quiet time before the signal's first or after its last evidence, in event time.
fn is_near(signal: &Signal, time: Millis, quiet_after: Millis) -> bool {
    time >= signal.first_seen.saturating_sub(quiet_after)
        && time <= signal.last_seen.saturating_add(quiet_after)
}
