//! Deliveries to a real server that behaves as receivers do, and to a console.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use model::{ChannelState, Notification, Receipt, ReceiptStatus};
use notifier::{Channels, Console, DeliverEffect, Ledger, Signer};
use outbound::Reach;
use settings::{ChannelKind, ChannelSettings, NotifierSettings, Secret, Secrets, Watched};
use stage::{Attempt, Cause, Cx, Effect, Emit, Outcome};
use topology::Topic;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

type Received = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

async fn receive(
    State(received): State<Received>,
    Path(how): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = {
        let mut received = received.lock().unwrap();
        received.push((headers, body));
        received.len()
    };
    match how.as_str() {
        "second" if call == 1 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "busy" if call == 1 => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "7")]).into_response(),
        "no" => (StatusCode::BAD_REQUEST, "unknown field `subject`").into_response(),
        "away" => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, "/ok")]).into_response(),
        "gone" => StatusCode::GONE.into_response(),
        "deployed" => StatusCode::NOT_FOUND.into_response(),
        "broken" => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        "huge" => vec![b'x'; 1_000_000].into_response(),
        "now" if call == 1 => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "0")]).into_response(),
        "hang" => std::future::pending().await,
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn server() -> (SocketAddr, Received) {
    let received = Received::default();
    let router = Router::new()
        .route("/{how}", post(receive))
        .with_state(Arc::clone(&received));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, received)
}

fn hook(address: SocketAddr, how: &str) -> ChannelSettings {
    ChannelSettings {
        name: "ops".to_owned(),
        kind: ChannelKind::Webhook,
        url: Some(Secret::new(format!("http://{address}/{how}"))),
        secret: Secret::new(SECRET).into(),
        allow_private: true,
        max_attempts: Some(3),
        ..ChannelSettings::default()
    }
}

fn deliver(channel: ChannelSettings) -> DeliverEffect {
    let settings = NotifierSettings {
        channels: vec![channel],
        ..NotifierSettings::default()
    };
    let channels = Channels::new(&settings, &Console::stdout(), &Reach::default()).unwrap();
    DeliverEffect::new(&Watched::fixed(channels), &Ledger::default())
}

fn notification() -> Notification {
    Notification {
        id: "ntf_00000000000000000000000000000001".to_owned(),
        channel: "ops".to_owned(),
        subject: "user:1".to_owned(),
        state: "verified".to_owned(),
        title: "[HIGH] something happened".to_owned(),
        ..Notification::default()
    }
}

async fn attempt(effect: &DeliverEffect, number: u32) -> Outcome<Receipt> {
    let cx = Cx {
        traceparent: Some(TRACE),
        ..Cx::at(Topic::NotificationsOutbox, 0)
    };
    effect
        .perform(
            &notification(),
            &effect.idempotency_key(&notification()),
            Attempt {
                number,
                scheduled: number,
                elapsed: Duration::from_millis(250),
                ..Attempt::first()
            },
            None,
            &cx,
        )
        .await
}

fn receipt(outcome: Outcome<Receipt>) -> Receipt {
    match outcome {
        Outcome::Done(Emit::One(receipt)) => receipt,
        other => panic!("{other:?}"),
    }
}

fn dead(outcome: Outcome<Receipt>) -> (&'static str, String) {
    match outcome {
        Outcome::Poison(poison) => (poison.reason, poison.message),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_delivery_is_signed_and_named_by_the_notification() {
    let (address, received) = server().await;
    let receipt = receipt(attempt(&deliver(hook(address, "ok")), 1).await);
    assert_eq!(
        (receipt.status, receipt.attempts, receipt.http_status),
        (ReceiptStatus::Delivered, 1, Some(204))
    );
    assert!(receipt.latency_ms >= 250, "from the first attempt on");

    let (headers, body) = received.lock().unwrap().remove(0);
    let of = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(of("webhook-id"), notification().id);
    assert_eq!(of("traceparent"), TRACE);
    let signer = Signer::new(&Secret::new(SECRET)).unwrap();
    let signature = signer.sign(&of("webhook-id"), of("webhook-timestamp").parse().unwrap(), &body);
    assert_eq!(of("webhook-signature"), signature);
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&body["type"], &body["data"]["subject"]),
        (&"signal.verified".into(), &"user:1".into())
    );
}

#[tokio::test]
async fn while_keys_are_changed_each_signs_and_headers_of_the_settings_go_along() {
    const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let (address, received) = server().await;
    let channel = ChannelSettings {
        secret: Secrets::new([NEW, SECRET].map(Secret::new)),
        headers: [("authorization".to_owned(), Secret::new("Bearer t0k3n"))].into(),
        ..hook(address, "ok")
    };
    receipt(attempt(&deliver(channel), 1).await);
    let (headers, body) = received.lock().unwrap().remove(0);
    let of = |name: &str| headers[name].to_str().unwrap().to_owned();
    let signed = |secret| {
        let signer = Signer::new(&Secret::new(secret)).unwrap();
        signer.sign(&of("webhook-id"), of("webhook-timestamp").parse().unwrap(), &body)
    };
    assert_eq!(
        of("webhook-signature"),
        format!("{} {}", signed(NEW), signed(SECRET))
    );
    assert_eq!(of("authorization"), "Bearer t0k3n");
}

#[tokio::test]
async fn channels_follow_their_settings_and_a_bad_change_is_not_taken() {
    let (address, received) = server().await;
    let first = NotifierSettings {
        channels: vec![hook(address, "ok")],
        ..NotifierSettings::default()
    };
    let newest = Arc::new(Mutex::new(first.clone()));
    let load = Arc::clone(&newest);
    let (console, reach) = (Console::stdout(), Reach::default());
    let way = Arc::new(Mutex::new(reach.clone()));
    let now = Arc::clone(&way);
    let watched = Channels::follow(&first, &console, &reach, move || {
        Ok::<_, String>((load.lock().unwrap().clone(), now.lock().unwrap().clone()))
    });
    let watched = watched.unwrap();
    let effect = DeliverEffect::new(&watched, &Ledger::default());
    receipt(attempt(&effect, 1).await);

    newest.lock().unwrap().channels[0].headers = [("x-new".to_owned(), Secret::new("1"))].into();
    assert_eq!(watched.reload_now().version, 2);
    receipt(attempt(&effect, 1).await);
    newest.lock().unwrap().channels[0].secret = Secret::new("no base64!").into();
    let status = watched.reload_now();
    let told = status.last_error.unwrap();
    assert!(
        told.contains("channel ops") && !told.contains("no base64!"),
        "{told}"
    );
    receipt(attempt(&effect, 1).await);
    *way.lock().unwrap() = Reach::new(Vec::new(), Some("http://127.0.0.1:1"), &[]).unwrap();
    newest.lock().unwrap().channels[0].secret = first.channels[0].secret.clone();
    watched.reload_now();
    let unreachable = attempt(&effect, 1).await;
    assert!(
        matches!(unreachable, Outcome::Retry { .. }),
        "through the proxy now"
    );
    newest.lock().unwrap().channels.clear();
    watched.reload_now();
    assert_eq!(dead(attempt(&effect, 1).await).0, "channel_unknown");
    let new = |(headers, _): &(HeaderMap, Bytes)| headers.contains_key("x-new");
    assert_eq!(
        received.lock().unwrap().iter().map(new).collect::<Vec<_>>(),
        [false, true, true]
    );
}

#[tokio::test]
async fn what_fails_for_now_is_tried_again_with_the_same_id() {
    let (address, received) = server().await;
    let effect = deliver(hook(address, "second"));
    assert!(matches!(attempt(&effect, 1).await, Outcome::Retry { .. }));
    assert_eq!(receipt(attempt(&effect, 2).await).attempts, 2);
    let received = received.lock().unwrap();
    assert_eq!(received[0].0["webhook-id"], received[1].0["webhook-id"]);
    assert_eq!(received[0].1, received[1].1);
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let (address, _) = server().await;
    let effect = deliver(hook(address, "busy"));
    let Outcome::Retry { after, .. } = attempt(&effect, 1).await else {
        panic!("not tried again")
    };
    assert!(after >= Duration::from_secs(7), "{after:?}");
    assert_eq!(
        receipt(attempt(&effect, 2).await).status,
        ReceiptStatus::Delivered
    );
}

#[tokio::test]
async fn a_retry_after_of_zero_does_not_use_the_attempts_up() {
    let (address, _) = server().await;
    let Outcome::Retry { after, .. } = attempt(&deliver(hook(address, "now")), 1).await else {
        panic!("not tried again")
    };
    assert!(!after.is_zero(), "the wait of its own is the lower bound");
}

#[tokio::test]
async fn a_refusal_is_a_dead_letter_at_once() {
    let (address, received) = server().await;
    let (reason, message) = dead(attempt(&deliver(hook(address, "no")), 1).await);
    assert_eq!(reason, "http_4xx");
    assert!(message.contains("400: unknown field `subject`"), "{message}");
    assert_eq!(
        dead(attempt(&deliver(hook(address, "gone")), 1).await).0,
        "http_410"
    );
    assert_eq!(received.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn who_answers_410_is_disabled_until_it_is_enabled_and_a_replay_goes_out_all_the_same() {
    let (address, received) = server().await;
    let settings = NotifierSettings {
        channels: vec![hook(address, "gone")],
        ..NotifierSettings::default()
    };
    let channels = Channels::new(&settings, &Console::stdout(), &Reach::default()).unwrap();
    let ledger = Ledger::default();
    let effect = DeliverEffect::new(&Watched::fixed(channels), &ledger);
    assert_eq!(dead(attempt(&effect, 1).await).0, "http_410");
    let news = ledger.news().unwrap();
    assert_eq!((news.channel.as_str(), news.enabled), ("ops", false));
    let (reason, message) = dead(attempt(&effect, 1).await);
    assert_eq!(reason, "channel_disabled");
    assert!(
        message.contains("sluicebox notifications enable ops"),
        "{message}"
    );
    assert_eq!(received.lock().unwrap().len(), 1, "it is not asked again");

    let key = effect.idempotency_key(&notification());
    let by_hand = Attempt {
        replayed: true,
        ..Attempt::first()
    };
    let place = Cx::at(Topic::NotificationsOutbox, 0);
    dead(effect.perform(&notification(), &key, by_hand, None, &place).await);
    assert_eq!(received.lock().unwrap().len(), 2, "a replay goes out");
    ledger.written();
    assert_eq!(ledger.news(), None, "that is no news");
    ledger.heard(&ChannelState {
        enabled: true,
        time: news.time + 1,
        ..news
    });
    assert_eq!(dead(attempt(&effect, 1).await).0, "http_410");
}

#[tokio::test]
async fn a_redirect_and_a_404_are_tried_again_and_followed_nowhere() {
    let (address, received) = server().await;
    for how in ["away", "deployed"] {
        let outcome = attempt(&deliver(hook(address, how)), 1).await;
        assert!(
            matches!(
                outcome,
                Outcome::Retry {
                    cause: Cause::Part { .. },
                    ..
                }
            ),
            "{how}: {outcome:?}"
        );
    }
    assert_eq!(received.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn used_up_attempts_end_with_a_dead_letter_that_names_channel_and_status() {
    let (address, _) = server().await;
    let (reason, message) = dead(attempt(&deliver(hook(address, "broken")), 3).await);
    assert_eq!(reason, "undelivered");
    assert!(
        message.contains("channel ops") && message.contains("503") && !message.contains("broken"),
        "{message}"
    );
}

#[tokio::test]
async fn a_rate_that_leaves_no_room_is_waited_for_without_an_attempt() {
    let (address, received) = server().await;
    let effect = deliver(ChannelSettings {
        rate_per_s: Some(1),
        ..hook(address, "ok")
    });
    assert!(matches!(attempt(&effect, 1).await, Outcome::Done(_)));
    assert!(matches!(attempt(&effect, 1).await, Outcome::Wait { .. }));
    assert_eq!(received.lock().unwrap().len(), 1);
}

#[test]
fn each_channel_is_a_part_of_its_own() {
    let effect = deliver(ChannelSettings::default());
    let key = |channel: &str| {
        let notification = Notification {
            channel: channel.to_owned(),
            group: "a|b".to_owned(),
            ..Notification::default()
        };
        model::Record::key(&notification).into_owned()
    };
    assert_eq!(effect.part(Some(key("ops").as_bytes())).name(), Some("ops"));
    assert_eq!(effect.part(None).name(), None);
}

#[tokio::test]
async fn a_receiver_that_hangs_is_given_up_and_one_that_chats_has_it() {
    let (address, _) = server().await;
    let slow = ChannelSettings {
        timeout: Duration::from_millis(20),
        ..hook(address, "hang")
    };
    assert!(matches!(attempt(&deliver(slow), 1).await, Outcome::Retry { .. }));
    let receipt = receipt(attempt(&deliver(hook(address, "huge")), 1).await);
    assert_eq!(
        (receipt.status, receipt.http_status),
        (ReceiptStatus::Delivered, Some(200))
    );
}

#[tokio::test]
async fn what_leads_nowhere_is_a_dead_letter() {
    let (address, received) = server().await;
    let private = ChannelSettings {
        allow_private: false,
        ..hook(address, "ok")
    };
    assert_eq!(dead(attempt(&deliver(private), 1).await).0, "address_forbidden");
    let other = ChannelSettings {
        name: "other".to_owned(),
        ..hook(address, "ok")
    };
    assert_eq!(dead(attempt(&deliver(other), 1).await).0, "channel_unknown");
    let of_others = ChannelSettings {
        tenants: Some(vec!["acme".to_owned()]),
        ..hook(address, "ok")
    };
    assert_eq!(
        dead(attempt(&deliver(of_others), 1).await).0,
        "channel_of_others",
        "planned before the channel was for `acme` alone"
    );
    assert!(received.lock().unwrap().is_empty());
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_console_gets_one_line() {
    let page = Page::default();
    let console = ChannelSettings {
        name: "ops".to_owned(),
        ..ChannelSettings::default()
    };
    let settings = NotifierSettings {
        channels: vec![console],
        ..NotifierSettings::default()
    };
    let channels = Channels::new(&settings, &Console::to(page.clone()), &Reach::default()).unwrap();
    let effect = DeliverEffect::new(&Watched::fixed(channels), &Ledger::default());
    let hostile = Notification {
        title: "a\nb\u{1b}[2J".to_owned(),
        ..notification()
    };
    let first = Attempt::first();
    let key = effect.idempotency_key(&hostile);
    let outcome = effect
        .perform(
            &hostile,
            &key,
            first,
            None,
            &Cx::at(Topic::NotificationsOutbox, 0),
        )
        .await;
    assert_eq!(receipt(outcome).http_status, None);
    assert_eq!(
        String::from_utf8_lossy(&page.0.lock().unwrap()),
        "ops: a b [2J (user:1)\n"
    );
}

#[test]
fn channels_that_cannot_work_are_errors_at_the_start() {
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    let weak = ChannelSettings {
        secret: Secret::new("whsec_c2hvcnQ=").into(),
        ..hook(address, "ok")
    };
    let settings = NotifierSettings {
        channels: vec![weak],
        ..NotifierSettings::default()
    };
    let error = Channels::new(&settings, &Console::stdout(), &Reach::default())
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("channel ops: the secret holds 5 bytes"), "{error}");
}
