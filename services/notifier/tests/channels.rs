//! The channels of vendors, as docs/CHANNELS.md configures them, through the real delivery to stand-in servers that answer
//! as the vendors document it, and to their evil twins.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod standin;

use std::time::Duration;

use model::Notification;
use notifier::{Channels, Console, DeliverEffect, Ledger};
use outbound::Reach;
use serde_json::{Value, json};
use settings::{ChannelSettings, NotifierSettings, Watched};
use stage::{Attempt, Cause, Cx, Effect, Outcome};
use standin::{Body, Reply, StandIn, documented};
use topology::Topic;

fn effect(channel: &ChannelSettings) -> (DeliverEffect, Ledger) {
    let settings = NotifierSettings {
        channels: vec![channel.clone()],
        ..NotifierSettings::default()
    };
    let channels = Channels::new(&settings, &Console::stdout(), &Reach::default()).unwrap();
    let ledger = Ledger::default();
    (DeliverEffect::new(&Watched::fixed(channels), &ledger), ledger)
}

fn notification(channel: &ChannelSettings) -> Notification {
    Notification {
        id: "ntf_00000000000000000000000000000001".to_owned(),
        tenant: "acme".to_owned(),
        channel: channel.name.clone(),
        origin_id: "sig_1".to_owned(),
        subject: "user:1".to_owned(),
        level: "high".to_owned(),
        state: "verified".to_owned(),
        title: "[HIGH] a < b".to_owned(),
        body: "see <!channel> https://x.example/?a=1&b=2".to_owned(),
        facts: [("rule".to_owned(), model::Value::from("r1"))].into(),
        ..Notification::default()
    }
}

async fn attempt(effect: &DeliverEffect, channel: &ChannelSettings) -> Outcome<model::Receipt> {
    attempt_at(effect, &notification(channel)).await
}

async fn attempt_at(effect: &DeliverEffect, notification: &Notification) -> Outcome<model::Receipt> {
    let key = effect.idempotency_key(notification);
    let place = Cx::at(Topic::NotificationsOutbox, 0);
    effect
        .perform(notification, &key, Attempt::first(), None, &place)
        .await
}

/// What comes of one notification to a channel of the document, whose receiver answers so, one call after another.
async fn told(heading: &str, nth: usize, replies: Vec<Reply>) -> (Outcome<model::Receipt>, StandIn, Ledger) {
    let hangs = replies.iter().any(Reply::hangs);
    let standin = StandIn::new(replies).await;
    let mut channel = documented(heading, nth, &standin);
    if hangs {
        channel.timeout = Duration::from_secs(1);
    }
    let (effect, ledger) = effect(&channel);
    (attempt(&effect, &channel).await, standin, ledger)
}

fn is_delivered(outcome: &Outcome<model::Receipt>) -> bool {
    matches!(outcome, Outcome::Done(_))
}

#[track_caller]
fn waits(outcome: &Outcome<model::Receipt>) -> Duration {
    match outcome {
        Outcome::Retry {
            after,
            cause: Cause::Part { .. },
            ..
        } => *after,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn dead(outcome: &Outcome<model::Receipt>) -> (&'static str, &str) {
    match outcome {
        Outcome::Poison(poison) => (poison.reason, &poison.message),
        other => panic!("{other:?}"),
    }
}

/// Every channel of the document, with what its receiver answers when it takes a message.
fn every_channel() -> Vec<(&'static str, usize, Reply)> {
    vec![
        (
            "Telegram",
            0,
            Reply::json(200, &json!({"ok": true, "result": {"message_id": 7}})),
        ),
        ("Slack", 0, Reply::text(200, "ok")),
        ("Slack", 1, Reply::json(200, &json!({"ok": true, "ts": "1.2"}))),
        ("Discord", 0, Reply::json(200, &json!({"id": "1"}))),
        ("Microsoft Teams", 0, Reply::text(202, "")),
        (
            "PagerDuty",
            0,
            Reply::json(202, &json!({"status": "success", "dedup_key": "acme/sig_1"})),
        ),
        (
            "Opsgenie",
            0,
            Reply::json(202, &json!({"result": "Request will be processed"})),
        ),
        ("Alertmanager's webhook format", 0, Reply::text(200, "")),
        ("Webhook with a body of your own", 0, Reply::text(204, "")),
    ]
}

#[tokio::test]
async fn every_channel_of_the_document_delivers_and_shows_no_secret() {
    for (heading, nth, reply) in every_channel() {
        let (outcome, standin, _) = told(heading, nth, vec![reply]).await;
        assert!(is_delivered(&outcome), "{heading}: {outcome:?}");
        assert_eq!(standin.seen().len(), 1, "{heading}");
        let channel = documented(heading, nth, &standin);
        let shown = format!("{channel:?} {}", serde_json::to_string(&channel).unwrap());
        assert!(!shown.contains("s3cr3t"), "{heading}: {shown}");
    }
}

#[tokio::test]
async fn a_receiver_that_repeats_its_secrets_gives_none_away() {
    for (heading, nth, _) in every_channel() {
        for status in [400, 404, 500] {
            let (outcome, standin, _) = told(heading, nth, vec![Reply::new(status, Body::Echo)]).await;
            let shown = format!("{outcome:?}");
            assert!(!shown.contains("s3cr3t"), "{heading} {status}: {shown}");
            assert!(
                !is_delivered(&outcome) && standin.seen().len() == 1,
                "{heading} {status}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_no_word_of_the_vendor_is_tried_again_and_disables_nothing() {
    for (heading, nth, _) in every_channel() {
        for reply in [
            Reply::new(500, Body::Text("{\"ok\":true}")),
            Reply::new(502, Body::Text("<html>Bad Gateway</html>")),
            Reply::new(403, Body::Text("<html>blocked</html>")),
            Reply::new(404, Body::Text("<html>not here</html>")),
            Reply::new(302, Body::Text("")),
            Reply::new(429, Body::Text("")),
            Reply::new(503, Body::Endless),
            Reply::new(200, Body::Hang).before_the_status(),
        ] {
            let shown = format!("{heading} {nth} {reply:?}");
            let (outcome, _, ledger) = told(heading, nth, vec![reply]).await;
            assert!(!waits(&outcome).is_zero(), "{shown}");
            assert_eq!(ledger.news(), None, "{shown}");
        }
    }
}

#[tokio::test]
async fn where_the_body_is_the_answer_a_success_without_it_is_none() {
    for (heading, nth) in [("Telegram", 0), ("Slack", 1)] {
        for body in [
            Body::Text("{\"ok\":tr"),
            Body::Text("<html>log in</html>"),
            Body::Endless,
            Body::Hang,
        ] {
            let (outcome, _, _) = told(heading, nth, vec![Reply::new(200, body)]).await;
            assert!(!waits(&outcome).is_zero(), "{heading} {body:?}");
        }
    }
    for (heading, nth) in [("Slack", 0), ("Webhook with a body of your own", 0)] {
        for body in [Body::Text("{\"ok\":false"), Body::Endless, Body::Hang] {
            let (outcome, _, _) = told(heading, nth, vec![Reply::new(200, body)]).await;
            assert!(is_delivered(&outcome), "{heading} {body:?}");
        }
    }
}

#[tokio::test]
async fn a_time_that_the_vendor_states_is_waited_for() {
    let telegram = json!({"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 60",
        "parameters": {"retry_after": 60}});
    let slack = json!({"ok": false, "error": "ratelimited"});
    for (heading, nth, reply) in [
        ("Telegram", 0, Reply::json(429, &telegram)),
        ("Slack", 0, Reply::text(429, "ratelimited").after("60")),
        ("Slack", 1, Reply::json(429, &slack).after("60")),
        (
            "Discord",
            0,
            Reply::json(
                429,
                &json!({"message": "You are being rate limited.", "retry_after": 60.2}),
            ),
        ),
        ("Microsoft Teams", 0, Reply::text(429, "").after("60")),
        ("PagerDuty", 0, Reply::text(429, "").after("60")),
        ("Opsgenie", 0, Reply::text(429, "{}").after("60")),
    ] {
        let (outcome, _, _) = told(heading, nth, vec![reply]).await;
        let wait = waits(&outcome);
        assert!(
            wait >= Duration::from_mins(1) && wait < Duration::from_mins(2),
            "{heading}: {wait:?}"
        );
    }
}

fn refused(code: u16, description: &str, parameters: &Value) -> Reply {
    let body = json!({"ok": false, "error_code": code, "description": description, "parameters": parameters});
    Reply::json(code, &body)
}

#[tokio::test]
async fn telegram_moves_shortens_and_simplifies_within_one_attempt() {
    let taken = || Reply::json(200, &json!({"ok": true}));
    let moved = refused(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        &json!({"migrate_to_chat_id": -100_999}),
    );
    let long = refused(400, "Bad Request: message is too long", &json!({}));
    let markup = refused(400, "Bad Request: can't parse entities: unclosed tag", &json!({}));
    let standin = StandIn::new(vec![moved, long, markup, taken(), taken()]).await;
    let channel = ChannelSettings {
        rate_per_s: Some(1_000),
        ..documented("Telegram", 0, &standin)
    };
    let (effect, _) = effect(&channel);
    assert!(is_delivered(&attempt(&effect, &channel).await));
    assert!(is_delivered(&attempt(&effect, &channel).await));
    let sent: Vec<_> = standin
        .seen()
        .iter()
        .map(|seen| (seen.json()["chat_id"].clone(), seen.json()["parse_mode"].clone()))
        .collect();
    let (first, then) = (json!(-1_001_234_567_890_i64), json!(-100_999));
    assert_eq!(
        sent,
        [
            (first, json!("HTML")),
            (then.clone(), json!("HTML")),
            (then.clone(), json!("HTML")),
            (then.clone(), json!(null)),
            (then, json!("HTML")),
        ],
        "the new chat is remembered, the markup tried again"
    );
    assert!(
        standin
            .seen()
            .iter()
            .all(|seen| seen.path == "/bot123:s3cr3t-telegram-token/sendMessage")
    );
}

#[tokio::test]
async fn a_change_that_is_asked_for_for_ever_is_made_once() {
    let long = || refused(400, "Bad Request: message is too long", &json!({}));
    let standin = StandIn::new((0..9).map(|_| long()).collect()).await;
    let channel = ChannelSettings {
        rate_per_s: Some(1_000),
        ..documented("Telegram", 0, &standin)
    };
    let (told, _) = effect(&channel);
    assert_eq!(dead(&attempt(&told, &channel).await).0, "http_4xx");
    assert_eq!(standin.seen().len(), 2);

    let standin = StandIn::new(vec![long(), long()]).await;
    let channel = documented("Telegram", 0, &standin);
    let (told, _) = effect(&channel);
    let outcome = attempt(&told, &channel).await;
    assert_eq!(
        dead(&outcome).0,
        "http_4xx",
        "the rate of the vendor is waited for"
    );
    assert_eq!(standin.seen().len(), 2);

    let moving = |chat: i64| refused(400, "Bad Request: upgraded", &json!({"migrate_to_chat_id": chat}));
    let standin = StandIn::new((0..30).map(moving).collect()).await;
    let channel = ChannelSettings {
        rate_per_s: Some(1_000),
        ..documented("Telegram", 0, &standin)
    };
    let (told, _) = effect(&channel);
    assert_eq!(dead(&attempt(&told, &channel).await).0, "http_4xx");
    assert!(standin.seen().len() < 10, "a chat that moves for ever");
}

#[tokio::test]
async fn a_success_that_names_an_error_inside_is_none() {
    let failed =
        "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429";
    let (outcome, _, _) = told("Microsoft Teams", 0, vec![Reply::text(200, failed)]).await;
    assert!(!waits(&outcome).is_zero());
    let (outcome, _, _) = told(
        "Slack",
        1,
        vec![Reply::json(200, &json!({"ok": false, "error": "fatal_error"}))],
    )
    .await;
    assert!(!waits(&outcome).is_zero());
}

#[tokio::test]
async fn what_speaks_against_a_signal_resolves_its_incident() {
    let taken = || Reply::json(202, &json!({"status": "success"}));
    for (heading, key) in [("PagerDuty", "dedup_key"), ("Opsgenie", "alias")] {
        let standin = StandIn::new(vec![taken(), taken()]).await;
        let channel = documented(heading, 0, &standin);
        let (effect, _) = effect(&channel);
        for state in ["verified", "downgraded"] {
            let told = Notification {
                state: state.to_owned(),
                ..notification(&channel)
            };
            assert!(is_delivered(&attempt_at(&effect, &told).await));
        }
        let seen = standin.seen();
        assert_eq!(seen[0].json()[key], "acme/sig_1");
        match heading {
            "PagerDuty" => assert_eq!(
                (&seen[1].json()["event_action"], &seen[1].json()[key]),
                (&json!("resolve"), &json!("acme/sig_1"))
            ),
            _ => assert_eq!(seen[1].path, "/v2/alerts/acme%2Fsig_1/close?identifierType=alias"),
        }
    }
}

#[tokio::test]
async fn who_throws_us_out_is_disabled_with_the_reason() {
    let kicked = refused(
        403,
        "Forbidden: bot was kicked from the supergroup chat",
        &json!({}),
    );
    let revoked = Reply::json(200, &json!({"ok": false, "error": "token_revoked"}));
    for (heading, nth, reply, reason) in [
        ("Telegram", 0, kicked, "receiver_gone"),
        (
            "Telegram",
            0,
            refused(401, "Unauthorized", &json!({})),
            "unauthorized",
        ),
        ("Slack", 0, Reply::text(404, "no_service"), "receiver_gone"),
        ("Slack", 1, revoked, "unauthorized"),
        (
            "Discord",
            0,
            Reply::json(404, &json!({"code": 10_015, "message": "Unknown Webhook"})),
            "receiver_gone",
        ),
        (
            "Microsoft Teams",
            0,
            Reply::json(404, &json!({"error": {"code": "WorkflowNotFound"}})),
            "receiver_gone",
        ),
        (
            "PagerDuty",
            0,
            Reply::json(400, &json!({"errors": ["Invalid routing key"]})),
            "unauthorized",
        ),
        (
            "Opsgenie",
            0,
            Reply::json(401, &json!({"message": "Could not authenticate"})),
            "unauthorized",
        ),
        (
            "Alertmanager's webhook format",
            0,
            Reply::text(410, ""),
            "http_410",
        ),
    ] {
        let (outcome, _, ledger) = told(heading, nth, vec![reply]).await;
        let (dead_for, message) = dead(&outcome);
        assert_eq!(dead_for, reason, "{heading}");
        assert!(message.starts_with("channel "), "{message}");
        let news = ledger.news().unwrap();
        assert_eq!((news.enabled, news.reason.as_str()), (false, reason), "{heading}");
    }
}

#[tokio::test]
async fn the_webhook_of_the_document_sends_its_own_json() {
    let (_, standin, _) = told(
        "Webhook with a body of your own",
        0,
        vec![Reply::new(204, Body::Text(""))],
    )
    .await;
    let seen = standin.seen().remove(0);
    let expected = json!({
        "summary": "[HIGH] a < b",
        "text": "see <!channel> https://x.example/?a=1&b=2",
        "severity": "page",
        "labels": {"subject": "user:1", "rule": "r1"},
    });
    assert_eq!(seen.json(), expected);
    assert_eq!(seen.headers["authorization"], "s3cr3t-tickets-token");
    assert!(!seen.headers.contains_key("webhook-signature"));
}

#[tokio::test]
async fn a_template_that_fails_sends_the_shipped_message_or_nothing() {
    let standin = StandIn::new(vec![Reply::text(200, "ok"), Reply::text(200, "ok")]).await;
    let slack = ChannelSettings {
        template: Some("{{ 1 / 0 }}".to_owned()),
        ..documented("Slack", 0, &standin)
    };
    assert!(is_delivered(&attempt(&effect(&slack).0, &slack).await));
    let text = standin.seen()[0]
        .json()
        .pointer("/blocks/1/text/text")
        .cloned()
        .unwrap();
    assert_eq!(text, "see &lt;!channel&gt; https://x.example/?a=1&amp;b=2");

    let hook = documented("Webhook with a body of your own", 0, &standin);
    let hook = ChannelSettings {
        template: Some("{\"text\": {{ title }}".to_owned()),
        ..hook
    };
    let outcome = attempt(&effect(&hook).0, &hook).await;
    assert_eq!(dead(&outcome).0, "template");
    assert_eq!(standin.seen().len(), 1, "nothing was sent");
    let wrong = ChannelSettings {
        template: Some("{{ title | nothing }}".to_owned()),
        ..hook
    };
    let settings = NotifierSettings {
        channels: vec![wrong],
        ..NotifierSettings::default()
    };
    let error = Channels::new(&settings, &Console::stdout(), &Reach::default())
        .err()
        .unwrap();
    assert!(
        error
            .to_string()
            .contains("channel tickets: its template cannot be used"),
        "{error}"
    );
}
