//! What a sender says of itself and of others, which counts only if it is trusted. No I/O.

use model::{Facts, RawEvent};

/// Attributes that rules take over what was read from the text.
const JUDGEMENTS: [&str; 3] = ["author_weight", "sentiment", "spam"];
/// What stands before the name of a source that an event is about.
const ABOUT_SOURCE: &str = "source:";

/// Whether what the sender says counts: the edge said so, or it showed no key and `unnamed` are trusted.
pub(crate) fn trusted(raw: &RawEvent, unnamed: bool) -> bool {
    raw.trusted || raw.principal.is_none() && unnamed
}

/// Leaves out what a sender that is not trusted may not say of its own event.
pub(crate) fn strip(attributes: &mut Facts, trusted: bool) {
    if !trusted {
        attributes.retain(|name, _| !JUDGEMENTS.contains(&name.as_str()));
    }
}

/// Leaves out a subject that is another source's, if the sender is not trusted: the event's own source is its subject.
pub(crate) fn own_subject(raw: &mut RawEvent, trusted: bool) {
    let about = raw
        .subject
        .as_deref()
        .and_then(|subject| subject.strip_prefix(ABOUT_SOURCE));
    if !trusted && about.is_some_and(|about| about != raw.source) {
        raw.subject = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Value;

    fn raw(principal: Option<&str>, trusted: bool) -> RawEvent {
        RawEvent {
            source: "/shop".to_owned(),
            subject: Some("source:/bank".to_owned()),
            principal: principal.map(str::to_owned),
            trusted,
            ..RawEvent::default()
        }
    }

    #[test]
    fn trust_is_the_edges_or_of_those_without_a_key() {
        assert!(trusted(&raw(Some("shop"), true), false));
        assert!(!trusted(&raw(Some("shop"), false), true));
        assert!(trusted(&raw(None, false), true));
        assert!(!trusted(&raw(None, false), false));
    }

    #[test]
    fn judgements_and_others_subjects_count_only_with_trust() {
        let said = || {
            Facts::from([
                ("spam".to_owned(), Value::Double(0.0)),
                ("amount".to_owned(), Value::Long(1)),
            ])
        };
        let (mut kept, mut left) = (said(), said());
        strip(&mut kept, true);
        strip(&mut left, false);
        assert_eq!((kept.len(), left.len()), (2, 1));
        let (mut kept, mut left) = (raw(None, true), raw(Some("shop"), false));
        own_subject(&mut kept, true);
        own_subject(&mut left, false);
        assert!(kept.subject.is_some() && left.subject.is_none());
        left.subject = Some("source:/shop".to_owned());
        own_subject(&mut left, false);
        assert!(left.subject.is_some());
    }
}
