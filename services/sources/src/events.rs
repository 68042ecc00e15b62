//! From the items of a page to raw events: which are new, which are admitted. No Kafka, no clock, no I/O: time is passed in.

use admission::{Limits, Time};
use model::{Id, Millis, RawEvent};

use crate::cursor::{Cursor, Repeats};
use crate::followed::Polled;
use crate::source::{Item, Next, Page};

/// Largest data of one item, in bytes: the limit of the topic leaves room for the rest.
const LARGEST: usize = 1024 * 1024;

/// What events may be.
#[derive(Debug, Clone, Copy)]
pub struct Admitting {
    limits: Limits,
}

impl Admitting {
    /// By these limits.
    pub fn new(limits: Limits) -> Self {
        let data = limits.data.min(LARGEST);
        Self {
            limits: Limits { data, ..limits },
        }
    }
}

/// What a page came to.
#[derive(Debug, Default)]
pub struct Taken {
    /// The new items that were admitted.
    pub events: Vec<RawEvent>,
    /// How many were not.
    pub refused: u64,
    /// Why the last one was not.
    pub refusal: Option<String>,
    /// Whether the poll goes on.
    pub more: bool,
    /// What is odd about the page.
    pub odd: Option<&'static str>,
}

impl Admitting {
    /// Takes a page: the cursor stands behind it from then on.
    pub fn take(
        &self,
        page: Page,
        polled: &Polled,
        cursor: &mut Cursor,
        is_first: bool,
        now: Millis,
    ) -> Taken {
        let reading = polled.source().reading();
        let items: Vec<Item> = page
            .items
            .into_iter()
            .flat_map(|item| polled.source().normalize(item))
            .map(named)
            .collect();
        let sifted = cursor.sift(items.iter().map(|item| (item.id.as_str(), item.alike.as_deref())));
        let anything_new = sifted.new.contains(&true);
        let skipped = is_first && !polled.settings().backlog;
        let mut taken = Taken::default();
        for item in items
            .into_iter()
            .zip(&sifted.new)
            .filter(|(_, new)| **new && !skipped)
        {
            match self.event(item.0, polled, now) {
                Ok(event) => taken.events.push(event),
                Err(why) => {
                    taken.refused += 1;
                    taken.refusal = Some(why);
                }
            }
        }
        let over = !reading.keep && (skipped || (reading.until_known && sifted.met_known));
        let next = if over { Next::End } else { page.next };
        let more = matches!(next, Next::More(_));
        let repeats = cursor.advance(next, anything_new, reading.keep);
        taken.more = more && repeats.is_none();
        taken.odd = repeats.map(told);
        if let Some(validators) = page.validators {
            cursor.validators = validators;
        }
        if let Some(moved_to) = page.moved_to {
            cursor.moved_to = Some(moved_to);
        }
        taken
    }

    fn event(&self, item: Item, polled: &Polled, now: Millis) -> Result<RawEvent, String> {
        let settings = polled.settings();
        let time = item
            .time
            .filter(|time| matches!(admission::time(Some(*time), now, &self.limits), Ok(Time::Said(_))));
        let mut event = RawEvent {
            id: item.id,
            source: settings.name.clone(),
            kind: item.event_type.unwrap_or_else(|| polled.default_type()),
            subject: item.subject,
            time,
            tenant: settings.tenant.clone(),
            data: Some(item.data.to_string().into_bytes()),
            principal: Some(format!("source:{}", settings.name)),
            trusted: settings.trusted,
            ..RawEvent::default()
        };
        let admitted = admission::admit(&mut event, now, &self.limits);
        admitted.map_err(|refusal| format!("{}: {refusal}", shown(&event.id)))?;
        Ok(event)
    }
}

const fn told(repeats: Repeats) -> &'static str {
    match repeats {
        Repeats::Position => "its pages lead back to one that was read already; the poll ended there",
        Repeats::Items => "three pages in a row held nothing new; the poll ended there",
    }
}

/// An item without an id is what it says.
fn named(mut item: Item) -> Item {
    item.id.retain(|c| !c.is_control());
    if item.id.trim().is_empty() || item.id.len() > 512 {
        let id = Id::new().part(&item.id).part(item.data.to_string());
        item.id = id.text("itm_");
    }
    item
}

fn shown(id: &str) -> String {
    id.chars().take(64).collect()
}
