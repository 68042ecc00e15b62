//! A webhook: JSON with a Standard Webhooks signature, or any JSON by a template of the channel. Pure.

use outbound::{Answer, HeaderMap, HeaderName, HeaderValue, Request, Url, Wanted};
use settings::ChannelSettings;

use super::super::DeliverError;
use super::super::payload;
use super::super::signature::Signer;
use super::super::vendor::{Meaning, Message, Unwritable, Vendor};
use super::{address, json_headers, statuses, template};
use crate::text::{Escape, Template, Texts};

/// See the module.
pub(in super::super) struct Webhook {
    url: Url,
    signers: Vec<Signer>,
    headers: HeaderMap,
    template: Option<Template>,
}

impl Webhook {
    pub(in super::super) fn new(settings: &ChannelSettings) -> Result<Self, DeliverError> {
        let signers: Result<_, _> = settings.secret.iter().map(Signer::new).collect();
        let own = settings.template.is_some();
        Ok(Self {
            url: address(settings, "", "")?,
            signers: signers.map_err(|error| DeliverError::Secret {
                channel: settings.name.clone(),
                error,
            })?,
            headers: own_headers(settings),
            template: own.then(|| template(settings, "", Escape::Json)).transpose()?,
        })
    }

    /// The same for every attempt, so that a receiver can compare.
    fn body(&self, message: &Message<'_>) -> Result<Vec<u8>, Unwritable> {
        let notification = message.notification;
        let Some(template) = &self.template else {
            return Ok(payload::json(notification)?);
        };
        let texts = Texts {
            title: &notification.title,
            body: &notification.body,
        };
        let text = template
            .render(notification, texts)
            .map_err(crate::text::TemplateError::from)?;
        // Half an object is refused here, not by the receiver.
        serde_json::from_str::<serde::de::IgnoredAny>(&text)?;
        Ok(text.into_bytes())
    }
}

impl Vendor for Webhook {
    fn request(&self, message: &Message<'_>) -> Result<Request, Unwritable> {
        let body = self.body(message)?;
        let signatures = self.signers.iter();
        let signatures: Vec<_> = signatures
            .map(|signer| signer.sign(message.key, message.sent_at, &body))
            .collect();
        let mut headers = self.headers.clone();
        let mut put = |name: &'static str, value: &str| {
            // All of ours are ASCII; a traceparent that is not is no traceparent.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        put("webhook-id", message.key);
        put("webhook-timestamp", &message.sent_at.to_string());
        if !signatures.is_empty() {
            put("webhook-signature", &signatures.join(" "));
        }
        if let Some(traceparent) = message.traceparent {
            put("traceparent", traceparent);
        }
        Ok(Request::post(self.url.clone(), headers, body))
    }

    fn meaning(&self, answer: &Answer) -> Meaning {
        statuses::meaning(answer)
    }

    fn wanted(&self) -> Wanted {
        Wanted::Status
    }
}

/// The headers of the settings, which are checked there, and that of a JSON body.
pub(super) fn own_headers(settings: &ChannelSettings) -> HeaderMap {
    let headers = settings.headers.iter();
    let headers = headers.filter_map(|(name, value)| {
        let mut value = HeaderValue::from_str(value.expose()).ok()?;
        value.set_sensitive(true);
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
    });
    let mut headers: HeaderMap = headers.collect();
    headers.extend(json_headers());
    headers
}

#[cfg(test)]
mod tests {
    use settings::Secret;

    use super::super::super::vendor::Changes;
    use super::super::tests::{body_of, notification, request_of, settings};
    use super::*;

    fn webhook(template: &str) -> Result<Webhook, DeliverError> {
        Webhook::new(&ChannelSettings {
            url: Some(Secret::new("https://x.example/hook")),
            template: Some(template.to_owned()),
            ..settings()
        })
    }

    #[test]
    fn any_json_is_sent_by_a_template_and_nothing_that_is_none() {
        let own =
            webhook(r#"{"text": {{ title ~ "!" }}, "about": {{ subject }}, "at": {{ time }}}"#).unwrap();
        let expected =
            serde_json::json!({"text": "[HIGH] a < b!", "about": "user:1", "at": "2023-11-14T22:13:20.123Z"});
        assert_eq!(body_of(&own, &notification()), expected);
        let request = request_of(&own, &notification(), &Changes::default());
        assert!(
            !request.headers.contains_key("webhook-signature") && request.headers.contains_key("webhook-id")
        );

        let notification = notification();
        let message = Message {
            notification: &notification,
            key: "ntf_1",
            traceparent: None,
            sent_at: 0,
            changes: &Changes::default(),
        };
        for wrong in [r#"{"text": "{{ title }}"}"#, "{\"a\": {{ body }}", "{{ 1 / 0 }}"] {
            assert!(webhook(wrong).unwrap().request(&message).is_err(), "{wrong}");
        }
        assert!(webhook("{{ title").is_err());
    }
}
