//! The data as JSON or as text, by its content type. No I/O.

use crate::reason;
use model::RawEvent;
use serde_json::Value;
use stage::Poison;

/// The data of a raw event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Payload {
    /// `application/json`, anything `+json`, or no content type.
    Json(Value),
    /// `text/*`.
    Text(String),
    /// No data, which `CloudEvents` allow.
    Absent,
}

/// Reads the data.
pub(crate) fn read(raw: &RawEvent, depth: usize) -> Result<Payload, Poison> {
    let Some(data) = raw.data.as_deref().filter(|data| !data.trim_ascii().is_empty()) else {
        return Ok(Payload::Absent);
    };
    let text = std::str::from_utf8(data).map_err(|error| {
        let message = format!(
            "the data is not UTF-8 at byte {}; encode text as UTF-8",
            error.valid_up_to()
        );
        Poison::new(reason::DATA_NOT_UTF8, message)
    })?;
    match media_type(raw.datacontenttype.as_deref()) {
        Media::Json => json(text, depth),
        Media::Text => Ok(Payload::Text(text.to_owned())),
        Media::Other(name) => {
            let message =
                format!("data of type {name:?} is not understood; send application/json or text/plain");
            Err(Poison::new(reason::INVALID_DATA, message))
        }
    }
}

enum Media<'a> {
    Json,
    Text,
    Other(&'a str),
}

fn media_type(content_type: Option<&str>) -> Media<'_> {
    let essence = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    let lower = essence.to_ascii_lowercase();
    match lower.as_str() {
        "" | "application/json" | "text/json" => Media::Json,
        _ if lower.ends_with("+json") => Media::Json,
        _ if lower.starts_with("text/") => Media::Text,
        _ => Media::Other(essence),
    }
}

fn json(text: &str, most: usize) -> Result<Payload, Poison> {
    if is_deeper(text, most) {
        let message = format!("the data is nested deeper than {most} levels; send it flatter");
        return Err(Poison::new(reason::DATA_TOO_DEEP, message));
    }
    let json = serde_json::from_str(text).map_err(|error| {
        let message =
            format!("the data is not JSON: {error}; send JSON, or say what it is in `datacontenttype`");
        Poison::new(reason::INVALID_DATA, message)
    })?;
    Ok(Payload::Json(json))
}

/// Whether brackets outside strings nest deeper than `most`; before parsing, whose recursion costs stack.
fn is_deeper(text: &str, most: usize) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                if depth > most {
                    return true;
                }
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(data: &[u8], content_type: Option<&str>) -> Result<Payload, &'static str> {
        let raw = RawEvent {
            data: Some(data.to_vec()),
            datacontenttype: content_type.map(str::to_owned),
            ..RawEvent::default()
        };
        read(&raw, 64).map_err(|poison| poison.reason)
    }

    #[test]
    fn the_content_type_decides() {
        assert!(matches!(of(b"{}", None), Ok(Payload::Json(_))));
        assert!(matches!(
            of(b"[1]", Some("application/vnd.x+json; charset=utf-8")),
            Ok(Payload::Json(_))
        ));
        assert_eq!(of(b"gm", Some("text/plain")), Ok(Payload::Text("gm".to_owned())));
        assert_eq!(of(b"<a/>", Some("application/xml")), Err(reason::INVALID_DATA));
        assert_eq!(of(b"  ", None), Ok(Payload::Absent));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        let deep = "[".repeat(10_000);
        assert_eq!(of(deep.as_bytes(), None), Err(reason::DATA_TOO_DEEP));
        assert_eq!(
            of(br#"{"a":"[[[[[[[[[[[[[[[[[[[[[[[[["}"#, None).map(|_| ()),
            Ok(())
        );
        for bad in [
            &b"{"[..],
            b"{\"a\":\"\\ud800\"}",
            b"{\"a\":1e999}",
            b"nul",
            b"{\"a\":1}}",
        ] {
            assert_eq!(
                of(bad, None),
                Err(reason::INVALID_DATA),
                "{}",
                String::from_utf8_lossy(bad)
            );
        }
        assert_eq!(of(b"{\"a\":\"\xff\"}", None), Err(reason::DATA_NOT_UTF8));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = of(&data, None);
        }
    }
}
