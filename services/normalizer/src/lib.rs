//! Raw events become events: cleaned, typed, about one subject. A pure stage: no Kafka, no clock, no I/O.
//!
//! The steps are the modules, in order: `envelope` (who sent what, when), `payload` (the data as JSON or text),
//! `members` (which members of the data mean what), `attributes` (the rest, typed), `reading` (text, links, tags,
//! addresses, language), `placing` (the subject). What cannot be understood is a dead letter with its reason.

mod attributes;
mod envelope;
mod members;
mod payload;
mod placing;
mod reading;
pub mod reason;

use members::Members;
use model::{Event, RawEvent};
use payload::Payload;
use settings::NormalizerSettings;
use stage::{Cx, Emit, Poison, Stage};
use std::collections::HashSet;
use std::sync::Arc;

/// The normalizer. Cheap to clone: each lane has its own.
#[derive(Debug, Clone)]
pub struct Normalizer {
    limits: Limits,
    /// Symbols recognised without a `$`, as configured: upper case.
    symbols: Arc<HashSet<String>>,
}

/// What an input may be at most.
#[derive(Debug, Clone, Copy)]
struct Limits {
    text_bytes: usize,
    future_ms: i64,
    data_depth: usize,
}

impl Normalizer {
    /// A normalizer with these settings.
    pub fn new(settings: &NormalizerSettings) -> Self {
        let limits = Limits {
            text_bytes: settings.max_text_bytes,
            future_ms: i64::try_from(settings.max_future_ms).unwrap_or(i64::MAX),
            data_depth: settings.max_data_depth,
        };
        let symbols = settings
            .symbols
            .iter()
            .map(|symbol| symbol.trim_start_matches('$').to_uppercase());
        Self {
            limits,
            symbols: Arc::new(symbols.collect()),
        }
    }

    fn event(&self, mut raw: RawEvent, cx: &Cx<'_>) -> Result<Event, Poison> {
        let time = envelope::time(&raw, cx.time, self.limits.future_ms)?;
        envelope::complete(&mut raw)?;
        let payload = payload::read(&raw, self.limits.data_depth)?;
        let members = Members::new(&payload, &raw.extensions);
        let reading = reading::read(&members, self.limits.text_bytes, &self.symbols);
        let subject = placing::subject(&raw, &members, &reading);
        let attributes = match &payload {
            Payload::Json(json) => attributes::flatten(json, &raw.extensions),
            Payload::Text(_) | Payload::Absent => {
                attributes::flatten(&serde_json::Value::Null, &raw.extensions)
            }
        };
        Ok(Event {
            subject,
            time,
            received_at: cx.time,
            severity: members.severity(),
            author: members.author(),
            tags: members.tags(),
            attributes,
            id: raw.id,
            source: raw.source,
            kind: raw.kind,
            tenant: raw.tenant,
            ..reading.into_event()
        })
    }
}

impl Stage for Normalizer {
    type In = RawEvent;
    type Out = Event;
    type Stores = ();

    fn apply(&mut self, input: RawEvent, (): &mut (), cx: &Cx<'_>) -> Result<Emit<Event>, Poison> {
        self.event(input, cx).map(Emit::One)
    }
}
