//! The data as JSON or as text, by its content type.

use crate::{Limits, Refusal};
use model::presented::{self, Hiding};
use model::{Json, JsonError, Media};

/// U+FEFF, which a reader of JSON may ignore at the beginning (RFC 8259, section 8.1).
const MARK: char = '\u{feff}';

/// The data of an event.
#[derive(Debug, PartialEq)]
pub enum Payload<'a> {
    /// `application/json`, anything `+json`, or no content type.
    Json(Json<'a>),
    /// `text/*`.
    Text(&'a str),
    /// No data, which CloudEvents allow.
    Absent,
}

/// Reads the data.
pub fn payload<'a>(
    data: Option<&'a [u8]>,
    content_type: Option<&str>,
    limits: &Limits,
) -> Result<Payload<'a>, Refusal> {
    let Some(data) = data.filter(|data| !data.trim_ascii().is_empty()) else {
        return Ok(Payload::Absent);
    };
    let (length, limit) = (data.len(), limits.data);
    if length > limit {
        return Err(Refusal::DataTooLarge { length, limit });
    }
    let media = Media::of(content_type.unwrap_or_default());
    if let Media::Other(name) = media {
        return Err(Refusal::ContentType(name.to_owned()));
    }
    let text = std::str::from_utf8(data).map_err(|error| Refusal::DataNotUtf8(error.valid_up_to()))?;
    let text = text.strip_prefix(MARK).unwrap_or(text);
    match media {
        Media::Json => json(text, limits.depth),
        Media::Text | Media::Other(_) => Ok(Payload::Text(text)),
    }
}

fn json(text: &str, depth: usize) -> Result<Payload<'_>, Refusal> {
    let json = Json::read(text, depth).map_err(|error| match error {
        JsonError::TooDeep(depth) => Refusal::DataTooDeep(depth),
        JsonError::NotJson(why) => Refusal::NotJson(why),
    })?;
    presented::check(json.root()).map_err(|hiding| match hiding {
        Hiding::TooMany | Hiding::TooLong => Refusal::TooManyMembers(hiding),
        Hiding::Twice(_) => Refusal::AmbiguousMember(hiding),
    })?;
    Ok(Payload::Json(json))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;
    use proptest::prelude::*;

    fn of<'a>(data: &'a [u8], content_type: Option<&str>) -> Result<Payload<'a>, Reason> {
        payload(Some(data), content_type, &Limits::default()).map_err(|refusal| refusal.reason())
    }

    #[test]
    fn the_content_type_decides() {
        assert!(matches!(of(b"{}", None), Ok(Payload::Json(_))));
        for json in [
            "application/vnd.x+json; charset=utf-8",
            "Application/JSON",
            "TEXT/Json",
        ] {
            assert!(matches!(of(b"[1]", Some(json)), Ok(Payload::Json(_))), "{json}");
        }
        assert_eq!(of(b"gm", Some("TEXT/Plain")), Ok(Payload::Text("gm")));
        assert_eq!(of(b"<a/>", Some("application/xml")), Err(Reason::InvalidData));
        assert_eq!(of(b"\xff\xd8", Some("image/jpeg")), Err(Reason::InvalidData));
        assert_eq!(of(b"  ", None), Ok(Payload::Absent));
        assert_eq!(of(b"", Some("image/jpeg")), Ok(Payload::Absent));
    }

    #[test]
    fn a_byte_order_mark_is_no_data() {
        assert!(matches!(of(b"\xef\xbb\xbf{}", None), Ok(Payload::Json(_))));
        assert_eq!(of(b"\xef\xbb\xbfgm", Some("text/plain")), Ok(Payload::Text("gm")));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        let deep = "[".repeat(10_000);
        assert_eq!(of(deep.as_bytes(), None), Err(Reason::DataTooDeep));
        assert!(of(br#"{"a":"[[[[[[[[[[[[[[[[[[[[[[[[["}"#, None).is_ok());
        for bad in [
            &b"{"[..],
            b"{\"a\":\"\\ud800\"}",
            b"{\"a\":1e999}",
            b"nul",
            b"{\"a\":1}}",
        ] {
            assert_eq!(
                of(bad, None),
                Err(Reason::InvalidData),
                "{}",
                String::from_utf8_lossy(bad)
            );
        }
        assert_eq!(of(b"{\"a\":\"\xff\"}", None), Err(Reason::DataNotUtf8));
        let large = vec![b' '; 2 * 1024 * 1024];
        assert_eq!(of(&[&large[..], b"1"].concat(), None), Err(Reason::DataTooLarge));
    }

    #[test]
    fn data_that_could_hide_a_member_is_refused() {
        let junk: Vec<String> = (0..presented::MOST).map(|n| format!("\"k{n}\":1")).collect();
        let padded = format!("{{{},\"amount\":5000}}", junk.join(","));
        assert_eq!(of(padded.as_bytes(), None), Err(Reason::TooManyMembers));
        assert_eq!(
            of(br#"{"a.b":1,"a":{"b":2}}"#, None),
            Err(Reason::AmbiguousMember)
        );
        assert!(of(br#"{"a":1,"a":2}"#, None).is_ok());
        assert!(of(br#"{"a":1,"b":{"a":2}}"#, None).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..300), kind in ".{0,20}") {
            let _ = of(&data, None);
            let _ = of(&data, Some(&kind));
        }
    }
}
