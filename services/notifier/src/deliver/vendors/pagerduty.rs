//! PagerDuty by the Events API v2: trigger, acknowledge and resolve by one key. Pure.
//!
//! | answer | what follows |
//! |---|---|
//! | 2xx | taken |
//! | 400 whose errors name the routing key; 401, 403 with JSON | the channel is disabled (`unauthorized`) |
//! | any other 400, 413 | a dead letter (`http_4xx`) |
//! | 429, 5xx, everything else | tried again |
//!
//! <https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>,
//! <https://developer.pagerduty.com/docs/events-api-v2-overview#response-codes--retry-logic>

use outbound::{Answer, Request, Url};
use serde::Deserialize;
use serde_json::{Value, json};
use settings::{ChannelSettings, Secret};

use super::super::DeliverError;
use super::super::vendor::{Meaning, Message, Unwritable, Vendor};
use super::super::verdict::UNAUTHORIZED;
use super::incident::{self, Action};
use super::{address, json_headers, posted, statuses};
use crate::text::{Limit, cut, rfc3339};

const API: &str = "https://events.pagerduty.com";
/// Of `payload.summary` and of `dedup_key`.
const SUMMARY: Limit = Limit::chars(1_024);
const LONGEST_KEY: usize = 255;

/// See the module.
pub(in super::super) struct PagerDuty {
    url: Url,
    routing_key: Secret,
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<String>,
}

impl PagerDuty {
    pub(in super::super) fn new(settings: &ChannelSettings) -> Result<Self, DeliverError> {
        Ok(Self {
            url: address(settings, API, "/v2/enqueue")?,
            routing_key: settings.token.clone().unwrap_or_default(),
        })
    }
}

impl Vendor for PagerDuty {
    fn request(&self, message: &Message<'_>) -> Result<Request, Unwritable> {
        let notification = message.notification;
        let action = Action::of(notification);
        let mut body = json!({
            "routing_key": self.routing_key.expose(),
            "event_action": match action {
                Action::Trigger => "trigger",
                Action::Acknowledge => "acknowledge",
                Action::Resolve => "resolve",
            },
            "dedup_key": incident::key(notification, LONGEST_KEY),
            "client": "Sluicebox",
        });
        if let (Action::Trigger, Some(members)) = (action, body.as_object_mut()) {
            members.insert("payload".to_owned(), payload(message)?);
        }
        posted(&self.url, json_headers(), &body)
    }

    fn meaning(&self, answer: &Answer) -> Meaning {
        meaning(answer)
    }
}

fn payload(message: &Message<'_>) -> Result<Value, Unwritable> {
    let notification = message.notification;
    Ok(json!({
        "summary": cut(incident::summary(notification), SUMMARY),
        "source": notification.subject,
        "severity": severity(&notification.level),
        "timestamp": rfc3339(notification.time),
        "group": notification.tenant,
        "class": notification.origin.as_str(),
        "custom_details": {
            "text": notification.body,
            "level": notification.level,
            "state": notification.state,
            "notification": notification.id,
            "facts": serde_json::to_value(&notification.facts)?,
        },
    }))
}

/// PagerDuty knows four; a level of the user's own is a warning.
fn severity(level: &str) -> &'static str {
    match level {
        "critical" => "critical",
        "high" => "error",
        "low" => "info",
        _ => "warning",
    }
}

/// The table of the module.
fn meaning(answer: &Answer) -> Meaning {
    let reply = serde_json::from_slice::<Reply>(&answer.body).ok();
    match (answer.status, &reply) {
        (400, Some(reply)) if names_the_key(reply) => Meaning::Disable(UNAUTHORIZED),
        (401 | 403, Some(_)) => Meaning::Disable(UNAUTHORIZED),
        _ => statuses::meaning(answer),
    }
}

fn names_the_key(reply: &Reply) -> bool {
    let said = reply.errors.iter().chain([&reply.message]);
    said.into_iter().any(|said| {
        let said = said.to_ascii_lowercase();
        said.contains("routing_key") || said.contains("routing key")
    })
}

#[cfg(test)]
mod tests {
    use model::Notification;

    use super::super::super::vendor::Changes;
    use super::super::tests::{answer, body_of, busy, in_seconds, notification, request_of, settings};
    use super::*;

    fn pagerduty() -> PagerDuty {
        PagerDuty::new(&settings()).unwrap()
    }

    #[test]
    fn a_signal_opens_an_incident_and_what_speaks_against_it_resolves_it() {
        let request = request_of(&pagerduty(), &notification(), &Changes::default());
        assert_eq!(request.url.as_str(), "https://events.pagerduty.com/v2/enqueue");
        assert!(!format!("{request:?}").contains("token"));
        let opened = body_of(&pagerduty(), &notification());
        assert_eq!(
            (&opened["event_action"], &opened["dedup_key"]),
            (&"trigger".into(), &"acme/sig_1".into())
        );
        assert_eq!(opened["routing_key"], "123:token");
        let payload = &opened["payload"];
        assert_eq!(
            (&payload["severity"], &payload["source"]),
            (&"error".into(), &"user:1".into())
        );
        assert_eq!(payload["timestamp"], "2023-11-14T22:13:20.123Z");
        let over = Notification {
            state: "downgraded".to_owned(),
            ..notification()
        };
        let resolved = body_of(&pagerduty(), &over);
        assert_eq!(
            resolved,
            json!({"routing_key": "123:token", "event_action": "resolve", "dedup_key": "acme/sig_1", "client": "Sluicebox"})
        );
    }

    #[test]
    fn a_summary_is_never_empty_nor_too_long() {
        let of = |title: &str| {
            let notification = Notification {
                title: title.to_owned(),
                ..notification()
            };
            body_of(&pagerduty(), &notification)["payload"]["summary"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(of(""), "ntf_1");
        assert!(of(&"word ".repeat(1_000)).chars().count() <= 1_024);
    }

    /// Answers as the pages of the module have them.
    #[test]
    fn each_answer_has_its_meaning() {
        let of = |status, body| meaning(&answer(status, body));
        let taken = r#"{"status":"success","message":"Event processed","dedup_key":"acme/sig_1"}"#;
        assert_eq!(of(202, taken), Meaning::Taken);
        let key = r#"{"status":"invalid event","message":"Event object is invalid",
            "errors":["Length of 'routing_key' is incorrect (should be 32 characters)"]}"#;
        assert_eq!(of(400, key), Meaning::Disable(UNAUTHORIZED));
        let severity = r#"{"status":"invalid event","message":"Event object is invalid",
            "errors":["'payload.severity' is invalid (must be one of: critical, warning, error, info)"]}"#;
        assert_eq!(of(400, severity), Meaning::Never("http_4xx"));
        assert_eq!(
            (of(400, "<html>"), of(413, "")),
            (Meaning::Never("http_4xx"), Meaning::Never("http_4xx"))
        );
        assert_eq!(meaning(&busy(429, "")), in_seconds(7));
        for (status, body) in [
            (429, ""),
            (500, ""),
            (503, "{}"),
            (403, "<html>"),
            (404, "{}"),
            (302, ""),
        ] {
            assert_eq!(of(status, body), Meaning::LATER, "{status} {body}");
        }
    }
}
