//! Discord by a webhook. Pure.
//!
//! | answer | what follows |
//! |---|---|
//! | 2xx | taken |
//! | 429 with `retry_after` | tried again, not sooner |
//! | 400 with code 50035 for a content that is too long (`BASE_TYPE_MAX_LENGTH`) | sent with half the text |
//! | a code of a webhook, channel or thread that is gone (10003, 10015, 50083) | the channel is disabled (`receiver_gone`) |
//! | 401, 403 with any other code | the channel is disabled (`unauthorized`); Discord bans addresses that go on |
//! | any other 400, 413 | a dead letter (`http_4xx`) |
//! | everything else | tried again |
//!
//! <https://docs.discord.com/developers/resources/webhook#execute-webhook>,
//! <https://docs.discord.com/developers/topics/rate-limits#exceeding-a-rate-limit>,
//! <https://docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes>

use std::num::NonZeroU32;

use outbound::{Answer, Request, Url};
use serde::Deserialize;
use serde_json::json;
use settings::ChannelSettings;

use super::super::DeliverError;
use super::super::vendor::{Change, Meaning, Message, Unwritable, Vendor};
use super::super::verdict::{RECEIVER_GONE, REFUSED, UNAUTHORIZED};
use super::{address, json_headers, posted, statuses, template};
use crate::text::{Escape, Limit, Template};

const SHIPPED: &str = include_str!("../../../../../templates/channels/discord.md");
/// "The message contents (up to 2000 characters)"; units of UTF-16 are never fewer.
const LONGEST: Limit = Limit::utf16(2_000);
/// Links open no preview: <https://docs.discord.com/developers/resources/message#message-object-message-flags>.
const SUPPRESS_EMBEDS: u32 = 1 << 2;
/// Discord states no number; a webhook was seen to take thirty a minute.
const RATE: NonZeroU32 = NonZeroU32::MIN;
const GONE: [i64; 3] = [10_003, 10_015, 50_083];

/// See the module.
pub(in super::super) struct Discord {
    url: Url,
    template: Template,
}

#[derive(Deserialize)]
struct Reply {
    code: Option<i64>,
    retry_after: Option<f64>,
}

impl Discord {
    pub(in super::super) fn new(settings: &ChannelSettings) -> Result<Self, DeliverError> {
        let mut url = address(settings, "", "")?;
        // Without it the answer comes before the message is written.
        url.query_pairs_mut().append_pair("wait", "true");
        if let Some(thread) = &settings.thread {
            url.query_pairs_mut().append_pair("thread_id", thread);
        }
        Ok(Self {
            url,
            template: template(settings, SHIPPED, Escape::Discord)?,
        })
    }
}

impl Vendor for Discord {
    fn request(&self, message: &Message<'_>) -> Result<Request, Unwritable> {
        let limit = message.changes.within(LONGEST);
        let content = self
            .template
            .fitted(message.notification, limit, |text| limit.unit.length(text))?;
        let body = json!({
            "content": content,
            "allowed_mentions": {"parse": []},
            "flags": SUPPRESS_EMBEDS,
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
    if answer.is_success() {
        return Meaning::Taken;
    }
    let reply = serde_json::from_slice::<Reply>(&answer.body).ok();
    let code = reply.as_ref().and_then(|reply| reply.code);
    let is_gone = code.is_some_and(|code| GONE.contains(&code));
    match answer.status {
        400..=499 if is_gone => Meaning::Disable(RECEIVER_GONE),
        401 | 403 if code.is_some() => Meaning::Disable(UNAUTHORIZED),
        400 if code == Some(50_035) && is_too_long(answer) => Meaning::Otherwise(Change::Shorter),
        400 | 413 => Meaning::Never(REFUSED),
        429 => match reply.and_then(|reply| reply.retry_after) {
            Some(seconds) => Meaning::in_seconds(Some(seconds)),
            None => statuses::later(answer),
        },
        _ => statuses::later(answer),
    }
}

/// The code of a form whose error is named deep inside.
fn is_too_long(answer: &Answer) -> bool {
    String::from_utf8_lossy(&answer.body).contains("BASE_TYPE_MAX_LENGTH")
}

#[cfg(test)]
mod tests {
    use settings::Secret;

    use super::super::super::vendor::Changes;
    use super::super::tests::{answer, body_of, busy, in_seconds, notification, request_of, settings};
    use super::*;

    fn discord() -> Discord {
        Discord::new(&ChannelSettings {
            url: Some(Secret::new("https://discord.com/api/webhooks/1/abc")),
            thread: Some("42".to_owned()),
            ..settings()
        })
        .unwrap()
    }

    #[test]
    fn a_message_mentions_nobody_and_hides_no_link() {
        let hostile = model::Notification {
            body: "[bank](https://x.example/a_b) @everyone".to_owned(),
            ..notification()
        };
        let request = request_of(&discord(), &hostile, &Changes::default());
        assert_eq!(
            request.url.as_str(),
            "https://discord.com/api/webhooks/1/abc?wait=true&thread_id=42"
        );
        assert_eq!(
            body_of(&discord(), &hostile),
            json!({
                "content": "**\\[HIGH\\] a \\< b**\n\\[bank\\](https://x.example/a\\_b) @everyone",
                "allowed_mentions": {"parse": []},
                "flags": 4,
            })
        );
    }

    #[test]
    fn two_thousand_is_the_most() {
        for word in ["wörd ", "👍 ", "*_* "] {
            let long = model::Notification {
                body: word.repeat(3_000),
                ..notification()
            };
            let body = body_of(&discord(), &long);
            let length = body["content"].as_str().unwrap().encode_utf16().count();
            assert!((900..=2_000).contains(&length), "{word}: {length}");
        }
        let changes = Changes {
            is_shorter: true,
            ..Changes::default()
        };
        let long = model::Notification {
            body: "word ".repeat(3_000),
            ..notification()
        };
        assert!(request_of(&discord(), &long, &changes).body.len() < 1_200);
    }

    /// Answers as the pages of the module have them.
    #[test]
    fn each_answer_has_its_meaning() {
        let of = |status, body| meaning(&answer(status, body));
        assert_eq!(
            (of(204, ""), of(200, r#"{"id":"1"}"#)),
            (Meaning::Taken, Meaning::Taken)
        );
        let limited = r#"{"message":"You are being rate limited.","retry_after":64.57,"global":false}"#;
        let expected = std::time::Duration::from_secs_f64(64.57);
        assert_eq!(of(429, limited), Meaning::Later { rest: Some(expected) });
        assert_eq!(of(429, "<html>error 1015</html>"), Meaning::LATER);
        assert_eq!(meaning(&busy(429, "")), in_seconds(7));
        assert_eq!(of(429, r#"{"retry_after":-1}"#), Meaning::LATER);
        assert_eq!(
            of(404, r#"{"message":"Unknown Webhook","code":10015}"#),
            Meaning::Disable(RECEIVER_GONE)
        );
        assert_eq!(
            of(401, r#"{"message":"Invalid Webhook Token","code":50027}"#),
            Meaning::Disable(UNAUTHORIZED)
        );
        let long = r#"{"message":"Invalid Form Body","code":50035,"errors":{"content":{"_errors":[
            {"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 2000 or fewer in length."}]}}}"#;
        assert_eq!(of(400, long), Meaning::Otherwise(Change::Shorter));
        assert_eq!(
            of(400, r#"{"message":"Cannot send an empty message","code":50006}"#),
            Meaning::Never("http_4xx")
        );
        for (status, body) in [
            (404, "<html>"),
            (403, "error code: 1020"),
            (500, ""),
            (404, r#"{"code":0}"#),
            (302, ""),
        ] {
            assert_eq!(of(status, body), Meaning::LATER, "{status} {body}");
        }
    }
}
