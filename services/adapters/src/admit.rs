//! The limits every event is held to, whatever dialect it came in. No clock, no I/O.

use model::RawEvent;

use crate::json::{check_sound, instant};
use crate::limits::{Limits, MAX_ATTRIBUTE_BYTES, MAX_EXTENSIONS};
use crate::rejection::Rejection;

/// The extension that `X-Correlation-ID` becomes; CloudEvents names have no dashes.
pub(crate) const CORRELATION: &str = "correlationid";

/// Checks an event, treats an empty subject as missing, and gives it an id made from its content if it has none.
pub(crate) fn admit(mut event: RawEvent, limits: &Limits) -> Result<RawEvent, Rejection> {
    event.subject = event.subject.filter(|subject| !subject.trim().is_empty());
    attribute("id", &event.id, limits.id_bytes)?;
    attribute("source", &event.source, MAX_ATTRIBUTE_BYTES)?;
    attribute("type", &event.kind, MAX_ATTRIBUTE_BYTES)?;
    attribute(
        "subject",
        event.subject.as_deref().unwrap_or_default(),
        MAX_ATTRIBUTE_BYTES,
    )?;
    attribute("tenant", &event.tenant, MAX_ATTRIBUTE_BYTES)?;
    attribute(
        "datacontenttype",
        event.datacontenttype.as_deref().unwrap_or_default(),
        MAX_ATTRIBUTE_BYTES,
    )?;
    extensions(&event)?;
    event
        .time
        .map(|time| instant::in_range(time, "time"))
        .transpose()?;
    if let Some(data) = event
        .data
        .as_deref()
        .filter(|_| is_json(event.datacontenttype.as_deref()))
    {
        check_sound(data, limits.depth)?;
    }
    event.ensure_id();
    Ok(event)
}

fn extensions(event: &RawEvent) -> Result<(), Rejection> {
    let count = event.extensions.len();
    if count > MAX_EXTENSIONS {
        return Err(Rejection::TooManyExtensions {
            count,
            limit: MAX_EXTENSIONS,
        });
    }
    event.extensions.iter().try_for_each(|(name, value)| {
        attribute("name of an extension", name, MAX_ATTRIBUTE_BYTES)?;
        attribute(name, value, MAX_ATTRIBUTE_BYTES)
    })
}

fn attribute(name: &str, value: &str, limit: usize) -> Result<(), Rejection> {
    if value.len() > limit {
        return Err(Rejection::TooLong {
            name: name.to_owned(),
            length: value.len(),
            limit,
        });
    }
    match value.chars().find(|character| character.is_control()) {
        Some(control) => Err(Rejection::ControlCharacter {
            name: name.to_owned(),
            code: control.into(),
        }),
        None => Ok(()),
    }
}

/// Whether a media type means JSON; none at all does.
pub(crate) fn is_json(media_type: Option<&str>) -> bool {
    let Some(media_type) = media_type else { return true };
    let essence = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence.is_empty() || essence.ends_with("/json") || essence.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> RawEvent {
        RawEvent {
            source: "s".into(),
            kind: "t".into(),
            tenant: "default".into(),
            ..RawEvent::default()
        }
    }

    fn refused(event: RawEvent) -> &'static str {
        admit(event, &Limits::default()).unwrap_err().describe().1
    }

    #[test]
    fn an_id_is_made_and_an_empty_subject_is_none() {
        let admitted = admit(
            RawEvent {
                subject: Some(" ".into()),
                ..event()
            },
            &Limits::default(),
        )
        .unwrap();
        assert_eq!(admitted.subject, None);
        assert_eq!(admitted.id, event().content_id());
    }

    #[test]
    fn every_limit_has_its_reason() {
        assert_eq!(
            refused(RawEvent {
                id: "x".repeat(1025),
                ..event()
            }),
            "attribute_too_long"
        );
        assert_eq!(
            refused(RawEvent {
                id: "a\0".into(),
                ..event()
            }),
            "control_character"
        );
        assert_eq!(
            refused(RawEvent {
                time: Some(-1),
                ..event()
            }),
            "time_out_of_range"
        );
        assert_eq!(
            refused(RawEvent {
                data: Some(b"{".to_vec()),
                ..event()
            }),
            "invalid_data"
        );
        assert_eq!(
            refused(RawEvent {
                data: Some("[".repeat(65).into_bytes()),
                ..event()
            }),
            "too_deep"
        );
        let extensions = (0..65)
            .map(|number| (number.to_string(), String::new()))
            .collect();
        assert_eq!(
            refused(RawEvent {
                extensions,
                ..event()
            }),
            "too_many_extensions"
        );
        let long = [("a".to_owned(), "x".repeat(5000))].into();
        assert_eq!(
            refused(RawEvent {
                extensions: long,
                ..event()
            }),
            "attribute_too_long"
        );
    }

    #[test]
    fn data_of_another_media_type_may_be_any_bytes() {
        let image = RawEvent {
            datacontenttype: Some("image/png".into()),
            data: Some(vec![0xff, 0]),
            ..event()
        };
        assert!(admit(image, &Limits::default()).is_ok());
    }
}
