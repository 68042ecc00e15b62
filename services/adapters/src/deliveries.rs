//! A verified delivery of a webhook as an event: its type, id and data by what each provider says where. No clock, no
//! I/O.

use access::webhook::{Delivery, Encoding, Scheme, SecretFault, Verifier, WebhookSecret};
use model::{Millis, RawEvent};
use serde_json::{Map, Value, json};
use settings::{SignatureEncoding, WebhookProvider, WebhookSettings};

/// Forms, as Slack's commands and GitHub's older webhooks send them.
const FORM: &str = "application/x-www-form-urlencoded";

/// What a delivery comes to.
pub(crate) enum Answered {
    /// An event.
    Event(Box<RawEvent>),
    /// Slack asks whether the address is ours, and is told what it sent.
    Challenge(Value),
}

/// How deliveries of a webhook are verified.
pub(crate) fn verifier(settings: &WebhookSettings) -> Result<Verifier, SecretFault> {
    let scheme = match settings.provider {
        WebhookProvider::Github => Scheme::Github,
        WebhookProvider::Slack => Scheme::Slack,
        WebhookProvider::Stripe => Scheme::Stripe,
        WebhookProvider::Standard => Scheme::Standard,
        WebhookProvider::Hmac => Scheme::Hmac {
            header: settings.header.to_ascii_lowercase(),
            prefix: settings.prefix.clone(),
            encoding: match settings.encoding {
                SignatureEncoding::Hex => Encoding::Hex,
                SignatureEncoding::Base64 => Encoding::Base64,
            },
            id_header: settings.id_header.as_ref().map(|name| name.to_ascii_lowercase()),
        },
    };
    let secrets = settings.secrets.iter();
    let secrets = secrets.map(|secret| WebhookSecret::new(&scheme, secret.expose()));
    Ok(Verifier {
        secrets: secrets.collect::<Result<_, _>>()?,
        tolerance: Millis::try_from(settings.tolerance.as_millis()).unwrap_or(Millis::MAX),
        scheme,
    })
}

/// The event of a delivery.
pub(crate) fn event<'h>(
    settings: &WebhookSettings,
    delivery: Delivery,
    header: impl Fn(&str) -> Option<&'h str>,
    body: &[u8],
    now: Millis,
) -> Answered {
    let media = header("content-type").unwrap_or("application/json");
    let (data, media) = data(body, media);
    let members: Map<String, Value> = serde_json::from_slice(&data).unwrap_or_default();
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    if settings.provider == WebhookProvider::Slack
        && let (Some("url_verification"), Some(challenge)) = (text("type"), text("challenge"))
    {
        return Answered::Challenge(json!({"challenge": challenge}));
    }
    let (kind, id) = match settings.provider {
        WebhookProvider::Github => (
            header("x-github-event").map(|kind| format!("github.{kind}")),
            None,
        ),
        WebhookProvider::Slack => {
            let inner = members.get("event").and_then(|event| event.get("type"));
            let kind = inner.and_then(Value::as_str).or(text("type"));
            let command = text("command").map(|_| "command");
            (
                kind.or(command).map(|kind| format!("slack.{kind}")),
                text("event_id"),
            )
        }
        WebhookProvider::Stripe => (text("type").map(|kind| format!("stripe.{kind}")), text("id")),
        WebhookProvider::Standard => (text("type").map(str::to_owned), None),
        WebhookProvider::Hmac => (None, None),
    };
    Answered::Event(Box::new(RawEvent {
        id: delivery.id.or(id.map(str::to_owned)).unwrap_or_default(),
        source: settings.source.clone().unwrap_or_else(|| settings.name.clone()),
        kind: kind.unwrap_or_else(|| settings.kind.clone()),
        // A provider's clock may be ahead of ours by the tolerance.
        time: delivery.sent.map(|sent| sent.min(now)),
        datacontenttype: Some(media),
        data: (!data.is_empty()).then_some(data),
        ..RawEvent::default()
    }))
}

/// The data and its media type. A form is an object of its fields, or the JSON in its only field `payload`.
fn data(body: &[u8], media: &str) -> (Vec<u8>, String) {
    let essence = media.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(FORM) {
        return (body.to_vec(), media.to_owned());
    }
    let fields: Vec<_> = url::form_urlencoded::parse(body).into_owned().collect();
    let json = match fields.as_slice() {
        [(name, payload)] if name == "payload" => payload.clone(),
        _ => {
            let fields = fields
                .into_iter()
                .map(|(name, value)| (name, Value::String(value)));
            Value::Object(fields.collect()).to_string()
        }
    };
    (json.into_bytes(), "application/json".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        provider: WebhookProvider,
        delivery: Delivery,
        headers: &[(&str, &'static str)],
        body: &str,
    ) -> Answered {
        let settings = WebhookSettings {
            name: "hooks".to_owned(),
            provider,
            ..WebhookSettings::default()
        };
        let header = |name: &str| {
            headers
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value)
        };
        event(&settings, delivery, header, body.as_bytes(), 5_000)
    }

    fn told(answered: Answered) -> (String, String, Option<Millis>, String) {
        let Answered::Event(event) = answered else {
            unreachable!("no event")
        };
        assert_eq!(event.source, "hooks");
        let data = String::from_utf8(event.data.unwrap()).unwrap();
        (event.kind, event.id, event.time, data)
    }

    #[test]
    fn each_provider_says_type_and_id_in_its_place() {
        let sent = |id: Option<&str>, sent| Delivery {
            id: id.map(str::to_owned),
            sent,
        };
        let github = read(
            WebhookProvider::Github,
            sent(Some("72d3"), None),
            &[("x-github-event", "push")],
            "{}",
        );
        assert_eq!(
            told(github),
            ("github.push".into(), "72d3".into(), None, "{}".into())
        );
        let body = r#"{"type":"event_callback","event_id":"Ev1","event":{"type":"message"}}"#;
        let slack = read(WebhookProvider::Slack, sent(None, Some(4_000)), &[], body);
        assert_eq!(
            told(slack),
            ("slack.message".into(), "Ev1".into(), Some(4_000), body.into())
        );
        let body = r#"{"id":"evt_1","type":"invoice.paid"}"#;
        let stripe = read(WebhookProvider::Stripe, sent(None, Some(9_000)), &[], body);
        assert_eq!(
            told(stripe),
            (
                "stripe.invoice.paid".into(),
                "evt_1".into(),
                Some(5_000),
                body.into()
            )
        );
        let body = r#"{"type":"user.created"}"#;
        let standard = read(WebhookProvider::Standard, sent(Some("msg_1"), Some(1)), &[], body);
        assert_eq!(
            told(standard),
            ("user.created".into(), "msg_1".into(), Some(1), body.into())
        );
        let plain = read(WebhookProvider::Hmac, Delivery::default(), &[], "[]");
        assert_eq!(told(plain), ("webhook".into(), String::new(), None, "[]".into()));
    }

    #[test]
    fn forms_are_read_and_slacks_challenge_is_answered() {
        let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let command = read(
            WebhookProvider::Slack,
            Delivery::default(),
            &form,
            "command=%2Fx&text=a+b",
        );
        assert_eq!(
            told(command),
            (
                "slack.command".into(),
                String::new(),
                None,
                r#"{"command":"/x","text":"a b"}"#.into()
            )
        );
        let body = "payload=%7B%22a%22%3A1%7D";
        let github = read(WebhookProvider::Github, Delivery::default(), &form, body);
        assert_eq!(told(github).3, r#"{"a":1}"#);
        let body = r#"{"type":"url_verification","challenge":"abc"}"#;
        let Answered::Challenge(json) = read(WebhookProvider::Slack, Delivery::default(), &[], body) else {
            unreachable!("an event")
        };
        assert_eq!(json, json!({"challenge": "abc"}));
    }
}
