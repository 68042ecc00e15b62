//! The stage that a search runs: it counts the distinct events of each subject, and closes a subject some time after its
//! last one. Records are text, `subject|id|kind`.

use model::{DecodeError, Decoder, Encoder};
use serde::{Deserialize, Deserializer, Serialize};
use stage::{
    AnyStore, Clock, Cx, Emit, Expiring, Input, Lateness, Output, Poison, Stage, Store, Stores, Timer,
    Timers, Wire,
};
use std::borrow::Cow;
use topology::Topic;

pub(super) const DAY: i64 = 86_400_000;
/// A subject is closed so long after its last event, ms.
const OPEN: i64 = 700;
/// More than the topic takes.
pub(super) const LARGE: usize = 8 * 1024 * 1024;
/// A value that cannot be restored: reading it panics.
pub(super) const CURSED: i64 = i64::MIN;

/// What a record asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Count,
    /// State is changed, and then the record is rejected.
    Reject,
    /// State is changed, and then the stage panics.
    Panic,
    /// State is changed, and what is written about it is too large for its topic.
    Large,
    Filter,
}

#[derive(Debug)]
pub(super) struct Event {
    subject: String,
    id: u128,
    kind: Kind,
}

impl Input for Event {
    fn decode(record: &Wire<'_>, _: &mut Decoder) -> Result<Self, DecodeError> {
        let unreadable = || DecodeError::Json("no event".to_owned());
        let text = std::str::from_utf8(record.value).map_err(|_| unreadable())?;
        let mut parts = text.split('|');
        let mut part = || parts.next().ok_or_else(unreadable);
        let (subject, id, kind) = (part()?.to_owned(), part()?, part()?);
        Ok(Self {
            subject,
            id: id.parse().map_err(|_| unreadable())?,
            kind: match kind {
                "count" => Kind::Count,
                "reject" => Kind::Reject,
                "panic" => Kind::Panic,
                "large" => Kind::Large,
                _ => Kind::Filter,
            },
        })
    }
}

/// One line about a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) subject: String,
    pub(super) says: String,
}

impl Output for Line {
    fn topic(&self) -> Topic {
        Topic::Signals
    }

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.subject)
    }

    fn encode(&self, _: &Encoder, out: &mut Vec<u8>) {
        out.extend(self.says.as_bytes());
    }
}

/// A count as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Tally(pub(super) i64);

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let tally = i64::deserialize(from)?;
        if tally == CURSED {
            std::panic::resume_unwind(Box::new("a value that makes its reader panic"));
        }
        Ok(Self(tally))
    }
}

pub(super) struct Counts {
    seen: Expiring<u128, ()>,
    signals: Store<String, Tally>,
    timers: Timers,
}

impl Default for Counts {
    fn default() -> Self {
        let never = Lateness {
            allowed: 0,
            idle_after: 365 * DAY,
            ahead: 365 * DAY,
        };
        Self {
            seen: Expiring::new("seen", DAY),
            signals: Store::new("signals"),
            timers: Timers::new("parts", never),
        }
    }
}

impl Stores for Counts {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.seen);
        visit(&mut self.signals);
        visit(&mut self.timers);
    }

    fn timers(&mut self) -> Option<&mut Timers> {
        Some(&mut self.timers)
    }
}

pub(super) struct Count;

impl Stage for Count {
    type In = Event;
    type Out = Line;
    type Stores = Counts;

    fn apply(&mut self, event: Event, stores: &mut Counts, cx: &Cx<'_>) -> Result<Emit<Line>, Poison> {
        let Event { subject, id, kind } = event;
        if kind == Kind::Filter {
            return Ok(Emit::Filtered("asked for"));
        }
        if !stores.seen.insert(id) {
            return Ok(Emit::Duplicate);
        }
        let tally = stores.signals.get_or_insert_with(subject.clone(), || Tally(0));
        tally.0 += 1;
        let count = tally.0;
        stores.timers.set(Clock::EventTime, &subject, cx.time + OPEN);
        match kind {
            Kind::Reject => Err(Poison::producer("rejected", "asked for")),
            // The same as a panic, without its words in the log.
            Kind::Panic => std::panic::resume_unwind(Box::new("a record asked for it")),
            Kind::Large => Ok(Emit::One(Line {
                says: " ".repeat(LARGE),
                subject,
            })),
            Kind::Count | Kind::Filter => Ok(Emit::One(Line {
                says: format!("{subject} {count} {id}"),
                subject,
            })),
        }
    }

    fn on_timer(&mut self, timer: Timer, stores: &mut Counts) -> Vec<Line> {
        let count = stores.signals.get(&timer.name).map_or(0, |tally| tally.0);
        let says = format!("{} closed at {count}", timer.name);
        let subject = timer.name;
        vec![Line { subject, says }]
    }
}
