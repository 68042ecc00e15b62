//! The client against a real server that misbehaves in every way we know.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use outbound::{Backoff, BreakerPolicy, CallError, Client, Policy, Request};

type Calls = Arc<AtomicU32>;

async fn behave(State(calls): State<Calls>, Path(how): Path<String>) -> Response {
    let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
    match how.as_str() {
        "ok" => "fine".into_response(),
        "second" if call == 1 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "second" => "fine at last".into_response(),
        "broken" => StatusCode::BAD_GATEWAY.into_response(),
        "busy" if call == 1 => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "0")]).into_response(),
        "busy" => "room again".into_response(),
        "later" => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "3600")]).into_response(),
        "no" => (StatusCode::BAD_REQUEST, "no\nsuch thing").into_response(),
        "away" => (StatusCode::FOUND, [(header::LOCATION, "/ok")]).into_response(),
        "huge" => vec![b'x'; 100_000].into_response(),
        _ => std::future::pending().await,
    }
}

async fn server() -> (SocketAddr, Calls) {
    let calls = Calls::default();
    let router = Router::new()
        .route("/{how}", any(behave))
        .with_state(Arc::clone(&calls));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, calls)
}

fn policy() -> Policy {
    Policy {
        allow_private: true,
        max_response_bytes: 1000,
        backoff: Backoff {
            base: Duration::ZERO,
            cap: Duration::ZERO,
        },
        ..Policy::default()
    }
}

fn get(address: SocketAddr, how: &str) -> Request {
    Request::get(format!("http://{address}/{how}?token=secret").parse().unwrap())
}

#[tokio::test]
async fn failures_that_may_pass_are_tried_again() {
    for how in ["second", "busy"] {
        let (address, _) = server().await;
        let reply = Client::new(policy())
            .unwrap()
            .call(&get(address, how))
            .await
            .unwrap();
        assert_eq!((reply.status, reply.attempts), (200, 2), "{how}");
    }
}

#[tokio::test]
async fn refusals_and_redirects_are_not_tried_again() {
    let (address, calls) = server().await;
    let client = Client::new(policy()).unwrap();
    let error = client.call(&get(address, "no")).await.unwrap_err();
    assert_eq!(
        (error.status(), error.code(), error.is_transient()),
        (Some(400), "http_4xx", false)
    );
    assert!(error.to_string().ends_with("no such thing"), "{error}");
    assert_eq!(
        client.call(&get(address, "away")).await.unwrap_err().status(),
        Some(302)
    );
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_refused() {
    let (address, _) = server().await;
    let error = Client::new(policy())
        .unwrap()
        .call(&get(address, "huge"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, CallError::TooLarge { limit: 1000, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up() {
    let (address, calls) = server().await;
    let client = Client::new(Policy {
        timeout: Duration::from_millis(20),
        max_attempts: 2,
        ..policy()
    })
    .unwrap();
    let error = client.call(&get(address, "hang")).await.unwrap_err();
    assert_eq!(error.code(), "timeout");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_wait_beyond_the_budget_is_left_to_the_caller() {
    let (address, calls) = server().await;
    let error = Client::new(policy())
        .unwrap()
        .call(&get(address, "later"))
        .await
        .unwrap_err();
    assert_eq!(error.wait(), Some(Duration::from_mins(5)), "capped by the policy");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_broken_endpoint_is_left_alone() {
    let (address, calls) = server().await;
    let breaker = BreakerPolicy {
        failures: 2,
        open_for: Duration::from_hours(1),
    };
    let client = Client::new(Policy {
        breaker,
        max_attempts: 1,
        ..policy()
    })
    .unwrap();
    for _ in 0..2 {
        assert_eq!(
            client.call(&get(address, "broken")).await.unwrap_err().code(),
            "http_5xx"
        );
    }
    assert_eq!(
        client.call(&get(address, "ok")).await.unwrap_err().code(),
        "circuit_open"
    );
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn private_addresses_are_refused_by_number_and_by_name() {
    let (address, calls) = server().await;
    let client = Client::new(Policy {
        allow_private: false,
        ..policy()
    })
    .unwrap();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
    ] {
        let url = format!("http://{host}:{}/ok", address.port()).parse().unwrap();
        let error = client.call(&Request::get(url)).await.unwrap_err();
        assert!(matches!(error, CallError::Forbidden { .. }), "{host}: {error}");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn errors_show_the_origin_and_no_more() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let client = Client::new(Policy {
        max_attempts: 1,
        ..policy()
    })
    .unwrap();
    let error = client.call(&get(closed, "hook")).await.unwrap_err();
    assert_eq!(error.code(), "unreachable");
    let shown = format!("{error} {error:?}");
    assert!(
        shown.contains(&closed.to_string()) && !shown.contains("secret") && !shown.contains("hook"),
        "{shown}"
    );
}

#[tokio::test]
async fn the_rate_limit_is_kept() {
    let (address, calls) = server().await;
    let rate_per_s = std::num::NonZeroU32::new(1);
    let client = Client::new(Policy {
        rate_per_s,
        total: Duration::ZERO,
        ..policy()
    })
    .unwrap();
    assert!(client.call(&get(address, "ok")).await.is_ok());
    assert_eq!(
        client.call(&get(address, "ok")).await.unwrap_err().code(),
        "throttled"
    );
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}
