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
use outbound::{Backoff, BreakerPolicy, CallError, Client, Policy, Reach, Request, Wanted};

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
        reach: Reach::default().with_private(true),
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
        reach: Reach::default(),
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
        "017700000001",
        "127.1",
        "0177.0.0.0x1",
        "0",
        "0.0.0.0",
        "127.0.0.1.",
        "①②⑦.0.0.1",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "0xa9fea9fe",
        "[fd00:ec2::254]",
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

/// A server that answers each connection with these bytes, and then keeps it open or closes it.
async fn raw(answer: &'static [u8], stays: bool) -> (SocketAddr, Arc<std::sync::Mutex<Vec<String>>>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && connection.read_buf(&mut head).await.is_ok_and(|n| n > 0) {}
            seen.lock()
                .unwrap()
                .push(String::from_utf8_lossy(&head).into_owned());
            let _ = connection.write_all(answer).await;
            if stays {
                open.push(connection);
            }
        }
    });
    (address, heads)
}

const ENDLESS: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n";

#[tokio::test]
async fn where_the_status_is_wanted_a_body_without_an_end_changes_nothing() {
    let status = Policy {
        wanted: Wanted::Status,
        timeout: Duration::from_secs(30),
        ..policy()
    };
    for (answer, stays) in [
        (ENDLESS, true),
        (ENDLESS, false),
        (b"HTTP/1.1 204 No Content\r\n\r\n", true),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\nxx", true),
    ] {
        let (address, heads) = raw(answer, stays).await;
        let begun = std::time::Instant::now();
        let reply = Client::new(status.clone())
            .unwrap()
            .call(&get(address, "x"))
            .await
            .unwrap();
        assert_eq!((reply.status / 100, reply.attempts), (2, 1));
        assert_eq!(heads.lock().unwrap().len(), 1);
        assert!(begun.elapsed() < Duration::from_secs(10), "it waited for an end");
    }
    let (address, _) = server().await;
    let reply = Client::new(status)
        .unwrap()
        .call(&get(address, "huge"))
        .await
        .unwrap();
    assert_eq!((reply.status, reply.body.len()), (200, 1000));
}

#[tokio::test]
async fn a_refusal_whose_body_never_ends_is_a_refusal() {
    let (address, heads) = raw(
        b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n",
        true,
    )
    .await;
    let error = Client::new(policy())
        .unwrap()
        .call(&get(address, "x"))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, CallError::Rejected { status: 404, detail, .. } if detail == "no"),
        "{error}"
    );
    assert_eq!(heads.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_retry_after_of_zero_asks_for_no_haste() {
    let (address, calls) = raw(
        b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        false,
    )
    .await;
    let slow = Policy {
        backoff: Backoff {
            base: Duration::from_hours(1000),
            cap: Duration::from_hours(1000),
        },
        total: Duration::from_secs(5),
        ..policy()
    };
    let error = Client::new(slow)
        .unwrap()
        .call(&get(address, "x"))
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(
        calls.lock().unwrap().len(),
        1,
        "the wait of its own is longer than the budget"
    );
}

#[tokio::test]
async fn a_proxy_gets_the_call_with_its_password_and_errors_do_not() {
    let (proxy, heads) = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false).await;
    let through = |url: &str| Policy {
        reach: Reach::new(Vec::new(), Some(url), &["direct.invalid".to_owned()]).unwrap(),
        max_attempts: 1,
        ..policy()
    };
    let client = Client::new(through(&format!(
        "http://user:hunter2@localhost:{}",
        proxy.port()
    )))
    .unwrap();
    let call = |url: &'static str| Request::get(url.parse().unwrap());
    let reply = client.call(&call("http://far.invalid/hook?a=b")).await.unwrap();
    assert_eq!(reply.body, b"ok");
    let head = heads.lock().unwrap()[0].to_ascii_lowercase();
    assert!(
        head.starts_with("get http://far.invalid/hook?a=b http/1.1"),
        "{head}"
    );
    assert!(
        head.contains("proxy-authorization: basic dxnlcjpodw50zxiy"),
        "{head}"
    );
    for private in ["http://10.0.0.1/", "http://169.254.169.254/"] {
        let error = client.call(&call(private)).await.unwrap_err();
        assert!(matches!(error, CallError::Forbidden { .. }), "{error}");
    }
    let past_it = client.call(&call("http://direct.invalid/")).await.unwrap_err();
    assert_eq!(past_it.code(), "unreachable");
    assert_eq!(heads.lock().unwrap().len(), 1);

    let away = Client::new(through("http://user:hunter2@127.0.0.1:1")).unwrap();
    let error = away.call(&call("http://far.invalid/hook")).await.unwrap_err();
    let shown = format!("{error} {error:?} {away:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("hook"), "{shown}");
}

#[tokio::test]
async fn an_answer_of_any_status_is_given_with_what_came_of_its_body() {
    let (address, calls) = server().await;
    let client = Client::new(policy()).unwrap();
    let ask = async |how| client.ask(&get(address, how)).await.unwrap();
    let refused = ask("no").await;
    assert_eq!(
        (refused.status, refused.body.as_slice()),
        (400, &b"no\nsuch thing"[..])
    );
    assert_eq!(
        refused.shown(),
        format!("http://{address} answered 400: no such thing")
    );
    let later = ask("later").await;
    assert_eq!(
        (later.status, later.retry_after),
        (429, Some(policy().retry_after_cap))
    );
    assert_eq!(ask("away").await.status, 302);
    let huge = ask("huge").await;
    assert!(huge.is_success() && huge.body.len() == policy().max_response_bytes);
    assert_eq!(calls.load(Ordering::SeqCst), 4, "each is asked once");
    assert!(!format!("{:?}", get(address, "no")).contains("secret"));

    let hurried = Client::new(Policy {
        timeout: Duration::from_millis(50),
        ..policy()
    });
    let error = hurried.unwrap().ask(&get(address, "hang")).await.unwrap_err();
    assert!(matches!(error, CallError::Timeout { .. }), "{error}");
}
