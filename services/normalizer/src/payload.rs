//! The data as JSON or as text, by its content type. No I/O.

use crate::reason;
use model::{Json, JsonError};
use stage::Poison;

/// The data of a raw event.
#[derive(Debug, PartialEq)]
pub(crate) enum Payload<'a> {
    /// `application/json`, anything `+json`, or no content type.
    Json(Json<'a>),
    /// `text/*`.
    Text(&'a str),
    /// No data, which `CloudEvents` allow.
    Absent,
}

/// Reads the data.
pub(crate) fn read<'a>(
    data: Option<&'a [u8]>,
    content_type: Option<&str>,
    depth: usize,
) -> Result<Payload<'a>, Poison> {
    let Some(data) = data.filter(|data| !data.trim_ascii().is_empty()) else {
        return Ok(Payload::Absent);
    };
    let text = std::str::from_utf8(data).map_err(|error| {
        let message = format!(
            "the data is not UTF-8 at byte {}; encode text as UTF-8",
            error.valid_up_to()
        );
        Poison::producer(reason::DATA_NOT_UTF8, message)
    })?;
    match media_type(content_type) {
        Media::Json => json(text, depth),
        Media::Text => Ok(Payload::Text(text)),
        Media::Other(name) => {
            let message =
                format!("data of type {name:?} is not understood; send application/json or text/plain");
            Err(Poison::producer(reason::INVALID_DATA, message))
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

fn json(text: &str, most: usize) -> Result<Payload<'_>, Poison> {
    let json = Json::read(text, most).map_err(|error| match error {
        JsonError::TooDeep(_) => Poison::producer(
            reason::DATA_TOO_DEEP,
            format!("the data is {error}; send it flatter"),
        ),
        JsonError::NotJson(why) => Poison::producer(
            reason::INVALID_DATA,
            format!("the data is not JSON: {why}; send JSON, or say what it is in `datacontenttype`"),
        ),
    })?;
    Ok(Payload::Json(json))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of<'a>(data: &'a [u8], content_type: Option<&str>) -> Result<Payload<'a>, &'static str> {
        read(Some(data), content_type, 64).map_err(|poison| poison.reason)
    }

    #[test]
    fn the_content_type_decides() {
        assert!(matches!(of(b"{}", None), Ok(Payload::Json(_))));
        assert!(matches!(
            of(b"[1]", Some("application/vnd.x+json; charset=utf-8")),
            Ok(Payload::Json(_))
        ));
        assert_eq!(of(b"gm", Some("text/plain")), Ok(Payload::Text("gm")));
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
