//! Ids of events that have none: made of what they say and of the request that brought them. No I/O.

use super::RawEvent;
use crate::Id;
use crate::json::fingerprint;
use std::sync::Arc;

/// Extension attributes that belong to one attempt, and not to what is said.
const OF_THE_ATTEMPT: [&str; 3] = ["correlationid", "traceparent", "tracestate"];

/// What tells one request from another: a client that says the same twice means two events, one that sends a request
/// again means one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    key: Arc<str>,
    position: u64,
}

impl Request {
    /// A request with this key, such as that of the header `Idempotency-Key`; one that is not to be recognised has a key
    /// that nobody else has.
    pub fn keyed(key: impl Into<Arc<str>>) -> Self {
        Self {
            key: key.into(),
            position: 0,
        }
    }

    /// The record at this place of a topic, named without the prefix.
    pub fn record(topic: &str, partition: i32, offset: i64) -> Self {
        Self::keyed(format!("{topic}-{partition}-{offset}"))
    }

    /// The event at this position of it, or on this line.
    #[must_use]
    pub fn at(&self, position: u64) -> Self {
        Self {
            key: Arc::clone(&self.key),
            position,
        }
    }

    /// A number that is the same whenever the request is sent again.
    pub fn number(&self) -> u128 {
        let id = Id::new().part(&*self.key);
        id.part(self.position.to_le_bytes()).number()
    }
}

impl RawEvent {
    /// Gives the event an id if it has none.
    pub fn ensure_id(&mut self, request: &Request) {
        if self.id.is_empty() {
            self.id = self.made_id(request);
        }
    }

    /// An id made of the request, of whose event it is, and of what it says: source, type, subject, time to the
    /// millisecond, data by its meaning (every digit of a number counts, the order of members does not) and extension
    /// attributes, but for those that each attempt has anew.
    pub fn made_id(&self, request: &Request) -> String {
        let mut id = Id::new()
            .part(self.principal.as_deref().unwrap_or_default())
            .part(&self.tenant)
            .part(&*request.key)
            .part(request.position.to_le_bytes())
            .part(&self.source)
            .part(&self.kind)
            .part(self.subject.as_deref().unwrap_or_default())
            .part(self.time.map(|time| time.to_string()).unwrap_or_default());
        let data = self.data.as_deref().unwrap_or_default();
        id = match std::str::from_utf8(data).ok().and_then(fingerprint) {
            Some(number) => id.part(number.to_le_bytes()),
            None => id.part(data),
        };
        let said = self
            .extensions
            .iter()
            .filter(|(name, _)| !OF_THE_ATTEMPT.contains(&name.as_str()));
        said.fold(id, |id, (name, value)| id.part(name).part(value))
            .text("evt_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(time: Option<i64>, data: &str) -> RawEvent {
        RawEvent {
            source: "eventflow".to_owned(),
            kind: "login".to_owned(),
            subject: Some("user:7".to_owned()),
            time,
            data: Some(data.as_bytes().to_vec()),
            ..RawEvent::default()
        }
    }

    fn id(event: &RawEvent, key: &str, position: u64) -> String {
        event.made_id(&Request::keyed(key).at(position))
    }

    #[test]
    fn eleven_logins_of_one_second_are_eleven_and_a_request_sent_again_is_one() {
        let event = login(None, r#"{"success":true}"#);
        let ids: std::collections::BTreeSet<_> =
            (0..11).map(|number| id(&event, &number.to_string(), 0)).collect();
        assert_eq!(ids.len(), 11, "each in a request of its own");
        let ids: std::collections::BTreeSet<_> = (0..11).map(|position| id(&event, "k", position)).collect();
        assert_eq!(ids.len(), 11, "all in one request");
        let again = login(None, r#"{ "success": true }"#);
        assert_eq!(id(&event, "k", 0), id(&again, "k", 0));
    }

    #[test]
    fn a_millisecond_a_digit_and_a_tenant_make_another_event() {
        let one = login(Some(1), r#"{"wei":1000000000000000000001}"#);
        let others = [
            login(Some(2), r#"{"wei":1000000000000000000001}"#),
            login(Some(1), r#"{"wei":1000000000000000000002}"#),
            RawEvent {
                tenant: "acme".to_owned(),
                ..one.clone()
            },
            RawEvent {
                principal: Some("shop".to_owned()),
                ..one.clone()
            },
            RawEvent {
                extensions: [("session".to_owned(), "s".to_owned())].into(),
                ..one.clone()
            },
        ];
        for other in &others {
            assert_ne!(id(&one, "k", 0), id(other, "k", 0), "{other:?}");
        }
        let retried = RawEvent {
            extensions: [("correlationid".to_owned(), "2".to_owned())].into(),
            ..one.clone()
        };
        assert_eq!(id(&one, "k", 0), id(&retried, "k", 0));
    }

    #[test]
    fn an_id_that_is_there_stays() {
        let mut event = RawEvent {
            id: "mine".to_owned(),
            ..login(None, "{}")
        };
        event.ensure_id(&Request::keyed("k"));
        assert_eq!(event.id, "mine");
    }
}
