//! The members of one JSON object, taken by name; what a dialect does not know is kept as extensions. No I/O.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::Millis;
use serde_json::Value;
use serde_json::value::RawValue;

use super::instant;
use crate::rejection::Rejection;

/// The members of one JSON object; of members with the same name, the last. A null counts as missing.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    members: BTreeMap<Cow<'a, str>, &'a RawValue>,
    form: &'static str,
}

impl<'a> Members<'a> {
    /// Reads an object; `form` is what the dialect wants to see, for messages.
    pub(crate) fn read(json: &'a str, form: &'static str) -> Result<Self, Rejection> {
        let members = serde_json::from_str(json).map_err(|error| {
            let object = json.trim_ascii_start().starts_with('{');
            let valid = !object && serde_json::from_str::<&RawValue>(json).is_ok();
            if valid {
                Rejection::UnknownShape(form)
            } else {
                Rejection::NotJson(error.to_string())
            }
        })?;
        Ok(Self { members, form })
    }

    /// Whether a member is there and not null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|raw| raw.get() != "null")
    }

    /// The member as it was written.
    pub(crate) fn raw(&mut self, name: &str) -> Option<&'a str> {
        self.members
            .remove(name)
            .map(RawValue::get)
            .filter(|raw| *raw != "null")
    }

    /// The payload, byte for byte.
    pub(crate) fn bytes(&mut self, name: &str) -> Option<Vec<u8>> {
        self.raw(name).map(|raw| raw.as_bytes().to_vec())
    }

    /// A string or a number, as text; blank text counts as missing.
    pub(crate) fn label(&mut self, name: &'static str) -> Result<Option<String>, Rejection> {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        let label = match serde_json::from_str(raw) {
            Ok(Value::String(text)) => text,
            Ok(Value::Number(_)) => raw.to_owned(),
            _ => {
                return Err(Rejection::WrongType {
                    name: name.to_owned(),
                    wanted: "a string or a number",
                });
            }
        };
        Ok(Some(label).filter(|label| !label.trim().is_empty()))
    }

    /// A label that must be there.
    pub(crate) fn required(&mut self, name: &'static str) -> Result<String, Rejection> {
        self.label(name)?.ok_or(Rejection::Missing {
            name,
            form: self.form,
        })
    }

    /// A point in time, in any form clients send.
    pub(crate) fn time(&mut self, name: &'static str) -> Result<Option<Millis>, Rejection> {
        self.raw(name).map(|raw| instant::read(raw, name)).transpose()
    }

    /// All members that nobody took: text as it is, everything else as JSON, so that nothing that was sent is lost.
    pub(crate) fn rest(self) -> BTreeMap<String, String> {
        let text = |raw: &RawValue| {
            serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| raw.get().to_owned())
        };
        let given = self.members.into_iter().filter(|(_, raw)| raw.get() != "null");
        given.map(|(name, raw)| (name.into_owned(), text(raw))).collect()
    }
}
