//! What of an answer is an item, and what of an item goes where: `JMESPath` expressions of the settings. No I/O.

use chrono::DateTime;
use jmespath::{Expression, Rcvar, Variable};
use model::Millis;
use serde_json::Value;
use settings::{SourceMapping, SourceSettings};

use crate::source::{Item, SourceError};

/// Numbers beyond this are milliseconds since 1970, and no seconds: they would be of the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;
/// Longest text that an answer says of its own failure.
const SHOWN: usize = 200;

/// See the module.
pub(super) struct Mapping {
    items: Path,
    id: Path,
    data: Path,
    time: Option<Path>,
    event_type: Option<Path>,
    subject: Option<Path>,
    error: Option<Path>,
}

/// One expression.
pub(super) struct Path(Expression<'static>);

impl Path {
    pub(super) fn new(settings: &SourceSettings, key: &'static str, text: &str) -> Result<Self, SourceError> {
        jmespath::compile(text)
            .map(Self)
            .map_err(|error| SourceError::Expression {
                source_name: settings.name.clone(),
                key,
                why: outbound::one_line(&error.to_string()),
            })
    }

    /// What it finds; nothing where that is null, or where it cannot be asked of this value.
    fn find(&self, of: &Value) -> Option<Rcvar> {
        let found = self.0.search(of).ok()?;
        (!found.is_null()).then_some(found)
    }

    /// The text or number that it finds.
    pub(super) fn text(&self, of: &Value) -> Option<String> {
        let text = match &*self.find(of)? {
            Variable::String(text) => text.clone(),
            Variable::Number(number) => number.to_string(),
            Variable::Bool(truth) => truth.to_string(),
            _ => return None,
        };
        (!text.trim().is_empty()).then_some(text)
    }
}

impl Mapping {
    pub(super) fn new(settings: &SourceSettings) -> Result<Self, SourceError> {
        let default = SourceMapping::default();
        let mapping = settings.mapping.as_ref().unwrap_or(&default);
        let path = |key, text: &str| Path::new(settings, key, text);
        let may = |key, text: &Option<String>| text.as_deref().map(|text| path(key, text)).transpose();
        Ok(Self {
            items: path("mapping.items", &mapping.items)?,
            id: path("mapping.id", &mapping.id)?,
            data: path("mapping.data", &mapping.data)?,
            time: may("mapping.time", &mapping.time)?,
            event_type: may("mapping.type", &mapping.event_type)?,
            subject: may("mapping.subject", &mapping.subject)?,
            error: may("mapping.error", &mapping.error)?,
        })
    }

    /// The items of an answer, or why it has none.
    pub(super) fn items(&self, answer: Value) -> Result<Vec<Value>, String> {
        if let Some(why) = self.error.as_ref().and_then(|error| error.find(&answer))
            && why.is_truthy()
        {
            let why: String = json(&why).to_string().chars().take(SHOWN).collect();
            return Err(format!("the answer says that it failed: {why}"));
        }
        // The answer as it is has its numbers digit by digit.
        if self.items.0.as_str() == "@" {
            return match answer {
                Value::Array(items) => Ok(items),
                _ => Err("the answer is no list; say in mapping.items where in it the list is".to_owned()),
            };
        }
        let found = self.items.find(&answer);
        match found.as_deref() {
            Some(Variable::Array(items)) => Ok(items.iter().map(|item| json(item)).collect()),
            Some(_) => Err("what mapping.items finds in the answer is no list".to_owned()),
            None => Err("mapping.items finds nothing in the answer".to_owned()),
        }
    }

    /// What an item says.
    pub(super) fn item(&self, item: Value) -> Item {
        let text = |path: &Option<Path>| path.as_ref().and_then(|path| path.text(&item));
        let time = self.time.as_ref().and_then(|time| time.find(&item));
        Item {
            id: self.id.text(&item).unwrap_or_default(),
            alike: None,
            time: time.and_then(|time| moment(&time)),
            event_type: text(&self.event_type),
            subject: text(&self.subject),
            data: match self.data.0.as_str() {
                "@" => item,
                _ => self.data.find(&item).map_or(Value::Null, |data| json(&data)),
            },
        }
    }
}

fn json(variable: &Variable) -> Value {
    serde_json::to_value(variable).unwrap_or_default()
}

/// A time as APIs write it.
fn moment(value: &Variable) -> Option<Millis> {
    let number = match value {
        Variable::Number(number) => number.as_f64()?,
        Variable::String(text) => match DateTime::parse_from_rfc3339(text.trim()) {
            Ok(time) => return Some(time.timestamp_millis()),
            // Some APIs write numbers as texts.
            Err(_) => text.trim().parse().ok()?,
        },
        _ => return None,
    };
    let ms = if number.abs() < MILLISECONDS_FROM {
        number * 1_000.0
    } else {
        number
    };
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the test before it")]
    (ms.is_finite() && ms.abs() < 8.0e15).then_some(ms as Millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn mapping(mapping: SourceMapping) -> Mapping {
        let settings = SourceSettings {
            mapping: Some(mapping),
            ..SourceSettings::default()
        };
        Mapping::new(&settings).unwrap()
    }

    #[test]
    fn an_item_is_what_the_expressions_find() {
        let of = mapping(SourceMapping {
            items: "data[]".to_owned(),
            time: Some("attributes.pool_created_at".to_owned()),
            event_type: Some("'pool.created'".to_owned()),
            subject: Some("join(':', ['token', id])".to_owned()),
            data: "attributes".to_owned(),
            ..SourceMapping::default()
        });
        let answer = json!({"data": [{"id": "eth_0x1", "attributes": {
            "pool_created_at": "2026-11-30T10:00:00Z", "reserve": "0.1234567890123456789012345678901234567890"}}]});
        let items = of.items(answer).unwrap();
        let item = of.item(items[0].clone());
        assert_eq!(
            (item.id.as_str(), item.subject.as_deref()),
            ("eth_0x1", Some("token:eth_0x1"))
        );
        assert_eq!(item.event_type.as_deref(), Some("pool.created"));
        assert_eq!(item.time, Some(1_796_032_800_000));
        assert_eq!(item.data["reserve"], "0.1234567890123456789012345678901234567890");
    }

    #[test]
    fn an_answer_that_says_that_it_failed_is_none() {
        let of = mapping(SourceMapping {
            items: "items".to_owned(),
            error: Some("error || (ok == `false` && 'not ok')".to_owned()),
            ..SourceMapping::default()
        });
        assert!(of.items(json!({"ok": true, "items": []})).is_ok());
        let why = of
            .items(json!({"ok": true, "error": "rate\nlimited", "items": []}))
            .unwrap_err();
        assert!(why.contains("rate\\nlimited"), "{why}");
        assert!(of.items(json!({"ok": false, "items": []})).is_err());
        for none in [json!({}), json!([1]), json!("x"), json!({"items": {"a": 1}})] {
            assert!(of.items(none).is_err());
        }
    }

    #[test]
    fn times_are_texts_seconds_or_milliseconds() {
        let of = |value: Value| moment(&Variable::from_serializable(value).unwrap());
        assert_eq!(of(json!(1_796_032_800)), Some(1_796_032_800_000));
        assert_eq!(of(json!(1_796_032_800_000_i64)), Some(1_796_032_800_000));
        assert_eq!(of(json!("1796032800")), Some(1_796_032_800_000));
        assert_eq!(of(json!(1_796_032_800.5)), Some(1_796_032_800_500));
        for none in [json!(null), json!("soon"), json!([1]), json!(1e300)] {
            assert_eq!(of(none), None);
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_survived(text in r#"[\[\]{}":,a-z0-9. -]{0,200}"#) {
            let of = mapping(SourceMapping { time: Some("t".to_owned()), ..SourceMapping::default() });
            if let Ok(answer) = serde_json::from_str::<Value>(&text)
                && let Ok(items) = of.items(answer)
            {
                for item in items {
                    drop(of.item(item));
                }
            }
        }
    }
}
