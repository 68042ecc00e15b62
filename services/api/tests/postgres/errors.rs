//! What goes wrong is a problem detail that says how to mend it.

use crate::site::{Answer, Site, ask, ask_with, nobody_is_asked};
use http::StatusCode;

fn problem(answer: &Answer, status: StatusCode, kind: &str) -> String {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["type"], format!("urn:sluicebox:problem:{kind}"));
    assert_eq!(problem["status"], status.as_u16());
    problem["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_unknown_parameter_is_named_with_the_known_ones() {
    let site = Site::new("api_unknown_parameter").await;
    let answer = site.get("/v1/signals?sbject=x").await;
    let detail = problem(&answer, StatusCode::BAD_REQUEST, "unknown-parameter");
    assert!(
        detail.contains("`sbject`") && detail.contains("subject") && detail.contains("min_score"),
        "{detail}"
    );
    problem(
        &site.get("/v1/signals/sig_a?x=1").await,
        StatusCode::BAD_REQUEST,
        "unknown-parameter",
    );
}

#[tokio::test]
async fn a_value_that_cannot_be_meant_is_refused() {
    let site = Site::new("api_invalid").await;
    for query in [
        "limit=0",
        "limit=501",
        "since=yesterday",
        "min_score=NaN",
        "subject=%00",
        "sort=title",
        "subject=a&subject=b",
        "until=99999999999999999",
    ] {
        let answer = site.get(&format!("/v1/signals?{query}")).await;
        problem(&answer, StatusCode::BAD_REQUEST, "invalid-parameter");
    }
    for cursor in [
        "",
        "x",
        "!!",
        "WyJsYXN0X3NlZW4iLFsieCIsInkiXV0",
        "WyJ0aW1lIixbXV0",
    ] {
        let answer = site.get(&format!("/v1/signals?cursor={cursor}")).await;
        problem(&answer, StatusCode::BAD_REQUEST, "invalid-cursor");
    }
}

#[tokio::test]
async fn what_is_not_there_is_404_and_what_is_not_done_405() {
    let site = Site::new("api_not_found").await;
    for address in [
        "/v1/signals/none",
        "/v1/signals/%00",
        "/v1/signals/%ff",
        "/v1/signals/%00/evidence",
        "/v1/events/none",
        "/v1/events/1b4fc0f0-4e8a-4f3c-9d1f-000000000009",
        "/v1/detections/none",
        "/v1/notifications/none",
        "/v1/dead-letters/none",
        "/v1/nothing",
        "/",
    ] {
        let answer = site.get(address).await;
        problem(&answer, StatusCode::NOT_FOUND, "not-found");
    }
    let posted = ask(&site.router, "POST", "/v1/events").await;
    problem(&posted, StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed");
}

#[tokio::test]
async fn without_tables_or_database_it_is_503_with_a_time_to_wait() {
    let site = Site::new("api_away").await;
    site.run("DROP TABLE events").await;
    let answer = site.get("/v1/events").await;
    let detail = problem(&answer, StatusCode::SERVICE_UNAVAILABLE, "no-tables");
    assert!(detail.contains("sluicebox migrate"));
    let mut settings = site.sandbox.settings();
    settings.postgres.url = settings::Secret::new("postgres://nobody:x@127.0.0.1:1/none");
    let pool = api::pool(&settings.postgres, &settings.api).unwrap();
    assert!(api::ready(&pool).await.is_err());
    let router = api::router(pool, &settings.api, nobody_is_asked());
    let away = ask(&router, "GET", "/v1/events").await;
    problem(&away, StatusCode::SERVICE_UNAVAILABLE, "database-away");
    assert_eq!(away.headers["retry-after"], "5");
}

#[tokio::test]
async fn requests_for_another_host_or_from_pages_of_another_site_are_refused() {
    let site = Site::new("api_hosts").await;
    let hosts = listen::Hosts::new("127.0.0.1:8088".parse().unwrap(), &[]);
    let router = api::for_hosts(site.router.clone(), hosts);
    for (headers, status, kind) in [
        (
            &[("host", "evil.example")][..],
            StatusCode::MISDIRECTED_REQUEST,
            "host-not-allowed",
        ),
        (
            &[("host", "localhost"), ("origin", "http://evil.example")],
            StatusCode::FORBIDDEN,
            "origin-not-allowed",
        ),
    ] {
        let answer = ask_with(&router, "/v1/signals", headers).await;
        problem(&answer, status, kind);
    }
    let answer = ask_with(&router, "/v1/signals", &[("host", "localhost:8088")]).await;
    assert_eq!(answer.status, StatusCode::OK);
}
