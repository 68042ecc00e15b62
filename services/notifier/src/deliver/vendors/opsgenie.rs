//! Opsgenie by its Alert API: create, acknowledge and close by one alias. Pure.
//!
//! | answer | what follows |
//! |---|---|
//! | 2xx | taken: "the request is valid and will be processed" |
//! | 401, 402, 403 with JSON | the channel is disabled (`unauthorized`) |
//! | 400, 413, 422, and others that speak of the message | a dead letter (`http_4xx`) |
//! | 429, 5xx, everything else | tried again |
//!
//! <https://docs.opsgenie.com/docs/alert-api>, <https://docs.opsgenie.com/docs/response>

use outbound::{Answer, HeaderMap, Request, Url};
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use settings::ChannelSettings;

use super::super::DeliverError;
use super::super::vendor::{Meaning, Message, Unwritable, Vendor};
use super::super::verdict::UNAUTHORIZED;
use super::incident::{self, Action};
use super::{address, authorized, posted, statuses, token};
use crate::text::{Limit, cut};

const API: &str = "https://api.opsgenie.com";
const MESSAGE: Limit = Limit::chars(130);
const DESCRIPTION: Limit = Limit::chars(15_000);
const ENTITY: Limit = Limit::chars(512);
const SOURCE: Limit = Limit::chars(100);
const LONGEST_ALIAS: usize = 512;
/// Of all names and values of the details together.
const DETAILS: usize = 8_000;

/// See the module.
pub(in super::super) struct Opsgenie {
    url: Url,
    headers: HeaderMap,
}

impl Opsgenie {
    pub(in super::super) fn new(settings: &ChannelSettings) -> Result<Self, DeliverError> {
        Ok(Self {
            url: address(settings, API, "/v2/alerts")?,
            headers: authorized("GenieKey", token(settings)),
        })
    }

    /// Where an open alert is acknowledged or closed.
    fn url_of(&self, alias: &str, action: &str) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend([alias, action]);
        }
        url.query_pairs_mut().append_pair("identifierType", "alias");
        url
    }
}

impl Vendor for Opsgenie {
    fn request(&self, message: &Message<'_>) -> Result<Request, Unwritable> {
        let notification = message.notification;
        let alias = incident::key(notification, LONGEST_ALIAS);
        let source = cut(&notification.channel, SOURCE);
        let note = json!({"source": source, "note": cut(&notification.title, DESCRIPTION)});
        let (url, body) = match Action::of(notification) {
            Action::Trigger => (self.url.clone(), alert(message, &alias)),
            Action::Acknowledge => (self.url_of(&alias, "acknowledge"), note),
            Action::Resolve => (self.url_of(&alias, "close"), note),
        };
        posted(&url, self.headers.clone(), &body)
    }

    fn meaning(&self, answer: &Answer) -> Meaning {
        meaning(answer)
    }
}

fn alert(message: &Message<'_>, alias: &str) -> Value {
    let notification = message.notification;
    json!({
        "message": cut(incident::summary(notification), MESSAGE),
        "alias": alias,
        "description": cut(&notification.body, DESCRIPTION),
        "entity": cut(&notification.subject, ENTITY),
        "source": cut(&notification.channel, SOURCE),
        "priority": priority(&notification.level),
        "details": details(message),
    })
}

/// Facts as texts, as many as there is room for.
fn details(message: &Message<'_>) -> Map<String, Value> {
    let mut room = DETAILS;
    let facts = message.notification.facts.iter();
    let facts = facts.map(|(name, value)| (name.clone(), value.to_string()));
    facts
        .take_while(|(name, value)| {
            let left = room.checked_sub(name.len() + value.len());
            room = left.unwrap_or_default();
            left.is_some()
        })
        .map(|(name, value)| (name, Value::from(value)))
        .collect()
}

/// Opsgenie knows five; a level of the user's own has the middle one.
fn priority(level: &str) -> &'static str {
    match level {
        "critical" => "P1",
        "high" => "P2",
        "low" => "P5",
        _ => "P3",
    }
}

/// The table of the module.
fn meaning(answer: &Answer) -> Meaning {
    let is_json = serde_json::from_slice::<IgnoredAny>(&answer.body).is_ok();
    match answer.status {
        401..=403 if is_json => Meaning::Disable(UNAUTHORIZED),
        _ => statuses::meaning(answer),
    }
}

#[cfg(test)]
mod tests {
    use model::Notification;

    use super::super::super::vendor::Changes;
    use super::super::tests::{answer, body_of, busy, in_seconds, notification, request_of, settings};
    use super::*;

    fn opsgenie() -> Opsgenie {
        Opsgenie::new(&settings()).unwrap()
    }

    #[test]
    fn a_signal_opens_an_alert_and_what_speaks_against_it_closes_it() {
        let request = request_of(&opsgenie(), &notification(), &Changes::default());
        assert_eq!(request.url.as_str(), "https://api.opsgenie.com/v2/alerts");
        assert_eq!(request.headers["authorization"], "GenieKey 123:token");
        let body = body_of(&opsgenie(), &notification());
        assert_eq!(
            (&body["alias"], &body["priority"]),
            (&"acme/sig_1".into(), &"P2".into())
        );
        let over = Notification {
            state: "closed".to_owned(),
            ..notification()
        };
        let request = request_of(&opsgenie(), &over, &Changes::default());
        assert_eq!(
            request.url.as_str(),
            "https://api.opsgenie.com/v2/alerts/acme%2Fsig_1/close?identifierType=alias"
        );
        assert_eq!(
            body_of(&opsgenie(), &over),
            json!({"source": "ops", "note": "[HIGH] a < b"})
        );
    }

    #[test]
    fn every_limit_is_kept() {
        let fact = |n: usize| (format!("fact{n:02}"), model::Value::from("v".repeat(900)));
        let long = Notification {
            title: "word ".repeat(100),
            body: "word ".repeat(9_000),
            subject: "s".repeat(9_000),
            facts: (0..60).map(fact).collect(),
            ..notification()
        };
        let body = body_of(&opsgenie(), &long);
        let length = |name: &str| body[name].as_str().unwrap().chars().count();
        assert!(length("message") <= 130 && length("description") <= 15_000 && length("entity") <= 512);
        let details = body["details"].as_object().unwrap();
        assert_eq!(details.len(), 8);
    }

    /// Answers as the pages of the module have them.
    #[test]
    fn each_answer_has_its_meaning() {
        let of = |status, body| meaning(&answer(status, body));
        assert_eq!(
            of(
                202,
                r#"{"result":"Request will be processed","took":0.302,"requestId":"4"}"#
            ),
            Meaning::Taken
        );
        let refused = r#"{"message":"Could not authenticate","took":0.1,"requestId":"4"}"#;
        for status in [401, 402, 403] {
            assert_eq!(of(status, refused), Meaning::Disable(UNAUTHORIZED), "{status}");
            assert_eq!(of(status, "<html>"), Meaning::LATER, "{status}");
        }
        let semantic = r#"{"message":"Request body is not processable","errors":{"message":"Message can not be empty."}}"#;
        assert_eq!(of(422, semantic), Meaning::Never("http_4xx"));
        assert_eq!(meaning(&busy(429, "{}")), in_seconds(7));
        for status in [404, 429, 500, 503] {
            assert_eq!(of(status, "{}"), Meaning::LATER, "{status}");
        }
    }
}
