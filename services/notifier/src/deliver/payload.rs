//! The body of a webhook: `type`, `timestamp`, `data`, as Standard Webhooks recommends. Pure.

use model::{Facts, Notification};
use serde::Serialize;

use crate::text::rfc3339;

#[derive(Serialize)]
struct Payload<'a> {
    /// `signal.verified`, `detection.detected`.
    #[serde(rename = "type")]
    kind: String,
    /// Time of what it tells of.
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    id: &'a str,
    tenant: &'a str,
    origin: &'a str,
    origin_id: &'a str,
    subject: &'a str,
    level: &'a str,
    state: &'a str,
    title: &'a str,
    body: &'a str,
    facts: &'a Facts,
}

/// The body, the same for every attempt, so that a receiver can compare.
pub(super) fn json(notification: &Notification) -> Result<Vec<u8>, serde_json::Error> {
    let Notification {
        id,
        tenant,
        origin_id,
        subject,
        level,
        state,
        title,
        body,
        facts,
        ..
    } = notification;
    let origin = notification.origin.as_str();
    let data = Data {
        id,
        tenant,
        origin,
        origin_id,
        subject,
        level,
        state,
        title,
        body,
        facts,
    };
    serde_json::to_vec(&Payload {
        kind: format!("{origin}.{state}"),
        timestamp: rfc3339(notification.time),
        data,
    })
}

#[cfg(test)]
mod tests {
    use model::Origin;

    use super::*;

    #[test]
    fn it_says_what_happened_when_and_to_what() {
        let notification = Notification {
            id: "ntf_1".to_owned(),
            origin: Origin::Signal,
            state: "verified".to_owned(),
            time: 1_700_000_000_123,
            ..Notification::default()
        };
        let json: serde_json::Value = serde_json::from_slice(&super::json(&notification).unwrap()).unwrap();
        assert_eq!(json["type"], "signal.verified");
        assert_eq!(json["timestamp"], "2023-11-14T22:13:20.123Z");
        assert_eq!(json["data"]["id"], "ntf_1");
        let at_the_end_of_time = Notification {
            time: i64::MAX,
            ..notification
        };
        assert!(super::json(&at_the_end_of_time).is_ok());
    }
}
