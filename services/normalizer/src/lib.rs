//! Raw events become events: cleaned, typed, about one subject. A pure stage: no Kafka, no clock, no I/O.
//!
//! The steps are the modules, in order: `envelope` (who sent what, when), `payload` (the data as JSON or text),
//! `members` (which members of the data mean what), `attributes` (the rest, typed), `reading` (text, links, tags,
//! amounts, language, sentiment, spam), `placing` (the subject), `filter` (what does not go on, by configuration and
//! `lists`). What cannot be understood is a dead letter with its reason; what is filtered is counted with its reason.

mod attributes;
mod envelope;
pub mod filter;
mod insight;
mod lists;
mod members;
mod payload;
mod placing;
mod reading;
pub mod reason;

pub use lists::{Lists, ListsError};

use filter::Filter;
use members::Members;
use model::{Event, RawEvent};
use payload::Payload;
use settings::{CachedReader, NormalizerSettings, WatchError, Watched};
use stage::{Cx, Emit, Poison, Stage};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// The normalizer. Each lane has its own; they share the lists.
pub struct Normalizer {
    limits: Limits,
    filter: Filter,
    lists: CachedReader<Lists>,
    /// Symbols recognised without a `$`, as configured: upper case.
    symbols: HashSet<String>,
}

/// Opens a list file or a folder of them. Fails when they cannot be read or have mistakes now; later mistakes leave
/// the last good lists in use and are told by [`Watched::status`].
pub fn open_lists(path: &Path) -> Result<Watched<Lists>, WatchError> {
    Watched::open(path, Lists::parse)
}

/// Opens the lists that the settings name; without a name there are none, and nothing is filtered by them.
pub fn lists_of(settings: &NormalizerSettings) -> Result<Watched<Lists>, WatchError> {
    match &settings.lists {
        Some(path) => open_lists(path),
        None => Ok(Watched::fixed(Lists::default())),
    }
}

/// What an input may be at most.
#[derive(Debug, Clone, Copy)]
struct Limits {
    text_bytes: usize,
    future_ms: i64,
    skew_ms: i64,
    data_depth: usize,
}

impl Normalizer {
    /// A normalizer with these settings that follows these lists.
    pub fn new(settings: &NormalizerSettings, lists: &Watched<Lists>) -> Self {
        let limits = Limits {
            text_bytes: settings.max_text_bytes,
            future_ms: i64::try_from(settings.max_future_ms).unwrap_or(i64::MAX),
            skew_ms: i64::try_from(settings.max_skew_ms).unwrap_or(i64::MAX),
            data_depth: settings.max_data_depth,
        };
        let symbols = settings
            .symbols
            .iter()
            .map(|symbol| symbol.trim_start_matches('$').to_uppercase());
        Self {
            limits,
            filter: Filter::new(settings),
            lists: lists.cached(),
            symbols: symbols.collect(),
        }
    }

    fn event(&self, mut raw: RawEvent, lists: &Lists, cx: &Cx<'_>) -> Result<Event, Poison> {
        let time = envelope::time(&raw, cx.time, self.limits.future_ms, self.limits.skew_ms)?;
        envelope::complete(&mut raw)?;
        let payload = payload::read(
            raw.data.as_deref(),
            raw.datacontenttype.as_deref(),
            self.limits.data_depth,
        )?;
        let members = Members::new(&payload, &raw.extensions);
        let reading = reading::read(&members, self.limits.text_bytes, &self.symbols, lists);
        let subject = placing::subject(&raw, &members, &reading);
        let json = match &payload {
            Payload::Json(json) => Some(json.root()),
            Payload::Text(_) | Payload::Absent => None,
        };
        let attributes = attributes::flatten(json, &raw.extensions);
        let author = members.author();
        Ok(Event {
            subject,
            time,
            received_at: cx.time,
            severity: members.severity(),
            author_weight: author.as_deref().and_then(|author| lists.author_weight(author)),
            author,
            tags: members.tags(),
            attributes,
            id: raw.id,
            source: raw.source,
            kind: raw.kind,
            tenant: raw.tenant,
            principal: raw.principal,
            trusted: raw.trusted,
            ..reading.into_event()
        })
    }
}

impl Stage for Normalizer {
    type In = RawEvent;
    type Out = Event;
    type Stores = ();

    fn apply(&mut self, input: RawEvent, (): &mut (), cx: &Cx<'_>) -> Result<Emit<Event>, Poison> {
        let lists = Arc::clone(self.lists.load());
        let event = self.event(input, &lists, cx)?;
        Ok(match self.filter.reason(&event, &lists) {
            Some(reason) => Emit::Filtered(reason),
            None => Emit::One(event),
        })
    }
}
