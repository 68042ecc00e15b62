//! The attributes around the data: present, printable, not too long, not too many.

use crate::{Limits, Refusal};
use model::{DEFAULT_TENANT, RawEvent, is_tenant};

/// Longest name that a message repeats, in characters.
const SHOWN: usize = 64;

/// Holds the attributes to their limits. A blank subject counts as none, and an event without a tenant is the default
/// tenant's.
pub fn envelope(event: &mut RawEvent, limits: &Limits) -> Result<(), Refusal> {
    event.subject.take_if(|subject| subject.trim().is_empty());
    if event.tenant.is_empty() {
        DEFAULT_TENANT.clone_into(&mut event.tenant);
    }
    for (name, value) in [("source", &event.source), ("type", &event.kind)] {
        if value.trim().is_empty() {
            return Err(Refusal::Missing(name));
        }
    }
    attribute("id", &event.id, limits.id)?;
    attribute("source", &event.source, limits.name)?;
    attribute("type", &event.kind, limits.name)?;
    if !is_tenant(&event.tenant) {
        return Err(Refusal::Tenant(shown(&event.tenant)));
    }
    for (name, value) in [
        ("subject", &event.subject),
        ("datacontenttype", &event.datacontenttype),
    ] {
        attribute(name, value.as_deref().unwrap_or_default(), limits.attribute)?;
    }
    extensions(event, limits)
}

fn extensions(event: &RawEvent, limits: &Limits) -> Result<(), Refusal> {
    let (count, limit) = (event.extensions.len(), limits.extensions);
    if count > limit {
        return Err(Refusal::TooManyExtensions { count, limit });
    }
    event.extensions.iter().try_for_each(|(name, value)| {
        attribute("name of an extension", name, limits.attribute)?;
        attribute(name, value, limits.attribute).map_err(|refusal| of_extension(refusal, name))
    })
}

/// An extension attribute may be called like one of ours.
fn of_extension(refusal: Refusal, name: &str) -> Refusal {
    match refusal {
        Refusal::TooLong { length, limit, .. } => Refusal::TooLong {
            name: format!("extension {}", shown(name)),
            length,
            limit,
        },
        other => other,
    }
}

fn attribute(name: &str, value: &str, limit: usize) -> Result<(), Refusal> {
    let length = value.len();
    if length > limit {
        let name = shown(name);
        return Err(Refusal::TooLong { name, length, limit });
    }
    match value.chars().find(|character| character.is_control()) {
        Some(control) => Err(Refusal::ControlCharacter {
            name: shown(name),
            code: control.into(),
        }),
        None => Ok(()),
    }
}

fn shown(name: &str) -> String {
    name.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;

    fn event() -> RawEvent {
        RawEvent {
            source: "s".to_owned(),
            kind: "t".to_owned(),
            ..RawEvent::default()
        }
    }

    fn refused(mut event: RawEvent) -> Reason {
        envelope(&mut event, &Limits::default()).unwrap_err().reason()
    }

    #[test]
    fn a_blank_subject_is_none_and_no_tenant_is_the_default() {
        let mut one = RawEvent {
            subject: Some(" \t".to_owned()),
            ..event()
        };
        envelope(&mut one, &Limits::default()).unwrap();
        assert_eq!((one.subject, one.tenant.as_str()), (None, "default"));
    }

    #[test]
    fn every_attribute_has_its_limit_and_its_reason() {
        let long = |length: usize| "x".repeat(length);
        let cases = [
            (
                RawEvent {
                    id: long(1025),
                    ..event()
                },
                Reason::IdTooLong,
            ),
            (
                RawEvent {
                    source: long(1025),
                    ..event()
                },
                Reason::SourceTooLong,
            ),
            (
                RawEvent {
                    kind: long(1025),
                    ..event()
                },
                Reason::TypeTooLong,
            ),
            (
                RawEvent {
                    tenant: long(64),
                    ..event()
                },
                Reason::InvalidTenant,
            ),
            (
                RawEvent {
                    tenant: "Acme\0".to_owned(),
                    ..event()
                },
                Reason::InvalidTenant,
            ),
            (
                RawEvent {
                    subject: Some(long(4097)),
                    ..event()
                },
                Reason::AttributeTooLong,
            ),
            (
                RawEvent {
                    datacontenttype: Some(long(4097)),
                    ..event()
                },
                Reason::AttributeTooLong,
            ),
            (with(&long(4097), "x"), Reason::AttributeTooLong),
            (with("a", &long(4097)), Reason::AttributeTooLong),
            (with("id", &long(4097)), Reason::AttributeTooLong),
            (
                RawEvent {
                    kind: " ".to_owned(),
                    ..event()
                },
                Reason::InvalidCloudEvent,
            ),
            (
                RawEvent {
                    source: String::new(),
                    ..event()
                },
                Reason::InvalidCloudEvent,
            ),
            (
                RawEvent {
                    id: "a\0".to_owned(),
                    ..event()
                },
                Reason::ControlCharacter,
            ),
            (
                RawEvent {
                    subject: Some("a\u{7f}".to_owned()),
                    ..event()
                },
                Reason::ControlCharacter,
            ),
            (with("a\n", "x"), Reason::ControlCharacter),
            (with("a", "\u{85}"), Reason::ControlCharacter),
        ];
        for (event, reason) in cases {
            let shown = format!("{event:.80?}");
            assert_eq!(refused(event), reason, "{shown}");
        }
        let extensions = (0..65)
            .map(|number| (number.to_string(), String::new()))
            .collect();
        assert_eq!(
            refused(RawEvent {
                extensions,
                ..event()
            }),
            Reason::TooManyExtensions
        );
    }

    fn with(name: &str, value: &str) -> RawEvent {
        RawEvent {
            extensions: [(name.to_owned(), value.to_owned())].into(),
            ..event()
        }
    }
}
