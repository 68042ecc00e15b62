//! An event as a lookup of facts: its fields by bare name, its attributes by dotted name.

use model::{Event, Facts as FactMap};

use crate::fact::{Fact, Facts};

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
        self.attributes.get(member).map(Fact::from)
    }
}

fn field<'a>(event: &'a Event, name: &str) -> Option<Fact<'a>> {
    Some(match name {
        "id" => Fact::Str(&event.id),
        "tenant" => Fact::Str(&event.tenant),
        "type" => Fact::Str(&event.kind),
        "source" => Fact::Str(&event.source),
        "subject" => Fact::Str(&event.subject),
        "time" => Fact::Long(event.time),
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
        _ => return None,
    })
}
