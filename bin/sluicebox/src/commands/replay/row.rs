//! From one line to one event. No I/O.

use super::columns::Columns;
use super::time::TimeFormat;
use model::{DEFAULT_TENANT, RawEvent};
use serde_json::{Map, Value};

/// How lines become events.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub kind: String,
    pub source: String,
    pub columns: Columns,
    pub time: TimeFormat,
    /// Added to every time, in ms.
    pub shift_ms: i64,
}

impl Shape {
    /// A line of JSON.
    pub(crate) fn json(&self, line: &[u8]) -> Result<RawEvent, String> {
        let object: Map<String, Value> =
            serde_json::from_slice(line).map_err(|error| format!("not a JSON object: {error}"))?;
        if object.contains_key("specversion") {
            let event = RawEvent::from_json(line).map_err(|error| error.to_string())?;
            return Ok(self.shifted(event));
        }
        self.event(object)
    }

    /// A line of CSV; numbers become numbers, everything else text.
    pub(crate) fn csv(&self, header: &[String], fields: &csv::StringRecord) -> Result<RawEvent, String> {
        if fields.len() != header.len() {
            return Err(format!(
                "{} columns, the first line has {}",
                fields.len(),
                header.len()
            ));
        }
        let members = header
            .iter()
            .zip(fields)
            .map(|(name, field)| (name.clone(), typed(field)));
        self.event(members.collect())
    }

    fn event(&self, mut data: Map<String, Value>) -> Result<RawEvent, String> {
        let attribute = |column: &Option<String>| {
            let column = column.as_deref()?;
            text_of(find(&data, column)?)
        };
        let columns = &self.columns;
        let (id, time) = (attribute(&columns.id), attribute(&columns.time));
        let (subject, tenant) = (attribute(&columns.subject), attribute(&columns.tenant));
        data.retain(|name, _| !columns.is_attribute(name));
        let data = self.renamed(data);
        let mut event = RawEvent {
            id: id.unwrap_or_default(),
            source: self.source.clone(),
            kind: self.kind.clone(),
            subject,
            time: time.map(|time| self.time.parse(&time)).transpose()?,
            tenant: tenant.unwrap_or_else(|| DEFAULT_TENANT.to_owned()),
            datacontenttype: Some("application/json".to_owned()),
            data: Some(Value::Object(data).to_string().into_bytes()),
            ..RawEvent::default()
        };
        // Before times are moved: an id must not depend on when the file is replayed.
        event.ensure_id();
        Ok(self.shifted(event))
    }

    fn renamed(&self, mut data: Map<String, Value>) -> Map<String, Value> {
        for (column, name) in &self.columns.renamed {
            let value = data.shift_remove(column).or_else(|| find(&data, column).cloned());
            if let Some(value) = value {
                data.insert(name.clone(), value);
            }
        }
        data
    }

    fn shifted(&self, mut event: RawEvent) -> RawEvent {
        event.time = event.time.map(|time| time.saturating_add(self.shift_ms));
        event
    }
}

/// A column, or a path through objects (`author.name`).
fn find<'a>(data: &'a Map<String, Value>, column: &str) -> Option<&'a Value> {
    if let Some(value) = data.get(column) {
        return Some(value);
    }
    let (first, rest) = column.split_once('.')?;
    find(data.get(first)?.as_object()?, rest)
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(bool) => Some(bool.to_string()),
        _ => None,
    }
}

/// A number only if writing it again gives the same text, so that `007` and `1e5` stay what they are.
fn typed(field: &str) -> Value {
    if let Ok(whole) = field.parse::<i64>()
        && whole.to_string() == field
    {
        return whole.into();
    }
    match field.parse::<f64>() {
        Ok(float) if float.is_finite() && float.to_string() == field => float.into(),
        _ => field.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shape(map: &str) -> Shape {
        Shape {
            kind: "post".to_owned(),
            source: "test".to_owned(),
            columns: map.parse().unwrap(),
            time: TimeFormat::new(None),
            shift_ms: 0,
        }
    }

    fn data(event: &RawEvent) -> Value {
        serde_json::from_slice(event.data.as_deref().unwrap()).unwrap()
    }

    #[test]
    fn columns_become_attributes_and_data() {
        let header = ["ID", "when", "body", "likes", "code"].map(str::to_owned);
        let row = csv::StringRecord::from(vec!["7", "5-7-2022 04:24", "hello", "3", "007"]);
        let event = shape("id=ID,time=when,text=body").csv(&header, &row).unwrap();
        assert_eq!((event.id.as_str(), event.time), ("7", Some(1_656_995_040_000)));
        assert_eq!(
            data(&event),
            serde_json::json!({ "likes": 3, "code": "007", "text": "hello" })
        );
    }

    #[test]
    fn an_id_made_from_content_does_not_depend_on_the_shift() {
        let line = br#"{"t":1656995040,"text":"hello"}"#;
        let mut later = shape("time=t");
        later.shift_ms = 86_400_000;
        let (now, then) = (later.json(line).unwrap(), shape("time=t").json(line).unwrap());
        assert_eq!(now.id, then.id);
        assert_eq!(now.time.unwrap() - then.time.unwrap(), 86_400_000);
    }

    #[test]
    fn paths_reach_into_objects_and_cloudevents_stay_themselves() {
        let event = shape("id=meta.id")
            .json(br#"{"meta":{"id":5},"text":"a"}"#)
            .unwrap();
        assert_eq!(event.id, "5");
        let event = shape("")
            .json(br#"{"specversion":"1.0","id":"1","source":"s","type":"t"}"#)
            .unwrap();
        assert_eq!((event.source.as_str(), event.kind.as_str()), ("s", "t"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(shape("").json(b"[1]").unwrap_err().contains("not a JSON object"));
        assert!(
            shape("time=t")
                .json(br#"{"t":"soon"}"#)
                .unwrap_err()
                .contains("--time-format")
        );
        let short = csv::StringRecord::from(vec!["1"]);
        assert!(
            shape("")
                .csv(&["a".to_owned(), "b".to_owned()], &short)
                .unwrap_err()
                .contains("1 columns")
        );
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in proptest::collection::vec(any::<u8>(), 0..200), map in "(id=[a-c.]{1,3})?") {
            let _ = shape(&map).json(&line);
            let field = String::from_utf8_lossy(&line).into_owned();
            let _ = shape("time=a").csv(&["a".to_owned()], &csv::StringRecord::from(vec![field]));
        }
    }
}
