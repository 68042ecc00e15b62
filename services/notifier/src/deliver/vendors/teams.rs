//! Microsoft Teams by the webhook of a workflow: an adaptive card. Pure.
//!
//! | answer | what follows |
//! |---|---|
//! | 2xx | taken, unless its body says `HTTP error`: then as the status that it names |
//! | 413 | sent with half the text |
//! | 401, 403 with an error code | the channel is disabled (`unauthorized`) |
//! | `WorkflowNotFound`, `WorkflowTriggerIsNotEnabled`; 410 | the channel is disabled (`receiver_gone`, `http_410`) |
//! | any other 400, and those that speak of the message | a dead letter (`http_4xx`) |
//! | everything else | tried again, not sooner than `Retry-After` |
//!
//! <https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using>,
//! <https://learn.microsoft.com/en-us/azure/logic-apps/logic-apps-http-endpoint>,
//! <https://adaptivecards.io/explorer/TextBlock.html>

use std::num::NonZeroU32;

use outbound::{Answer, Request, Url};
use serde::Deserialize;
use serde_json::{Value, json};
use settings::ChannelSettings;

use super::super::DeliverError;
use super::super::vendor::{Change, Meaning, Message, Unwritable, Vendor};
use super::super::verdict::{RECEIVER_GONE, UNAUTHORIZED};
use super::{about, address, json_headers, posted, statuses, template};
use crate::text::{Escape, Limit, Template, cut};

const SHIPPED: &str = include_str!("../../../../../templates/channels/teams.md");
/// A message has at most 28 KiB in all; the rest of it is for title and frame.
const LONGEST: Limit = Limit::bytes(24 * 1024);
const TITLE: Limit = Limit::bytes(1_024);
/// Four requests a second to a webhook: the first page of the module.
const RATE: NonZeroU32 = NonZeroU32::MIN.saturating_add(3);
/// What a connector says behind a 200.
const FAILED: &str = "HTTP error ";

/// See the module.
pub(in super::super) struct Teams {
    url: Url,
    template: Template,
}

#[derive(Deserialize)]
struct Reply {
    error: ReplyError,
}

#[derive(Deserialize)]
struct ReplyError {
    code: String,
}

impl Teams {
    pub(in super::super) fn new(settings: &ChannelSettings) -> Result<Self, DeliverError> {
        Ok(Self {
            url: address(settings, "", "")?,
            template: template(settings, SHIPPED, Escape::Teams)?,
        })
    }
}

impl Vendor for Teams {
    fn request(&self, message: &Message<'_>) -> Result<Request, Unwritable> {
        let notification = message.notification;
        let limit = message.changes.within(LONGEST);
        let text = self
            .template
            .fitted(notification, limit, |text| Value::from(text).to_string().len())?;
        let title = Escape::Teams.apply(&cut(&notification.title, TITLE));
        let about = Escape::Teams.apply(&cut(&about(notification), TITLE));
        let body = json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "msteams": {"width": "Full"},
                    "body": [
                        {"type": "TextBlock", "text": title, "weight": "Bolder", "size": "Medium", "wrap": true},
                        {"type": "TextBlock", "text": text, "wrap": true},
                        {"type": "TextBlock", "text": about, "isSubtle": true, "size": "Small", "wrap": true},
                    ],
                },
            }],
        });
        posted(&self.url, json_headers(), &body)
    }

    fn meaning(&self, answer: &Answer) -> Meaning {
        meaning(answer)
    }

    fn rate_per_s(&self) -> Option<NonZeroU32> {
        Some(RATE)
    }
}

/// The table of the module.
fn meaning(answer: &Answer) -> Meaning {
    let inside = answer.is_success().then(|| status_inside(&answer.body)).flatten();
    let status = inside.unwrap_or(answer.status);
    let reply = serde_json::from_slice::<Reply>(&answer.body).ok();
    let code = reply.as_ref().map(|reply| reply.error.code.as_str());
    match (status, code) {
        (413, _) => Meaning::Otherwise(Change::Shorter),
        (401 | 403, Some(_)) => Meaning::Disable(UNAUTHORIZED),
        (400..=499, Some("WorkflowNotFound" | "WorkflowTriggerIsNotEnabled")) => {
            Meaning::Disable(RECEIVER_GONE)
        }
        _ if inside.is_some() => Meaning::LATER,
        _ => statuses::meaning(answer),
    }
}

/// "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with …"
fn status_inside(body: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once(FAILED)?;
    let number = rest.split(|c: char| !c.is_ascii_digit()).next();
    // A failure without a status is one all the same.
    Some(number.and_then(|number| number.parse().ok()).unwrap_or(500))
}

#[cfg(test)]
mod tests {
    use settings::Secret;

    use super::super::super::vendor::Changes;
    use super::super::tests::{answer, body_of, busy, in_seconds, notification, request_of, settings};
    use super::*;

    fn teams() -> Teams {
        Teams::new(&ChannelSettings {
            url: Some(Secret::new(
                "https://prod-1.westeurope.logic.azure.com/workflows/1/triggers/manual/paths/invoke?sig=x",
            )),
            ..settings()
        })
        .unwrap()
    }

    #[test]
    fn a_message_is_a_card_without_links_under_other_names() {
        let hostile = model::Notification {
            body: "[bank](https://evil.example)\nnew".to_owned(),
            ..notification()
        };
        let body = body_of(&teams(), &hostile);
        let card = body.pointer("/attachments/0/content").unwrap();
        assert_eq!(card["type"], "AdaptiveCard");
        let texts: Vec<_> = card["body"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| block["text"].clone())
            .collect();
        assert_eq!(
            texts,
            [
                "\\[HIGH\\] a < b",
                "\\[bank\\](https://evil.example)\n\nnew",
                "high · verified · user:1"
            ]
        );
    }

    #[test]
    fn a_message_keeps_below_28_kib() {
        for word in ["wörd ", "👍 ", "\"*_* ", "\u{1} "] {
            let long = model::Notification {
                title: word.repeat(2_000),
                body: word.repeat(9_000),
                subject: word.repeat(2_000),
                ..notification()
            };
            let whole = request_of(&teams(), &long, &Changes::default()).body.len();
            let shorter = Changes {
                is_shorter: true,
                ..Changes::default()
            };
            let half = request_of(&teams(), &long, &shorter).body.len();
            assert!(whole <= 40 * 1024 && half < whole, "{word}: {whole} {half}");
        }
        let long = model::Notification {
            body: "word ".repeat(9_000),
            ..notification()
        };
        assert!(request_of(&teams(), &long, &Changes::default()).body.len() <= 28 * 1024);
    }

    #[test]
    fn each_answer_has_its_meaning() {
        let of = |status, body: &str| meaning(&answer(status, body));
        assert_eq!((of(202, ""), of(200, "1")), (Meaning::Taken, Meaning::Taken));
        let failed = |code| {
            let said =
                "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error";
            of(200, &format!("{said} {code} with ContextId tcid=0"))
        };
        assert_eq!((failed("429"), failed("x")), (Meaning::LATER, Meaning::LATER));
        assert_eq!(failed("413"), Meaning::Otherwise(Change::Shorter));
        let error = |code| format!(r#"{{"error":{{"code":"{code}","message":"…"}}}}"#);
        assert_eq!(
            of(401, &error("DirectApiAuthorizationRequired")),
            Meaning::Disable(UNAUTHORIZED)
        );
        assert_eq!(
            of(404, &error("WorkflowNotFound")),
            Meaning::Disable(RECEIVER_GONE)
        );
        assert_eq!(
            of(400, &error("TriggerInputSchemaMismatch")),
            Meaning::Never("http_4xx")
        );
        assert_eq!(of(413, ""), Meaning::Otherwise(Change::Shorter));
        assert_eq!(
            meaning(&busy(429, &error("WorkflowTriggerThrottled"))),
            in_seconds(7)
        );
        for (status, body) in [
            (401, "<html>"),
            (404, ""),
            (502, &*error("BadGateway")),
            (302, ""),
        ] {
            assert_eq!(of(status, body), Meaning::LATER, "{status} {body}");
        }
    }
}
