//! Raw events become events: cleaned, typed, about one subject. A pure stage: no Kafka, no clock, no I/O.
//!
//! The steps, in order: `timing` (when it happened), the table of `admission` (what an event may be, the same as at the
//! HTTP edge), `members` (which members of the data mean what), `attributes` (the rest, typed), `reading` (text, links,
//! tags, amounts, language, sentiment, spam), `placing` (the subject), `filter` (what does not go on, by configuration
//! and `lists`). What cannot be understood is a dead letter with its reason; what is filtered is counted with its reason.

mod attributes;
mod claims;
pub mod filter;
mod insight;
mod lists;
mod members;
mod placing;
mod reading;
mod timing;

pub use lists::{Lists, ListsError};

use admission::{Limits, Payload, Refusal};
use filter::Filter;
use members::Members;
use model::{Event, Millis, RawEvent};
use settings::{AdmissionSettings, CachedReader, NormalizerSettings, WatchError, Watched};
use stage::{Cx, Emit, Poison, Stage};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use timing::timing;

/// The normalizer. Each lane has its own; they share the lists.
pub struct Normalizer {
    limits: Limits,
    text_bytes: usize,
    skew: Millis,
    filter: Filter,
    lists: CachedReader<Lists>,
    /// Whether senders that showed no key are trusted.
    trust_unnamed: bool,
    /// Symbols recognised without a `$`, as configured: upper case.
    symbols: HashSet<String>,
    /// Whether the time of the last event was replaced.
    corrected: bool,
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

impl Normalizer {
    /// A normalizer with these settings that takes what the HTTP edge would take, and follows these lists.
    pub fn new(settings: &NormalizerSettings, admission: &AdmissionSettings, lists: &Watched<Lists>) -> Self {
        let symbols = settings
            .symbols
            .iter()
            .map(|symbol| symbol.trim_start_matches('$').to_uppercase());
        Self {
            limits: admission.limits(),
            text_bytes: settings.max_text_bytes,
            skew: i64::try_from(settings.max_skew_ms).unwrap_or(i64::MAX),
            filter: Filter::new(settings),
            lists: lists.cached(),
            trust_unnamed: settings.trust_unnamed,
            symbols: symbols.collect(),
            corrected: false,
        }
    }

    fn event(&mut self, mut raw: RawEvent, lists: &Lists, cx: &Cx<'_>) -> Result<Event, Refusal> {
        admission::envelope(&mut raw, &self.limits)?;
        let trusted = claims::trusted(&raw, self.trust_unnamed);
        claims::own_subject(&mut raw, trusted);
        let timing = timing(raw.time, cx.time, self.skew, &self.limits)?;
        let payload = admission::payload(raw.data.as_deref(), raw.datacontenttype.as_deref(), &self.limits)?;
        self.corrected = timing.corrected;
        let members = Members::new(&payload, &raw.extensions);
        let reading = reading::read(&members, self.text_bytes, &self.symbols, lists);
        let subject = placing::subject(&raw, &members, &reading);
        let json = match &payload {
            Payload::Json(json) => Some(json.root()),
            Payload::Text(_) | Payload::Absent => None,
        };
        let mut attributes = attributes::flatten(json, &raw.extensions);
        claims::strip(&mut attributes, trusted);
        let author = members.author();
        Ok(Event {
            subject,
            time: timing.time,
            time_corrected: timing.corrected,
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
            trusted,
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
        self.corrected = false;
        let event = self
            .event(input, &lists, cx)
            .map_err(|refusal| poison(&refusal))?;
        Ok(match self.filter.reason(&event, &lists) {
            Some(reason) => Emit::Filtered(reason),
            None => Emit::One(event),
        })
    }

    fn time_corrected(&self) -> bool {
        self.corrected
    }
}

/// What the edge would have refused; whoever wrote the record is to mend it.
fn poison(refusal: &Refusal) -> Poison {
    Poison::producer(refusal.reason().code(), refusal.to_string())
}
