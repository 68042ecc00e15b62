//! What one caller can cost: bytes of a page, questions at once, time of the database.

use crate::site::{Site, ask, nobody_is_asked};
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, StatusCode};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tower::ServiceExt;

/// Bound of every wait.
const PATIENCE: Duration = Duration::from_secs(20);

/// Signals of 100 kB each.
const LARGE: &str = "
    INSERT INTO signals (signal_key, version, tenant, type, subject, title, state, score, level, evidence_count,
        source_count, suppressed, first_seen, last_seen, facts, rules_version)
    SELECT 'sig_' || n, 1, 'default', 't', 's', 't', 'candidate', 1, 'low', 1, 1, 0, now(),
        now() + n * interval '1 s', jsonb_build_object('long', repeat('x', 100000)), 'v' FROM generate_series(1, 60) n";

fn from(address: &str, path: &str) -> Request<Body> {
    let mut request = Request::builder().uri(path).body(Body::empty()).unwrap();
    let address: SocketAddr = format!("{address}:1").parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(address));
    request
}

#[tokio::test]
async fn a_page_is_bounded_in_bytes_and_the_next_goes_on_where_it_ended() {
    let site = Site::new("api_large_page").await;
    site.run(LARGE).await;
    let (mut found, mut next) = (Vec::new(), Some("/v1/signals?limit=500".to_owned()));
    while let Some(address) = next {
        let answer = site.get(&address).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert!(answer.text.len() < 5_000_000, "{} bytes", answer.text.len());
        let page = answer.json();
        let items = page["items"].as_array().unwrap();
        assert!(!items.is_empty());
        found.extend(
            items
                .iter()
                .map(|item| item["signal_key"].as_str().unwrap().to_owned()),
        );
        next = page["next"].as_str().map(str::to_owned);
    }
    let wanted: Vec<_> = (1..=60).rev().map(|n| format!("sig_{n}")).collect();
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn an_item_that_is_larger_than_a_page_is_a_page() {
    let mut site = Site::new("api_large_item").await;
    site.run(LARGE).await;
    let mut settings = site.sandbox.settings();
    settings.api.max_page_bytes = 1000;
    let pool = api::pool(&settings.postgres, &settings.api).unwrap();
    site.router = api::router(pool, &settings.api, nobody_is_asked());
    let page = site.get("/v1/signals").await.json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert!(page["next"].is_string());
}

#[tokio::test]
async fn slow_questions_of_one_caller_leave_room_for_another() {
    let site = Site::new("api_slow").await;
    let mut slow = site.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE events")
        .execute(&mut *slow)
        .await
        .unwrap();
    let asked: Vec<_> = (0..24)
        .map(|_| tokio::spawn(site.router.clone().oneshot(from("10.0.0.1", "/v1/events"))))
        .collect();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let deadline = Instant::now() + PATIENCE;
    while sqlx::query_scalar::<_, i64>(waiting)
        .fetch_one(&site.pool)
        .await
        .unwrap()
        < 4
    {
        assert!(
            Instant::now() < deadline,
            "the questions do not reach the database"
        );
    }
    let other = tokio::time::timeout(
        PATIENCE,
        site.router.clone().oneshot(from("10.0.0.2", "/v1/signals")),
    );
    assert_eq!(other.await.unwrap().unwrap().status(), StatusCode::OK);
    let mut statuses = Vec::new();
    for answer in asked {
        let answer = tokio::time::timeout(PATIENCE, answer)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        let wait = answer
            .headers()
            .get("retry-after")
            .map(|wait| wait.to_str().unwrap().to_owned());
        statuses.push((answer.status().as_u16(), wait));
    }
    let count = |status| {
        statuses
            .iter()
            .filter(|(given, wait)| *given == status && wait.is_some())
            .count()
    };
    assert_eq!((count(429), count(503)), (20, 4), "{statuses:?}");
    slow.rollback().await.unwrap();
}

#[tokio::test]
async fn who_has_used_up_the_database_s_time_waits() {
    let mut site = Site::new("api_spent").await;
    let mut settings = site.sandbox.settings();
    settings.api.query_time = Duration::from_millis(1);
    let pool = api::pool(&settings.postgres, &settings.api).unwrap();
    site.router = api::router(pool, &settings.api, nobody_is_asked());
    // The first also connects, which alone takes longer.
    assert_eq!(
        ask(&site.router, "GET", "/v1/events").await.status,
        StatusCode::OK
    );
    let refused = ask(&site.router, "GET", "/v1/events").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.json()["type"], "urn:sluicebox:problem:budget-spent");
    assert!(
        refused.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse::<u32>()
            .unwrap()
            > 0
    );
}

#[tokio::test]
async fn who_does_not_read_is_given_up_and_its_slot_is_free() {
    let mut site = Site::new("api_unread").await;
    site.run(LARGE).await;
    let mut settings = site.sandbox.settings();
    settings.api.send_timeout = Duration::from_millis(200);
    let pool = api::pool(&settings.postgres, &settings.api).unwrap();
    site.router = api::router(pool, &settings.api, nobody_is_asked());
    let mut unread = Vec::new();
    for _ in 0..4 {
        unread.push(
            site.router
                .clone()
                .oneshot(from("10.0.0.1", "/v1/signals"))
                .await
                .unwrap(),
        );
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = site
            .router
            .clone()
            .oneshot(from("10.0.0.1", "/v1/detections"))
            .await
            .unwrap();
        if answer.status() == StatusCode::OK {
            break;
        }
        assert!(Instant::now() < deadline, "the slots stay taken");
    }
    let body = unread.remove(0).into_body();
    let late = axum::body::to_bytes(body, usize::MAX).await.unwrap_err();
    assert!(late.to_string().contains("not read in time"), "{late}");
}
