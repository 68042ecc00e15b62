//! Slack by an incoming webhook. Pure.
//!
//! A 2xx is taken. Everything else is read by the code that is its body (`slack_blocks.rs`); without a known code 400 and
//! 413 are a dead letter, and the rest is tried again.
//!
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>

use std::num::NonZeroU32;

use outbound::{Answer, Request, Url, Wanted};
use settings::ChannelSettings;

use super::super::DeliverError;
use super::super::vendor::{Meaning, Message, Unwritable, Vendor};
use super::{address, json_headers, posted, slack_blocks, statuses, template};
use crate::text::{Escape, Template};

/// See the module.
pub(in super::super) struct SlackWebhook {
    url: Url,
    template: Template,
}

impl SlackWebhook {
    pub(in super::super) fn new(settings: &ChannelSettings) -> Result<Self, DeliverError> {
        Ok(Self {
            url: address(settings, "", "")?,
            template: template(settings, slack_blocks::SHIPPED, Escape::Slack)?,
        })
    }
}

impl Vendor for SlackWebhook {
    fn request(&self, message: &Message<'_>) -> Result<Request, Unwritable> {
        let body = slack_blocks::message(&self.template, message)?;
        posted(&self.url, json_headers(), &body)
    }

    fn meaning(&self, answer: &Answer) -> Meaning {
        meaning(answer)
    }

    /// A code is short, and comes with its status.
    fn wanted(&self) -> Wanted {
        Wanted::Status
    }

    fn rate_per_s(&self) -> Option<NonZeroU32> {
        Some(slack_blocks::RATE)
    }
}

/// The table of the module.
fn meaning(answer: &Answer) -> Meaning {
    if answer.is_success() {
        return Meaning::Taken;
    }
    let code = String::from_utf8_lossy(&answer.body);
    match slack_blocks::meaning(code.trim(), answer) {
        Meaning::Later { .. } => statuses::meaning(answer),
        known => known,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use settings::Secret;

    use super::super::super::vendor::{Change, Changes};
    use super::super::super::verdict::{RECEIVER_GONE, UNAUTHORIZED};
    use super::super::tests::{answer, body_of, busy, in_seconds, notification, request_of, settings};
    use super::*;

    fn slack(template: Option<&str>) -> SlackWebhook {
        SlackWebhook::new(&ChannelSettings {
            url: Some(Secret::new("https://hooks.slack.com/services/T0/B0/XXX")),
            template: template.map(str::to_owned),
            ..settings()
        })
        .unwrap()
    }

    #[test]
    fn a_message_has_blocks_that_mention_nobody() {
        let hostile = model::Notification {
            body: "<!channel> a & b".to_owned(),
            ..notification()
        };
        let plain = |text| json!({"type": "plain_text", "text": text, "emoji": false});
        assert_eq!(
            body_of(&slack(None), &hostile),
            json!({
                "text": "[HIGH] a &lt; b",
                "blocks": [
                    {"type": "header", "text": plain("[HIGH] a < b")},
                    {"type": "section",
                     "text": {"type": "mrkdwn", "text": "&lt;!channel&gt; a &amp; b", "verbatim": true}},
                    {"type": "context", "elements": [plain("high · verified · user:1")]},
                ],
                "unfurl_links": false,
                "unfurl_media": false,
            })
        );
    }

    /// <https://docs.slack.dev/reference/block-kit/blocks>: 150 characters of a header, 3,000 of a section, none empty.
    #[test]
    fn blocks_keep_their_limits() {
        let long = model::Notification {
            title: "word ".repeat(100),
            body: "a&b ".repeat(3_000),
            subject: "s".repeat(1_000),
            ..notification()
        };
        let body = body_of(&slack(None), &long);
        let length = |at: &str| body.pointer(at).unwrap().as_str().unwrap().chars().count();
        assert!(length("/blocks/0/text/text") <= 150 && length("/blocks/2/elements/0/text") <= 300);
        assert!((1_400..=3_000).contains(&length("/blocks/1/text/text")));
        let shorter = Changes {
            is_shorter: true,
            ..Changes::default()
        };
        let request = request_of(&slack(None), &long, &shorter);
        let halved: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let text = halved.pointer("/blocks/1/text/text").unwrap().as_str().unwrap();
        assert!(text.chars().count() <= 1_500 && text.ends_with("a&amp;b…"));
        let empty = model::Notification {
            body: String::new(),
            title: String::new(),
            ..notification()
        };
        assert_eq!(
            body_of(&slack(None), &empty)["blocks"].as_array().unwrap().len(),
            1
        );
    }

    #[test]
    fn a_template_of_the_user_takes_the_place_of_the_section() {
        let body = body_of(&slack(Some("*{{ level }}* {{ title }}")), &notification());
        let text = body.pointer("/blocks/1/text/text").unwrap();
        assert_eq!(text, "*high* [HIGH] a &lt; b");
    }

    /// <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors>
    #[test]
    fn each_answer_has_its_meaning() {
        assert_eq!(meaning(&answer(200, "ok")), Meaning::Taken);
        assert_eq!(
            meaning(&answer(200, "<html>")),
            Meaning::Taken,
            "the status is the answer"
        );
        for (status, code, expected) in [
            (400, "invalid_payload", Meaning::Never("http_4xx")),
            (400, "no_text", Meaning::Never("http_4xx")),
            (400, "user_not_found", Meaning::Disable(RECEIVER_GONE)),
            (403, "action_prohibited", Meaning::Disable(UNAUTHORIZED)),
            (403, "invalid_token", Meaning::Disable(UNAUTHORIZED)),
            (404, "channel_not_found", Meaning::Disable(RECEIVER_GONE)),
            (404, "no_service\n", Meaning::Disable(RECEIVER_GONE)),
            (410, "channel_is_archived", Meaning::Disable(RECEIVER_GONE)),
            (410, "", Meaning::Disable("http_410")),
            (400, "msg_blocks_too_long", Meaning::Otherwise(Change::Shorter)),
            (500, "rollup_error", Meaning::LATER),
            (404, "<html>not here</html>", Meaning::LATER),
            (400, "something new", Meaning::Never("http_4xx")),
            (302, "", Meaning::LATER),
        ] {
            assert_eq!(meaning(&answer(status, code)), expected, "{status} {code}");
        }
        assert_eq!(meaning(&busy(429, "ratelimited")), in_seconds(7));
        assert_eq!(meaning(&answer(429, "")), Meaning::LATER, "without a time");
    }
}
