//! A stage with state: how many records there were of each key.

use model::{Encoder, Event, Signal};
use stage::{AnyStore, Cx, Emit, Output, Poison, Stage, Store, Stores};
use std::borrow::Cow;
use topology::Topic;

/// Counts the records of each subject.
pub(crate) struct Count;

/// The one store of [`Count`].
pub(crate) struct Counts(pub(crate) Store<String, i64>);

impl Default for Counts {
    fn default() -> Self {
        Self(Store::new("signals"))
    }
}

impl Stores for Counts {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.0);
    }
}

/// A subject and its count.
pub(crate) struct Counted(Signal);

impl Counted {
    pub(super) fn new(subject: String, count: i64) -> Self {
        Self(Signal {
            signal_key: subject,
            evidence_count: count,
            ..Signal::default()
        })
    }
}

impl Stage for Count {
    type In = Event;
    type Out = Counted;
    type Stores = Counts;

    fn apply(&mut self, event: Event, counts: &mut Counts, _: &Cx<'_>) -> Result<Emit<Counted>, Poison> {
        let count = counts.0.get_or_insert_with(event.subject.clone(), || 0);
        *count += 1;
        Ok(Emit::One(Counted::new(event.subject, *count)))
    }
}

impl Output for Counted {
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
