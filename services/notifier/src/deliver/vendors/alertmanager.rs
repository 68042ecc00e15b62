//! Alertmanager's own webhook format, version 4, so that its receivers work here too. Pure.
//!
//! A status alone is the answer, as for Alertmanager and for a webhook of ours.
//!
//! <https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>

use model::Notification;
use outbound::{Answer, HeaderMap, Request, Url, Wanted};
use serde_json::{Map, Value, json};
use settings::ChannelSettings;

use super::super::DeliverError;
use super::super::digest::digest;
use super::super::vendor::{Meaning, Message, Unwritable, Vendor};
use super::incident::Action;
use super::webhook::own_headers;
use super::{address, posted, statuses};
use crate::text::rfc3339;

/// The end of an alert that has none yet, as Go writes no time.
const NO_END: &str = "0001-01-01T00:00:00Z";

/// See the module.
pub(in super::super) struct Alertmanager {
    url: Url,
    headers: HeaderMap,
}

impl Alertmanager {
    pub(in super::super) fn new(settings: &ChannelSettings) -> Result<Self, DeliverError> {
        Ok(Self {
            url: address(settings, "", "")?,
            headers: own_headers(settings),
        })
    }
}

impl Vendor for Alertmanager {
    fn request(&self, message: &Message<'_>) -> Result<Request, Unwritable> {
        posted(&self.url, self.headers.clone(), &payload(message.notification))
    }

    fn meaning(&self, answer: &Answer) -> Meaning {
        statuses::meaning(answer)
    }

    fn wanted(&self) -> Wanted {
        Wanted::Status
    }
}

/// One group of one alert.
fn payload(notification: &Notification) -> Value {
    let status = match Action::of(notification) {
        Action::Resolve => "resolved",
        Action::Trigger | Action::Acknowledge => "firing",
    };
    let time = rfc3339(notification.time);
    let identity = identity(notification);
    let mut labels = identity.clone();
    labels.insert("severity".to_owned(), notification.level.as_str().into());
    let annotations = json!({"summary": notification.title, "description": notification.body});
    json!({
        "version": "4",
        "groupKey": format!("{{}}:{}", json!(identity)),
        "truncatedAlerts": 0,
        "status": status,
        "receiver": notification.channel,
        "groupLabels": identity,
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "",
        "alerts": [{
            "status": status,
            "labels": labels,
            "annotations": annotations,
            "startsAt": time,
            "endsAt": if status == "resolved" { &time } else { NO_END },
            "generatorURL": "",
            "fingerprint": fingerprint(&identity),
        }],
    })
}

/// The labels that tell one alert from another: not its level, which may change while it lasts.
fn identity(notification: &Notification) -> Map<String, Value> {
    let named = ["rule", "type"]
        .iter()
        .find_map(|name| notification.facts.get(*name)?.as_str());
    let labels = [
        ("alertname", named.unwrap_or(notification.origin.as_str())),
        ("origin", notification.origin.as_str()),
        ("origin_id", &notification.origin_id),
        ("subject", &notification.subject),
        ("tenant", &notification.tenant),
    ];
    labels
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into_iter()
        .collect()
}

/// Sixteen digits, the same for the same labels.
fn fingerprint(labels: &Map<String, Value>) -> String {
    digest(json!(labels).to_string().as_bytes(), 8)
}

#[cfg(test)]
mod tests {
    use settings::Secret;

    use super::super::tests::{body_of, notification, settings};
    use super::*;

    #[test]
    fn it_has_every_member_of_the_format_and_a_resolved_alert_ends() {
        let url = Some(Secret::new("http://receiver.example/alerts"));
        let alertmanager = Alertmanager::new(&ChannelSettings { url, ..settings() }).unwrap();
        let firing = body_of(&alertmanager, &notification());
        let group = json!({"alertname": "signal", "origin": "signal", "origin_id": "sig_1", "subject": "user:1", "tenant": "acme"});
        let mut labels = group.clone();
        labels["severity"] = "high".into();
        let annotations =
            json!({"summary": "[HIGH] a < b", "description": "see <https://x.example/?a=1&b=2>"});
        let mut expected = json!({
            "version": "4",
            "groupKey": format!("{{}}:{}", group),
            "truncatedAlerts": 0,
            "status": "firing",
            "receiver": "ops",
            "groupLabels": group,
            "commonLabels": labels,
            "commonAnnotations": annotations,
            "externalURL": "",
            "alerts": [{
                "status": "firing",
                "labels": labels,
                "annotations": annotations,
                "startsAt": "2023-11-14T22:13:20.123Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "",
                "fingerprint": fingerprint(&identity(&notification())),
            }],
        });
        assert_eq!(firing, expected);
        let over = Notification {
            state: "downgraded".to_owned(),
            ..notification()
        };
        let resolved = body_of(&alertmanager, &over);
        expected["status"] = "resolved".into();
        expected["alerts"][0]["status"] = "resolved".into();
        expected["alerts"][0]["endsAt"] = "2023-11-14T22:13:20.123Z".into();
        assert_eq!(resolved, expected, "the same labels, group and fingerprint");
    }
}
