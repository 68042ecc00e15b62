//! What both ways to Slack have in common: the blocks of a message, and the codes of its errors. Pure.
//!
//! | code | what follows |
//! |---|---|
//! | `ratelimited`, `rate_limited`, `message_limit_exceeded`; `internal_error`, `fatal_error`, `rollup_error`, `service_unavailable`, `request_timeout`, `team_added_to_org` | tried again, not sooner than `Retry-After` |
//! | `msg_too_long`, `msg_blocks_too_long` | sent with half the text |
//! | `invalid_blocks`, `invalid_blocks_format`, `invalid_payload`, `no_text`, `too_many_attachments` | a dead letter (`http_4xx`) |
//! | `invalid_auth`, `not_authed`, `account_inactive`, `token_revoked`, `token_expired`, `no_permission`, `missing_scope`, `not_allowed_token_type`, `invalid_token`, `action_prohibited`, `restricted_action`, `posting_to_general_channel_denied`, `access_denied`, … | the channel is disabled (`unauthorized`) |
//! | `channel_not_found`, `not_in_channel`, `is_archived`, `channel_is_archived`, `user_not_found`, `thread_not_found`, `no_service`, `no_active_hooks`, `no_team`, `team_disabled`, … | the channel is disabled (`receiver_gone`) |
//! | every other | tried again |
//!
//! <https://docs.slack.dev/reference/methods/chat.postMessage#errors>,
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors>,
//! <https://docs.slack.dev/reference/block-kit/blocks>

use std::num::NonZeroU32;

use outbound::Answer;
use serde_json::{Value, json};

use super::super::vendor::{Change, Meaning, Message, Unwritable};
use super::super::verdict::{RECEIVER_GONE, REFUSED, UNAUTHORIZED};
use super::{about, statuses};
use crate::text::{Escape, Limit, Template, cut};

pub(super) const SHIPPED: &str = include_str!("../../../../../templates/channels/slack.txt");
/// One message a second to a channel: <https://docs.slack.dev/apis/web-api/rate-limits>.
pub(super) const RATE: NonZeroU32 = NonZeroU32::MIN;
/// Of a header, of a section, of an element of a context.
const HEADER: Limit = Limit::chars(150);
const SECTION: Limit = Limit::chars(3_000);
const CONTEXT: Limit = Limit::chars(300);

/// The members of a message that say something: blocks, and the text where blocks are not shown.
pub(super) fn message(template: &Template, message: &Message<'_>) -> Result<Value, Unwritable> {
    let notification = message.notification;
    let limit = message.changes.within(SECTION);
    let text = template.fitted(notification, limit, |text| limit.unit.length(text))?;
    let plain = |text: &str| json!({"type": "plain_text", "text": text, "emoji": false});
    let header = Some(&*notification.title).filter(|title| !title.trim().is_empty());
    let header = header.map(|title| json!({"type": "header", "text": plain(&cut(title, HEADER))}));
    let section = Some(text).filter(|text| !text.trim().is_empty());
    // Verbatim: what others wrote mentions nobody.
    let section = section
        .map(|text| json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}}));
    let about = json!({"type": "context", "elements": [plain(&cut(&about(notification), CONTEXT))]});
    let blocks: Vec<_> = header.into_iter().chain(section).chain([about]).collect();
    Ok(json!({
        "text": Escape::Slack.apply(&cut(&notification.title, HEADER)),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    }))
}

/// The table of the module, for an answer that names this code.
pub(super) fn meaning(code: &str, answer: &Answer) -> Meaning {
    match code {
        "msg_too_long" | "msg_blocks_too_long" => Meaning::Otherwise(Change::Shorter),
        "invalid_blocks"
        | "invalid_blocks_format"
        | "invalid_payload"
        | "no_text"
        | "too_many_attachments"
        | "attachment_payload_limit_exceeded"
        | "markdown_text_conflict"
        | "invalid_arguments"
        | "invalid_json"
        | "json_not_object"
        | "invalid_charset" => Meaning::Never(REFUSED),
        "invalid_auth"
        | "not_authed"
        | "account_inactive"
        | "token_revoked"
        | "token_expired"
        | "no_permission"
        | "missing_scope"
        | "not_allowed_token_type"
        | "invalid_token"
        | "action_prohibited"
        | "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "restricted_action_thread_locked"
        | "restricted_action_non_threadable_channel"
        | "posting_to_general_channel_denied"
        | "access_denied"
        | "ekm_access_denied"
        | "org_login_required"
        | "team_access_not_granted"
        | "two_factor_setup_required" => Meaning::Disable(UNAUTHORIZED),
        "channel_not_found"
        | "not_in_channel"
        | "is_archived"
        | "channel_is_archived"
        | "user_not_found"
        | "thread_not_found"
        | "cannot_reply_to_message"
        | "no_service"
        | "no_active_hooks"
        | "no_team"
        | "team_disabled"
        | "no_service_id" => Meaning::Disable(RECEIVER_GONE),
        _ => statuses::later(answer),
    }
}
