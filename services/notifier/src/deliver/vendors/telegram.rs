//! Telegram: `sendMessage` of a bot, as HTML. Pure.
//!
//! | answer | what follows |
//! |---|---|
//! | 2xx with `"ok": true` | taken |
//! | 2xx with anything else | tried again: it is no answer of the Bot API |
//! | 429 with `parameters.retry_after` | tried again, not sooner |
//! | 400 with `parameters.migrate_to_chat_id` | sent to that chat |
//! | 400 `message is too long` | sent with half the text |
//! | 400 `can't parse entities` | sent without markup |
//! | 400 `chat not found`, `message thread not found`, `TOPIC_CLOSED`; 403 | the channel is disabled (`receiver_gone`) |
//! | 401, 404 (no such token) | the channel is disabled (`unauthorized`) |
//! | every other 400, 413 | a dead letter (`http_4xx`) |
//! | everything else | tried again |
//!
//! <https://core.telegram.org/bots/api#making-requests>, <https://core.telegram.org/bots/api#responseparameters>,
//! <https://core.telegram.org/bots/api#sendmessage>

use std::num::NonZeroU32;

use outbound::{Answer, Request, Url};
use serde::{Deserialize, Serialize};
use settings::ChannelSettings;

use super::super::DeliverError;
use super::super::vendor::{Change, Meaning, Message, Unwritable, Vendor};
use super::super::verdict::{RECEIVER_GONE, REFUSED, UNAUTHORIZED};
use super::{address, json_headers, posted, statuses, template, token};
use crate::text::{Escape, Limit, Template, Unit, cut};

const API: &str = "https://api.telegram.org";
const SHIPPED: &str = include_str!("../../../../../templates/channels/telegram.html");
/// "1-4096 characters after entities parsing", counted as Telegram counts everything: in units of UTF-16.
const LONGEST: Limit = Limit::utf16(4096);
/// A bot may send one message a second to a chat: <https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>.
const RATE: NonZeroU32 = NonZeroU32::MIN;

/// See the module.
pub(in super::super) struct Telegram {
    url: Url,
    chat: String,
    topic: Option<i64>,
    template: Template,
}

#[derive(Serialize)]
struct SendMessage<'a> {
    chat_id: Chat<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_thread_id: Option<i64>,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parse_mode: Option<&'static str>,
    link_preview_options: LinkPreview,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Chat<'a> {
    Number(i64),
    Name(&'a str),
}

#[derive(Serialize)]
struct LinkPreview {
    is_disabled: bool,
}

#[derive(Default, Deserialize)]
struct Reply {
    ok: bool,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
struct Parameters {
    migrate_to_chat_id: Option<i64>,
    retry_after: Option<f64>,
}

impl Telegram {
    pub(in super::super) fn new(settings: &ChannelSettings) -> Result<Self, DeliverError> {
        let token = token(settings);
        Ok(Self {
            url: address(settings, API, &format!("/bot{token}/sendMessage"))?,
            chat: settings.to.clone().unwrap_or_default(),
            topic: settings.thread.as_ref().and_then(|topic| topic.parse().ok()),
            template: template(settings, SHIPPED, Escape::Html)?,
        })
    }

    fn text(&self, message: &Message<'_>) -> Result<String, Unwritable> {
        let notification = message.notification;
        let limit = message.changes.within(LONGEST);
        if message.changes.is_plain {
            let text = format!("{}\n\n{}", notification.title, notification.body);
            return Ok(cut(&text, limit).into_owned());
        }
        Ok(self.template.fitted(notification, limit, shown_length)?)
    }
}

impl Vendor for Telegram {
    fn request(&self, message: &Message<'_>) -> Result<Request, Unwritable> {
        let chat = message.changes.to.as_deref().unwrap_or(&self.chat);
        let text = self.text(message)?;
        let body = SendMessage {
            chat_id: chat.parse().map_or(Chat::Name(chat), Chat::Number),
            message_thread_id: self.topic,
            text: &text,
            parse_mode: (!message.changes.is_plain).then_some("HTML"),
            link_preview_options: LinkPreview { is_disabled: true },
        };
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
    let Ok(reply) = serde_json::from_slice::<Reply>(&answer.body) else {
        return match answer.status {
            413 => Meaning::Never(REFUSED),
            _ => statuses::later(answer),
        };
    };
    match answer.status {
        200..=299 if reply.ok => Meaning::Taken,
        400 => refused(&reply),
        401 | 404 => Meaning::Disable(UNAUTHORIZED),
        403 => Meaning::Disable(RECEIVER_GONE),
        413 => Meaning::Never(REFUSED),
        429 if reply.parameters.retry_after.is_some() => Meaning::in_seconds(reply.parameters.retry_after),
        _ => statuses::later(answer),
    }
}

/// The Bot API tells what is wrong with a request by its description alone.
fn refused(reply: &Reply) -> Meaning {
    if let Some(chat) = reply.parameters.migrate_to_chat_id {
        return Meaning::Otherwise(Change::To(chat.to_string()));
    }
    let description = reply.description.to_ascii_lowercase();
    let says = |part: &str| description.contains(part);
    if says("message is too long") {
        Meaning::Otherwise(Change::Shorter)
    } else if says("can't parse entities") {
        Meaning::Otherwise(Change::Plain)
    } else if says("chat not found")
        || says("thread not found")
        || says("topic_closed")
        || says("topic_deleted")
    {
        Meaning::Disable(RECEIVER_GONE)
    } else {
        Meaning::Never(REFUSED)
    }
}

/// The length after entities parsing: tags are nothing, an entity is one character.
fn shown_length(html: &str) -> usize {
    let mut length = 0;
    let mut until = None;
    for c in html.chars() {
        match (until, c) {
            (Some(end), c) if c == end => until = None,
            (Some(_), _) => {}
            (None, '<') => until = Some('>'),
            (None, '&') => {
                until = Some(';');
                length += 1;
            }
            (None, c) => length += c.len_utf16(),
        }
    }
    // A `&` or `<` that nothing ends, as a template of the user may have it, hides nothing.
    if until.is_some() {
        Unit::Utf16.length(html)
    } else {
        length
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::vendor::Changes;
    use super::super::tests::{answer, body_of, busy, in_seconds, notification, request_of, settings};
    use super::*;

    fn telegram(thread: Option<&str>) -> Telegram {
        let thread = thread.map(str::to_owned);
        Telegram::new(&ChannelSettings { thread, ..settings() }).unwrap()
    }

    #[test]
    fn a_message_is_html_without_markup_of_others() {
        let request = request_of(&telegram(None), &notification(), &Changes::default());
        assert_eq!(
            request.url.as_str(),
            "https://api.telegram.org/bot123:token/sendMessage"
        );
        assert_eq!(
            body_of(&telegram(Some("7")), &notification()),
            json!({
                "chat_id": -100_123,
                "message_thread_id": 7,
                "text": "<b>[HIGH] a &lt; b</b>\n\nsee &lt;https://x.example/?a=1&amp;b=2&gt;",
                "parse_mode": "HTML",
                "link_preview_options": {"is_disabled": true},
            })
        );
    }

    #[test]
    fn changes_that_the_receiver_asks_for_are_made() {
        let changes = Changes {
            is_plain: true,
            to: Some("-200".to_owned()),
            is_shorter: true,
        };
        let long = model::Notification {
            body: "word ".repeat(2_000),
            ..notification()
        };
        let request = request_of(&telegram(None), &long, &changes);
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(
            (&body["chat_id"], &body["parse_mode"]),
            (&json!(-200), &json!(null))
        );
        let text = body["text"].as_str().unwrap();
        assert!(
            text.starts_with("[HIGH] a < b\n") && text.ends_with("word…"),
            "{text}"
        );
        assert!((2_000..=2_048).contains(&text.len()));
    }

    #[test]
    fn four_thousand_and_ninety_six_are_counted_as_telegram_counts() {
        assert_eq!(shown_length("<b>a &lt; b</b>&amp;"), 6);
        assert_eq!(shown_length("👍<"), 3, "what nothing ends is counted");
        for (word, longest) in [("wörd ", 4_090), ("👍👍 ", 4_085), ("<&> ", 4_085)] {
            let long = model::Notification {
                body: word.repeat(3_000),
                ..notification()
            };
            let body = body_of(&telegram(None), &long);
            let text = body["text"].as_str().unwrap();
            let length = shown_length(text);
            assert!((longest..=4_096).contains(&length), "{word}: {length}");
            assert!(
                text.ends_with(&format!("{}…", Escape::Html.apply(word.trim()))),
                "{word}"
            );
        }
    }

    /// Answers as the Bot API gives them: <https://core.telegram.org/bots/api#making-requests>.
    #[test]
    fn each_answer_has_its_meaning() {
        let of = |code: u16, description: &str, parameters: &str| {
            let description = format!(r#""error_code":{code},"description":"{description}""#);
            meaning(&answer(
                code,
                &format!(r#"{{"ok":false,{description}{parameters}}}"#),
            ))
        };
        assert_eq!(
            meaning(&answer(200, r#"{"ok":true,"result":{"message_id":7}}"#)),
            Meaning::Taken
        );
        let busy_for = of(
            429,
            "Too Many Requests: retry after 35",
            r#","parameters":{"retry_after":35}"#,
        );
        assert_eq!(busy_for, in_seconds(35));
        assert_eq!(of(429, "Too Many Requests", ""), Meaning::LATER);
        let far = of(429, "Too Many Requests", r#","parameters":{"retry_after":1e300}"#);
        assert_eq!(far, Meaning::LATER, "no time");
        let moved = of(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            r#","parameters":{"migrate_to_chat_id":-1001234567890}"#,
        );
        assert_eq!(moved, Meaning::Otherwise(Change::To("-1001234567890".to_owned())));
        let shorter = of(400, "Bad Request: message is too long", "");
        assert_eq!(shorter, Meaning::Otherwise(Change::Shorter));
        let plain = of(
            400,
            "Bad Request: can't parse entities: Unsupported start tag",
            "",
        );
        assert_eq!(plain, Meaning::Otherwise(Change::Plain));
        for (code, description, reason) in [
            (400, "Bad Request: chat not found", RECEIVER_GONE),
            (400, "Bad Request: message thread not found", RECEIVER_GONE),
            (
                403,
                "Forbidden: bot was kicked from the supergroup chat",
                RECEIVER_GONE,
            ),
            (403, "Forbidden: bot was blocked by the user", RECEIVER_GONE),
            (401, "Unauthorized", UNAUTHORIZED),
            (404, "Not Found", UNAUTHORIZED),
        ] {
            assert_eq!(
                of(code, description, ""),
                Meaning::Disable(reason),
                "{description}"
            );
        }
        let empty = of(400, "Bad Request: message text is empty", "");
        assert_eq!(empty, Meaning::Never("http_4xx"));
        assert_eq!(of(500, "Internal Server Error", ""), Meaning::LATER);
    }

    #[test]
    fn what_is_no_answer_of_the_bot_api_says_nothing() {
        for (status, body) in [
            (200, "<html>log in to the wifi</html>"),
            (200, r#"{"ok":tr"#),
            (200, r#"{"ok":false}"#),
            (403, "<html>blocked</html>"),
            (404, "not here"),
            (429, ""),
            (502, "Bad Gateway"),
        ] {
            assert_eq!(meaning(&answer(status, body)), Meaning::LATER, "{status} {body}");
        }
        assert_eq!(meaning(&busy(429, "")), in_seconds(7));
        assert_eq!(meaning(&answer(413, "")), Meaning::Never("http_4xx"));
    }
}
