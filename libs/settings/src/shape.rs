//! Which keys exist: read off a full specimen of the settings, so that it can never fall behind them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::secret::REDACTED;
use crate::sections::Settings;

/// The key that stands for "any key" in a specimen's map.
pub(crate) const ANY_KEY: &str = "*";

/// The form that a part of the settings has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// A number, a text, a switch.
    Leaf,
    /// A text that may also be given as a file, under `<key>_file`.
    Secret,
    /// A list of one form.
    List(Box<Shape>),
    /// A map with keys of the user's choice.
    Open(Box<Shape>),
    /// A map with known keys.
    Section(BTreeMap<String, Shape>),
}

/// The form of all settings.
pub(crate) static SETTINGS: LazyLock<Shape> = LazyLock::new(|| {
    let specimen = serde_json::to_value(Settings::specimen()).unwrap_or(Value::Null);
    Shape::of(&specimen)
});

impl Shape {
    fn of(specimen: &Value) -> Self {
        match specimen {
            Value::String(text) if text == REDACTED => Self::Secret,
            Value::Array(items) => Self::List(Box::new(items.first().map_or(Self::Leaf, Self::of))),
            Value::Object(map) => match map.get(ANY_KEY) {
                Some(any) => Self::Open(Box::new(Self::of(any))),
                None => Self::Section(
                    map.iter()
                        .map(|(key, value)| (key.clone(), Self::of(value)))
                        .collect(),
                ),
            },
            _ => Self::Leaf,
        }
    }

    /// Whether this may be given by the name of a file that holds it.
    pub(crate) fn may_be_a_file(&self) -> bool {
        match self {
            Self::Secret => true,
            Self::List(item) => **item == Self::Secret,
            _ => false,
        }
    }

    /// The form under a key, if that key is known; the file alternative of a secret is a leaf.
    pub(crate) fn under(&self, key: &str) -> Option<&Shape> {
        match self {
            Self::Section(keys) => keys.get(key).or_else(|| {
                let secret = keys.get(key.strip_suffix("_file")?)?;
                secret.may_be_a_file().then_some(&Self::Leaf)
            }),
            Self::Open(any) => Some(any),
            Self::List(item) => key.parse::<u16>().ok().map(|_| &**item),
            Self::Leaf | Self::Secret => None,
        }
    }

    /// What to tell somebody who wrote an unknown key here.
    pub(crate) fn advice(&self, wrong: &str) -> String {
        let Self::Section(keys) = self else {
            return "nothing can be set below this key".to_owned();
        };
        let near = keys
            .keys()
            .map(|key| (strsim::damerau_levenshtein(key, wrong), key))
            .min()
            .filter(|(distance, key)| *distance <= 1 + key.len() / 4);
        if let Some((_, key)) = near {
            return format!("unknown key; did you mean `{key}`?");
        }
        let known: Vec<_> = keys.keys().map(String::as_str).collect();
        format!("unknown key; known here: {}", known.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specimen_reaches_into_every_list_and_option() {
        let http = SETTINGS.under("enricher").and_then(|s| s.under("http")).unwrap();
        assert!(http.under("url").is_some());
        let channel = SETTINGS
            .under("notifier")
            .and_then(|s| s.under("channels")?.under("0"))
            .unwrap();
        assert_eq!(channel.under("url"), Some(&Shape::Secret));
        assert_eq!(
            channel.under("secret"),
            Some(&Shape::List(Box::new(Shape::Secret)))
        );
        assert_eq!(channel.under("secret_file"), Some(&Shape::Leaf));
        assert_eq!(channel.under("name_file"), None);
        assert!(
            SETTINGS
                .under("kafka")
                .unwrap()
                .under("properties")
                .unwrap()
                .under("a.b")
                .is_some()
        );
    }

    /// The keys whose values are secrets, as documents write them.
    fn secrets(shape: &Shape, at: &str, found: &mut Vec<String>) {
        match shape {
            Shape::Leaf => {}
            Shape::Secret => found.push(at.to_owned()),
            Shape::List(item) if **item == Shape::Secret => found.push(at.to_owned()),
            Shape::List(item) => secrets(item, &format!("{at}[]"), found),
            Shape::Open(any) => secrets(any, at, found),
            Shape::Section(keys) => {
                let dot = if at.is_empty() { "" } else { "." };
                for (key, below) in keys {
                    secrets(below, &format!("{at}{dot}{key}"), found);
                }
            }
        }
    }

    #[test]
    fn every_secret_stands_in_the_table_of_those_that_are_followed() {
        let told = concat!(env!("CARGO_MANIFEST_DIR"), "/../../SECURITY.md");
        let told = std::fs::read_to_string(told).unwrap();
        let mut keys = Vec::new();
        secrets(&SETTINGS, "", &mut keys);
        assert!(
            keys.len() > 12 && keys.contains(&"access.jwt[].secrets".to_owned()),
            "{keys:?}"
        );
        for key in keys {
            assert!(
                told.contains(&format!("`{key}`")),
                "SECURITY.md does not say how {key} is followed"
            );
        }
    }

    #[test]
    fn a_near_miss_is_named() {
        let kafka = SETTINGS.under("kafka").unwrap();
        assert_eq!(kafka.advice("brokrs"), "unknown key; did you mean `brokers`?");
        assert!(
            kafka
                .advice("zzzzzzzz")
                .starts_with("unknown key; known here: brokers")
        );
    }
}
