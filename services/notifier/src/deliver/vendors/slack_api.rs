//! Slack by `chat.postMessage` of a bot. Pure.
//!
//! Slack answers 200 also where it refuses: `"ok": true` is taken, `"ok": false` is read by its `error`
//! (`slack_blocks.rs`). What is no such JSON is no answer of Slack, and tried again.
//!
//! <https://docs.slack.dev/reference/methods/chat.postMessage>, <https://docs.slack.dev/apis/web-api/rate-limits>

use std::num::NonZeroU32;

use outbound::{Answer, HeaderMap, Request, Url};
use serde::Deserialize;
use settings::ChannelSettings;

use super::super::DeliverError;
use super::super::vendor::{Meaning, Message, Unwritable, Vendor};
use super::{address, authorized, posted, slack_blocks, statuses, template, token};
use crate::text::{Escape, Template};

const API: &str = "https://slack.com";

/// See the module.
pub(in super::super) struct SlackApi {
    url: Url,
    headers: HeaderMap,
    channel: String,
    thread: Option<String>,
    template: Template,
}

#[derive(Deserialize)]
struct Reply {
    ok: bool,
    #[serde(default)]
    error: String,
}

impl SlackApi {
    pub(in super::super) fn new(settings: &ChannelSettings) -> Result<Self, DeliverError> {
        Ok(Self {
            url: address(settings, API, "/api/chat.postMessage")?,
            headers: authorized("Bearer", token(settings)),
            channel: settings.to.clone().unwrap_or_default(),
            thread: settings.thread.clone(),
            template: template(settings, slack_blocks::SHIPPED, Escape::Slack)?,
        })
    }
}

impl Vendor for SlackApi {
    fn request(&self, message: &Message<'_>) -> Result<Request, Unwritable> {
        let mut body = slack_blocks::message(&self.template, message)?;
        if let Some(members) = body.as_object_mut() {
            members.insert("channel".to_owned(), self.channel.as_str().into());
            if let Some(thread) = &self.thread {
                members.insert("thread_ts".to_owned(), thread.as_str().into());
            }
        }
        posted(&self.url, self.headers.clone(), &body)
    }

    fn meaning(&self, answer: &Answer) -> Meaning {
        meaning(answer)
    }

    fn rate_per_s(&self) -> Option<NonZeroU32> {
        Some(slack_blocks::RATE)
    }
}

/// The table of the module.
fn meaning(answer: &Answer) -> Meaning {
    match serde_json::from_slice::<Reply>(&answer.body) {
        Ok(Reply { ok: true, .. }) if answer.is_success() => Meaning::Taken,
        Ok(Reply { ok: false, error }) => slack_blocks::meaning(&error, answer),
        _ => statuses::later(answer),
    }
}

#[cfg(test)]
mod tests {
    use settings::Secret;

    use super::super::super::vendor::{Change, Changes};
    use super::super::super::verdict::{RECEIVER_GONE, UNAUTHORIZED};
    use super::super::tests::{answer, body_of, busy, in_seconds, notification, request_of, settings};
    use super::*;

    fn slack() -> SlackApi {
        SlackApi::new(&ChannelSettings {
            token: Some(Secret::new("xoxb-1-2")),
            to: Some("C0123456789".to_owned()),
            thread: Some("1700000000.000100".to_owned()),
            ..settings()
        })
        .unwrap()
    }

    #[test]
    fn a_message_goes_to_a_channel_and_a_thread_with_a_token_that_is_not_shown() {
        let request = request_of(&slack(), &notification(), &Changes::default());
        assert_eq!(request.url.as_str(), "https://slack.com/api/chat.postMessage");
        assert_eq!(request.headers["authorization"], "Bearer xoxb-1-2");
        assert!(!format!("{request:?} {:?}", request.headers).contains("xoxb"));
        let body = body_of(&slack(), &notification());
        assert_eq!(
            (&body["channel"], &body["thread_ts"]),
            (&"C0123456789".into(), &"1700000000.000100".into())
        );
    }

    /// <https://docs.slack.dev/reference/methods/chat.postMessage#errors>
    #[test]
    fn each_answer_has_its_meaning() {
        let of = |code: &str| meaning(&answer(200, &format!(r#"{{"ok":false,"error":"{code}"}}"#)));
        assert_eq!(
            meaning(&answer(200, r#"{"ok":true,"channel":"C0","ts":"1.2"}"#)),
            Meaning::Taken
        );
        for code in [
            "invalid_auth",
            "account_inactive",
            "token_revoked",
            "missing_scope",
            "restricted_action",
        ] {
            assert_eq!(of(code), Meaning::Disable(UNAUTHORIZED), "{code}");
        }
        for code in ["channel_not_found", "not_in_channel", "is_archived"] {
            assert_eq!(of(code), Meaning::Disable(RECEIVER_GONE), "{code}");
        }
        for code in ["invalid_blocks", "no_text", "too_many_attachments"] {
            assert_eq!(of(code), Meaning::Never("http_4xx"), "{code}");
        }
        for code in [
            "internal_error",
            "fatal_error",
            "service_unavailable",
            "rate_limited",
            "something_new",
            "",
        ] {
            assert_eq!(of(code), Meaning::LATER, "{code}");
        }
        assert_eq!(of("msg_too_long"), Meaning::Otherwise(Change::Shorter));
        assert_eq!(
            meaning(&busy(429, r#"{"ok":false,"error":"ratelimited"}"#)),
            in_seconds(7)
        );
    }

    #[test]
    fn what_is_no_answer_of_slack_says_nothing() {
        for (status, body) in [
            (200, "ok"),
            (200, ""),
            (200, r#"{"ok":"#),
            (500, r#"{"ok":true}"#),
            (404, "<html>"),
        ] {
            assert_eq!(meaning(&answer(status, body)), Meaning::LATER, "{status} {body}");
        }
    }
}
