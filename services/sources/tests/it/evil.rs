//! Evil twins: whatever a server does, a fetch ends in bounded time and memory, with a reason.

use crate::standin::{Behind, Reply, StandIn, polled, rss, source};
use outbound::Reach;
use settings::{SourceKind, SourceMapping, SourceSettings};
use sources::{Admitting, Cursor, FetchError, Polled};
use std::time::Duration;

fn cursor() -> Cursor {
    Cursor::default()
}

fn json(url: &str) -> SourceSettings {
    SourceSettings {
        kind: SourceKind::HttpPoll,
        mapping: Some(SourceMapping {
            items: "items".to_owned(),
            error: Some("error".to_owned()),
            ..SourceMapping::default()
        }),
        ..source("evil", url)
    }
}

/// Why there is no page, and how long the server wants to be left alone.
async fn refused(settings: &SourceSettings) -> (String, Option<Duration>) {
    match polled(settings).source().fetch(&cursor()).await {
        Err(FetchError::Later { why, wait }) => (why, wait),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_no_page_says_what_it_is() {
    let cases = [
        (
            Reply::ok("<html>please log in</html>").with("content-type", "text/html"),
            "what is no",
        ),
        (Reply::ok("{\"items\": [{\"id\": 1}, {\"id"), "what is no"),
        (Reply::ok(""), "what is no"),
        (Reply::ok("[".repeat(100_000)), "what is no"),
        (Reply::new(200, Behind::Endless), "did not end in time"),
        (Reply::new(200, Behind::Broken("{\"items\": []")), "127.0.0.1"),
        (Reply::ok("{}").with("content-length", "999"), ""),
        (Reply::status(500), "answered 500"),
        (Reply::status(301), "leads nowhere"),
        (Reply::status(302).with("location", "/"), "redirects"),
        (
            Reply::status(302).with("location", "file:///etc/passwd"),
            "leads nowhere",
        ),
    ];
    for (reply, expected) in cases {
        let server = StandIn::always(reply.clone()).await;
        for settings in [source("evil", &server.url("/")), json(&server.url("/"))] {
            let (why, _) = refused(&settings).await;
            assert!(why.contains(expected), "{reply:?}: {why}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_is_not_waited_for() {
    for behind in [Behind::Hang("{\"items\": ["), Behind::Hang("")] {
        let server = StandIn::always(Reply::new(200, behind)).await;
        let settings = SourceSettings {
            timeout: Duration::from_millis(200),
            ..json(&server.url("/"))
        };
        let (why, _) = refused(&settings).await;
        assert!(why.contains("did not end in time"), "{why}");
    }
}

#[tokio::test]
async fn a_success_with_an_error_inside_is_none() {
    let server = StandIn::always(Reply::ok(r#"{"error":{"code":88},"items":[{"id":1}]}"#)).await;
    let (why, _) = refused(&json(&server.url("/"))).await;
    assert!(why.contains("says that it failed") && why.contains("88"), "{why}");
}

#[tokio::test]
async fn a_server_that_wants_to_be_left_alone_is() {
    let minute = Some(Duration::from_mins(1));
    for (reply, wait) in [
        (Reply::status(429), None),
        (Reply::status(429).with("retry-after", "60"), minute),
        (Reply::status(503).with("retry-after", "60"), minute),
        (Reply::status(429).with("x-ratelimit-reset", "60"), minute),
        (
            Reply::status(429).with("retry-after", "9999999999"),
            Some(Duration::from_hours(24)),
        ),
        (Reply::status(429).with("retry-after", "yesterday"), None),
    ] {
        let server = StandIn::always(reply.clone()).await;
        assert_eq!(
            refused(&source("evil", &server.url("/"))).await.1,
            wait,
            "{reply:?}"
        );
    }
    let spent = Reply::ok(rss(["a"]))
        .with("x-ratelimit-remaining", "0")
        .with("x-ratelimit-reset", "60");
    let server = StandIn::always(spent).await;
    let page = polled(&source("evil", &server.url("/")))
        .source()
        .fetch(&cursor())
        .await
        .unwrap();
    assert_eq!((page.wait, page.budget), (minute, Some(0)));
    let some = Reply::ok(rss(["a"]))
        .with("x-ratelimit-remaining", "7")
        .with("x-ratelimit-reset", "60");
    let server = StandIn::always(some).await;
    let page = polled(&source("evil", &server.url("/")))
        .source()
        .fetch(&cursor())
        .await
        .unwrap();
    assert_eq!(
        (page.wait, page.budget),
        (None, Some(7)),
        "what is left may be used"
    );
}

#[tokio::test]
async fn private_addresses_are_not_called_whoever_leads_there() {
    let inside = StandIn::always(Reply::ok(rss(["secret"]))).await;
    let nowhere = Polled::new(&source("evil", &inside.url("/")), &Reach::default()).unwrap();
    let error = nowhere.source().fetch(&cursor()).await.unwrap_err();
    assert!(error.to_string().contains("must not be called"), "{error}");
    let leading =
        StandIn::always(Reply::status(302).with("location", "http://169.254.169.254/latest/meta-data")).await;
    let (why, _) = refused(&source("evil", &leading.url("/"))).await;
    assert!(why.contains("must not be called"), "{why}");
    assert!(inside.asked().is_empty());
}

#[tokio::test]
async fn times_from_tomorrow_and_numbers_without_end_harm_nobody() {
    let items = r#"{"items":[{"id":1,"at":"2999-01-01T00:00:00Z"},{"id":2,"at":1e300},{"id":3,"at":-5},
        {"id":123456789012345678901234567890,"at":"2026-11-30T10:00:00Z","x":0.1234567890123456789012345678901234567890}]}"#;
    let server = StandIn::always(Reply::ok(items)).await;
    let mut settings = json(&server.url("/"));
    settings.mapping.as_mut().unwrap().time = Some("at".to_owned());
    let admitting = Admitting::new(admission::Limits::default());
    let preview = sources::preview(&polled(&settings), &admitting).await.unwrap();
    let times: Vec<_> = preview.events.iter().map(|event| event.time).collect();
    assert_eq!(times[..3], [None, None, None]);
    assert_eq!(times.len(), 4);
}
