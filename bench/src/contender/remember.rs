//! A stage whose state ends by itself: every key is remembered for a day.

use super::keyed::Counted;
use model::Event;
use stage::{AnyStore, Cx, Emit, Expiring, Poison, Stage, Stores};

/// A day, in milliseconds.
const TTL: i64 = 24 * 60 * 60 * 1000;

/// Remembers the id of each event.
pub(super) struct Remember;

/// The ids of a day.
pub(super) struct Remembered(Expiring<String, ()>);

impl Default for Remembered {
    fn default() -> Self {
        Self(Expiring::new("seen", TTL))
    }
}

impl Stores for Remembered {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.0);
    }
}

impl Stage for Remember {
    type In = Event;
    type Out = Counted;
    type Stores = Remembered;

    fn apply(&mut self, event: Event, ids: &mut Remembered, _: &Cx<'_>) -> Result<Emit<Counted>, Poison> {
        if !ids.0.insert(event.id) {
            return Ok(Emit::Duplicate);
        }
        Ok(Emit::One(Counted::new(event.subject, 1)))
    }
}
