//! The event of a test, as it is written and as the stream would present it. No I/O: whoever runs the tests brings the
//! normalizer, so that a test sees what rules see in production.

use model::{Event, RawEvent};

use crate::fact::{Fact, FactList, Facts, OwnedFact};
use crate::node::{Node, Yaml};

/// Turns the event that a test writes into the event that rules see, or says why there is none.
pub type Normalize<'n> = &'n dyn Fn(RawEvent) -> Result<Event, String>;

/// What an event of a test knows only where the test says so.
const WHEN: [&str; 4] = ["time", "received_at", "id", "tenant"];
/// What is read anew from the data, so that a test cannot say it in another form than the stream.
const READ: [&str; 2] = ["title", "text"];

/// An event of a test.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// What the test says, by name.
    pub(crate) said: FactList,
    /// What every event has.
    pub(crate) otherwise: FactList,
    raw: RawEvent,
    event: Option<Box<Event>>,
}

impl Given {
    /// `data` is the mapping under that name.
    pub(crate) fn new(mut said: FactList, otherwise: FactList, data: Option<&Node>) -> Self {
        // A text that says nothing is none, as the normalizer has it.
        let is_blank = |fact: &OwnedFact| matches!(fact, OwnedFact::Str(text) if text.trim().is_empty());
        said.0
            .retain(|(name, fact)| !(READ.contains(&name.as_str()) && is_blank(fact)));
        for (_, fact) in &mut said.0 {
            *fact = std::mem::replace(fact, OwnedFact::Null).known();
        }
        let raw = raw_event(&said, data);
        Self {
            said,
            otherwise,
            raw,
            event: None,
        }
    }

    /// The raw event that a producer would send.
    pub fn raw(&self) -> &RawEvent {
        &self.raw
    }

    /// Puts the test's event through the normalizer; what the test says itself stays as it says it.
    pub fn normalize(&mut self, normalize: Normalize<'_>) -> Result<(), String> {
        self.event = Some(Box::new(normalize(self.raw.clone())?));
        Ok(())
    }
}

impl Facts for Given {
    fn get(&self, name: &str) -> Option<Fact<'_>> {
        let said = || self.said.get(name);
        let read = || {
            let event = self.event.as_deref().filter(|_| !WHEN.contains(&name))?;
            event.get(name)
        };
        let first = if self.event.is_some() && READ.contains(&name) {
            read().or_else(said)
        } else {
            said().or_else(read)
        };
        first.or_else(|| self.otherwise.get(name))
    }
}

fn raw_event(said: &FactList, data: Option<&Node>) -> RawEvent {
    let text = |name: &str| match said.get(name) {
        Some(Fact::Str(text)) => Some(text.to_owned()),
        _ => None,
    };
    let time = match said.get("time") {
        Some(Fact::Long(millis)) => Some(millis),
        _ => None,
    };
    RawEvent {
        id: "test".to_owned(),
        source: text("source").unwrap_or_else(|| "test".to_owned()),
        kind: text("type").unwrap_or_else(|| "test".to_owned()),
        subject: text("subject"),
        time,
        tenant: model::DEFAULT_TENANT.to_owned(),
        data: data_of(said, data).map(String::into_bytes),
        ..RawEvent::default()
    }
}

/// The members of the data, with text and title among them where the test gives those by name.
fn data_of(said: &FactList, data: Option<&Node>) -> Option<String> {
    let entries: &[(Node, Node)] = match data.map(|data| &data.value) {
        Some(Yaml::Map(entries)) => entries,
        _ => &[],
    };
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let has = |name: &str| entries.iter().any(|(key, _)| key.text() == Some(name));
    let mut members: Vec<String> = entries
        .iter()
        .map(|(key, value)| format!("{}:{}", quoted(key.text().unwrap_or_default()), value.to_json()))
        .collect();
    for name in READ.iter().filter(|name| !has(name)) {
        if let Some(Fact::Str(text)) = said.get(name) {
            members.push(format!("{}:{}", quoted(name), quoted(text)));
        }
    }
    (!members.is_empty()).then(|| format!("{{{}}}", members.join(",")))
}

/// The node under a name of a mapping.
pub(crate) fn under<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    match &node.value {
        Yaml::Map(entries) => entries
            .iter()
            .find(|(key, _)| key.text() == Some(name))
            .map(|(_, value)| value),
        _ => None,
    }
}
