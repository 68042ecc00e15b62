//! From one line to one event. No I/O.

use super::columns::Columns;
use super::encoding::not_utf8;
use super::members::{self, Members};
use super::time::TimeFormat;
use model::{DEFAULT_TENANT, RawEvent, Request};

/// How lines become events.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub kind: String,
    pub source: String,
    pub columns: Columns,
    /// Columns whose numbers stay text.
    pub text: Vec<String>,
    pub time: TimeFormat,
    /// Added to every time, in ms.
    pub shift_ms: i64,
}

impl Shape {
    /// A line of JSON.
    pub(crate) fn json(&self, line: &[u8]) -> Result<RawEvent, String> {
        let text = std::str::from_utf8(line).map_err(|error| not_utf8(error.valid_up_to()))?;
        let members = Members::of_json(text)?;
        if members.contains("specversion") {
            return RawEvent::from_json(line).map_err(|error| error.to_string());
        }
        self.event(members)
    }

    /// A line of CSV; plain numbers become numbers, everything else text.
    pub(crate) fn csv<'f>(
        &self,
        header: &[String],
        fields: impl ExactSizeIterator<Item = &'f [u8]>,
    ) -> Result<RawEvent, String> {
        if fields.len() != header.len() {
            return Err(format!(
                "{} columns, the first line has {}",
                fields.len(),
                header.len()
            ));
        }
        let mut members = Members::default();
        for (name, field) in header.iter().zip(fields) {
            let field = std::str::from_utf8(field)
                .map_err(|error| format!("column {name:?} is {}", not_utf8(error.valid_up_to())))?;
            let is_text = self.text.contains(name);
            members.push(
                name,
                if is_text {
                    members::text(field)
                } else {
                    members::typed(field)
                },
            );
        }
        self.event(members)
    }

    fn event(&self, mut data: Members) -> Result<RawEvent, String> {
        let attribute = |column: &Option<String>| members::scalar(&data.find(column.as_deref()?)?);
        let columns = &self.columns;
        let (id, time) = (attribute(&columns.id), attribute(&columns.time));
        let (subject, tenant) = (attribute(&columns.subject), attribute(&columns.tenant));
        data.retain(|name| !columns.is_attribute(name));
        for (column, name) in &columns.renamed {
            data.rename(column, name);
        }
        Ok(RawEvent {
            id: id.unwrap_or_default(),
            source: self.source.clone(),
            kind: self.kind.clone(),
            subject,
            time: time.map(|time| self.time.parse(&time)).transpose()?,
            tenant: tenant.unwrap_or_else(|| DEFAULT_TENANT.to_owned()),
            datacontenttype: Some("application/json".to_owned()),
            data: Some(data.to_string().into_bytes()),
            ..RawEvent::default()
        })
    }

    /// The event of a row with an id, at the time that it is replayed at. An id is made of the row as it stands in its
    /// file, so that it does not depend on when the file is replayed.
    pub(crate) fn placed(&self, mut event: RawEvent, row: &Request) -> RawEvent {
        event.ensure_id(row);
        event.time = event.time.map(|time| time.saturating_add(self.shift_ms));
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn shape(map: &str) -> Shape {
        Shape {
            kind: "post".to_owned(),
            source: "test".to_owned(),
            columns: map.parse().unwrap(),
            text: vec!["zip".to_owned()],
            time: TimeFormat::new(None),
            shift_ms: 0,
        }
    }

    fn csv(map: &str, header: &[&str], fields: &[&[u8]]) -> Result<RawEvent, String> {
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        shape(map).csv(&header, fields.iter().copied())
    }

    fn data(event: &RawEvent) -> Value {
        serde_json::from_slice(event.data.as_deref().unwrap()).unwrap()
    }

    #[test]
    fn columns_become_attributes_and_data() {
        let header = ["ID", "when", "body", "likes", "code", "zip"];
        let row: [&[u8]; 6] = [b"7", b"5-7-2022 04:24", b"hello", b"3", b"007", b"10115"];
        let event = csv("id=ID,time=when,text=body", &header, &row).unwrap();
        assert_eq!((event.id.as_str(), event.time), ("7", Some(1_656_995_040_000)));
        assert_eq!(
            data(&event),
            serde_json::json!({ "likes": 3, "code": "007", "zip": "10115", "text": "hello" })
        );
        let told = csv("", &["a"], &[b"caf\xe9"]).unwrap_err();
        assert!(
            told.contains("\"a\"") && told.contains("byte 3") && told.contains("--encoding"),
            "{told}"
        );
    }

    #[test]
    fn an_id_made_from_content_does_not_depend_on_the_shift() {
        let line = br#"{"t":1656995040,"text":"hello"}"#;
        let mut later = shape("time=t");
        later.shift_ms = 86_400_000;
        let row = Request::keyed("file").at(7);
        let placed = |shape: &Shape| shape.placed(shape.json(line).unwrap(), &row);
        let (now, then) = (placed(&later), placed(&shape("time=t")));
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
        assert!(csv("", &["a", "b"], &[b"1"]).unwrap_err().contains("1 columns"));
        assert!(shape("").json(b"{\"a\":\"\xe9\"}").unwrap_err().contains("UTF-8"));
    }

    #[test]
    fn every_digit_is_kept() {
        let event = shape("id=n")
            .json(br#"{"n":123456789012345678901,"d":0.1000000000000000055511151231}"#)
            .unwrap();
        assert_eq!(event.id, "123456789012345678901");
        assert_eq!(
            event.data.as_deref(),
            Some(&br#"{"d":0.1000000000000000055511151231}"#[..])
        );
        let event = csv("", &["a", "b"], &[b"1500.50", b"123456789012345678901"]).unwrap();
        assert_eq!(
            event.data.as_deref(),
            Some(&br#"{"a":1500.50,"b":123456789012345678901}"#[..])
        );
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in proptest::collection::vec(any::<u8>(), 0..200), map in "(id=[a-c.]{1,3})?") {
            let _ = shape(&map).json(&line);
            let _ = csv("time=a", &["a"], &[&line]);
        }
    }
}
