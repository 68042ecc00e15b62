//! Events and signals as lookups of facts: fields by bare name, all else by dotted name.

use model::{Event, Facts as FactMap, Signal};

use crate::fact::{Fact, Facts};

/// Characters of a text that evidence keeps; what has so many may have had more.
const EVIDENCE_CHARACTERS: usize = 280;

/// Known facts by full name, as signals and events carry them.
impl Facts for FactMap {
    fn get(&self, name: &str) -> Option<Fact<'_>> {
        FactMap::get(self, name).map(Fact::from)
    }
}

/// Fields that an event may lack are known to be empty, not unknown: a post without an author has none.
/// Attributes are the scalar members of the payload, so `data.amount` is the attribute `amount`.
impl Facts for Event {
    fn get(&self, name: &str) -> Option<Fact<'_>> {
        if let Some(known) = field(self, name) {
            return Some(known);
        }
        let member = name
            .strip_prefix("data.")
            .or_else(|| name.strip_prefix("attributes."))
            .unwrap_or(name);
        let kept = self.attributes.get(member).map(Fact::from);
        kept.or_else(|| read_as(self, member))
    }
}

/// Members that became the text or the title are kept once.
fn read_as<'a>(event: &'a Event, member: &str) -> Option<Fact<'a>> {
    match member {
        "text" => event.text.as_deref(),
        "title" => event.title.as_deref(),
        _ => None,
    }
    .map(Fact::Str)
}

fn field<'a>(event: &'a Event, name: &str) -> Option<Fact<'a>> {
    Some(match name {
        "id" => Fact::Str(&event.id),
        "tenant" => Fact::Str(&event.tenant),
        "type" => Fact::Str(&event.kind),
        "source" => Fact::Str(&event.source),
        "subject" => Fact::Str(&event.subject),
        "time" => Fact::Long(event.time),
        "received_at" => Fact::Long(event.received_at),
        "text" => Fact::of_text(event.text.as_deref().or(event.title.as_deref())),
        "title" => Fact::of_text(event.title.as_deref()),
        "url" => Fact::of_text(event.url.as_deref()),
        "author" => Fact::of_text(event.author.as_deref()),
        "lang" => Fact::of_text(event.lang.as_deref()),
        "lang_confidence" => Fact::Double(event.lang_confidence),
        "severity" => Fact::of_text(event.severity.as_deref()),
        "cashtags" => Fact::StrList(&event.cashtags),
        "hashtags" => Fact::StrList(&event.hashtags),
        "urls" => Fact::StrList(&event.urls),
        "tags" => Fact::StrList(&event.tags),
        "addresses" => Fact::Addresses(&event.addresses),
        "mentions" => Fact::StrList(&event.mentions),
        "ens_names" => Fact::StrList(&event.ens_names),
        "transactions" => Fact::StrList(&event.transactions),
        "dates" => Fact::StrList(&event.dates),
        "keyphrases" => Fact::StrList(&event.keyphrases),
        "urgency" => Fact::StrList(&event.urgency),
        "spam_features" => Fact::StrList(&event.spam_features),
        "listed" => Fact::StrList(&event.listed),
        "sentiment" => judged(event, name, event.sentiment)?,
        "spam" => judged(event, name, event.spam)?,
        "author_weight" => judged(event, name, event.author_weight)?,
        _ => return None,
    })
}

/// What the producer says of its own event comes before what was read.
fn judged<'a>(event: &'a Event, name: &str, read: Option<f64>) -> Option<Fact<'a>> {
    let said = event.attributes.get(name).map(Fact::from);
    said.or_else(|| read.map(Fact::Double))
}

/// A signal's own fields and what is known about it. Its text and author are those of its newest evidence.
impl Facts for Signal {
    fn get(&self, name: &str) -> Option<Fact<'_>> {
        signal_field(self, name).or_else(|| self.facts.get(name).map(Fact::from))
    }
}

fn signal_field<'a>(signal: &'a Signal, name: &str) -> Option<Fact<'a>> {
    let newest = signal.evidence.last();
    Some(match name {
        "tenant" => Fact::Str(&signal.tenant),
        "type" => Fact::Str(&signal.kind),
        "subject" => Fact::Str(&signal.subject),
        "title" => Fact::Str(&signal.title),
        "text" => match newest.and_then(|evidence| evidence.text.as_deref()) {
            Some(text) if text.chars().nth(EVIDENCE_CHARACTERS - 1).is_some() => Fact::Beginning(text),
            text => Fact::of_text(text.or(Some(&signal.title))),
        },
        "author" => Fact::of_text(newest.and_then(|evidence| evidence.author.as_deref())),
        "lang" => Fact::of_text(signal.lang.as_deref()),
        "state" => Fact::Str(signal.state.as_str()),
        "evidence_count" => Fact::Long(signal.evidence_count),
        "source_count" => Fact::Long(signal.source_count),
        "suppressed" => Fact::Long(signal.suppressed),
        "first_seen" => Fact::Long(signal.first_seen),
        "last_seen" => Fact::Long(signal.last_seen),
        "heat_10m" => Fact::Long(signal.heat_10m),
        "heat_30m" => Fact::Long(signal.heat_30m),
        "heat_slope" | "heat_slope_10m" => Fact::Double(signal.slope_10m),
        "heat_slope_30m" => Fact::Double(signal.slope_30m),
        _ => return None,
    })
}
