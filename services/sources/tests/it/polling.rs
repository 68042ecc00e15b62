//! `http_poll` reads pages as their API means them.

use crate::standin::{Reply, StandIn, polled, source};
use serde_json::json;
use settings::{PagingBy, PagingUntil, SourceKind, SourceMapping, SourcePaging, SourceSettings};
use sources::{Admitting, Cursor, Polled};

/// Polls once, page after page; gives the ids, and what was odd.
async fn poll(polled: &Polled, cursor: &mut Cursor) -> (Vec<String>, Option<&'static str>) {
    let mut ids = Vec::new();
    for _ in 0..20 {
        let page = polled.source().fetch(cursor).await.unwrap();
        let admitting = Admitting::new(admission::Limits::default());
        let taken = admitting.take(page, polled, cursor, false, 1_796_100_000_000);
        ids.extend(taken.events.into_iter().map(|event| event.id));
        if !taken.more {
            return (ids, taken.odd);
        }
    }
    panic!("a poll without end: {ids:?}");
}

fn http(name: &str, url: &str, paging: SourcePaging) -> SourceSettings {
    SourceSettings {
        kind: SourceKind::HttpPoll,
        mapping: Some(SourceMapping {
            items: "items".to_owned(),
            ..SourceMapping::default()
        }),
        paging: Some(paging),
        ..source(name, url)
    }
}

/// A list with the newest first, two a page, that starts with so many.
fn page_of(newest: usize, page: usize) -> Vec<serde_json::Value> {
    let from = newest.saturating_sub(page * 2);
    (from.saturating_sub(2)..from)
        .rev()
        .map(|id| json!({"id": id}))
        .collect()
}

#[tokio::test]
async fn pages_are_read_until_what_is_known() {
    let newest = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(6));
    let there = std::sync::Arc::clone(&newest);
    let server = StandIn::new(move |asked, _| {
        let page = asked.parameter("page").unwrap().parse::<usize>().unwrap() - 1;
        let items = page_of(there.load(std::sync::atomic::Ordering::Relaxed), page);
        Reply::ok(json!({ "items": items }).to_string())
    })
    .await;
    let paging = SourcePaging {
        by: PagingBy::Page,
        parameter: Some("page".to_owned()),
        ..SourcePaging::default()
    };
    let polled = polled(&http("list", &server.url("/list?limit=2"), paging));
    let mut cursor = Cursor::default();
    assert_eq!(poll(&polled, &mut cursor).await.0, ["5", "4", "3", "2", "1", "0"]);
    assert_eq!(server.asked().len(), 4, "the last one is empty");
    newest.store(9, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(poll(&polled, &mut cursor).await.0, ["8", "7", "6"]);
    assert_eq!(
        server.asked().len(),
        6,
        "the second of them holds an item that is known"
    );
    assert_eq!(server.asked()[0].parameter("limit").as_deref(), Some("2"));
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was() {
    let server = StandIn::new(|asked, before| {
        let after: u64 = asked.parameter("after").map_or(0, |after| after.parse().unwrap());
        let end = if before < 3 { 3 } else { 5 };
        let items: Vec<_> = (after + 1..=end).take(2).map(|id| json!({"id": id})).collect();
        Reply::ok(json!({ "items": items }).to_string())
    })
    .await;
    let paging = SourcePaging {
        next: Some("items[-1].id".to_owned()),
        parameter: Some("after".to_owned()),
        keep: true,
        until: PagingUntil::End,
        ..SourcePaging::default()
    };
    let polled = polled(&http("stream", &server.url("/stream"), paging));
    let mut cursor = Cursor::default();
    assert_eq!(poll(&polled, &mut cursor).await.0, ["1", "2", "3"]);
    assert_eq!(poll(&polled, &mut cursor).await.0, ["4", "5"]);
    let after: Vec<_> = server
        .asked()
        .iter()
        .map(|asked| asked.parameter("after"))
        .collect();
    let expected = [None, Some("2"), Some("3"), Some("3"), Some("5")];
    assert_eq!(after, expected.map(|after| after.map(str::to_owned)));
}

#[tokio::test]
async fn links_are_followed_and_an_endless_circle_ends() {
    let server = StandIn::new(|asked, _| {
        let page: u64 = asked.parameter("p").map_or(0, |page| page.parse().unwrap());
        let next = (page + 1) % 3;
        Reply::ok(json!({"items": [{"id": page}]}).to_string())
            .with("link", format!("</items?key=s3cret&p={next}>; rel=\"next\""))
    })
    .await;
    let paging = SourcePaging {
        by: PagingBy::Link,
        until: PagingUntil::End,
        ..SourcePaging::default()
    };
    let polled = polled(&http("circle", &server.url("/items?key=s3cret"), paging));
    let mut cursor = Cursor::default();
    let (ids, odd) = poll(&polled, &mut cursor).await;
    assert_eq!(ids, ["0", "1", "2"]);
    assert!(
        odd.is_some_and(|odd| odd.contains("nothing new") || odd.contains("lead back")),
        "{odd:?}"
    );
    assert!(
        server
            .asked()
            .iter()
            .all(|asked| asked.parameter("key").as_deref() == Some("s3cret"))
    );
    assert!(!format!("{cursor:?}").contains("s3cret"), "{cursor:?}");
}

#[tokio::test]
async fn pages_that_repeat_for_ever_end_the_poll() {
    let server = StandIn::always(Reply::ok(r#"{"items":[{"id":1}]}"#)).await;
    let paging = SourcePaging {
        by: PagingBy::Page,
        parameter: Some("page".to_owned()),
        ..SourcePaging::default()
    };
    let polled = polled(&http("stuck", &server.url("/"), paging));
    let (ids, odd) = poll(&polled, &mut Cursor::default()).await;
    assert_eq!((ids.len(), server.asked().len()), (1, 4));
    assert!(odd.is_some_and(|odd| odd.contains("nothing new")));
}

#[tokio::test]
async fn a_cursor_that_goes_back_ends_the_poll() {
    let server = StandIn::new(|asked, before| {
        let next = match asked.parameter("cursor").as_deref() {
            Some("b") => "c",
            _ => "b",
        };
        Reply::ok(json!({"items": [{"id": before}], "next": next}).to_string())
    })
    .await;
    let paging = SourcePaging {
        next: Some("next".to_owned()),
        parameter: Some("cursor".to_owned()),
        ..SourcePaging::default()
    };
    let polled = polled(&http("back", &server.url("/"), paging));
    let (ids, odd) = poll(&polled, &mut Cursor::default()).await;
    assert_eq!(ids, ["0", "1", "2"]);
    assert!(odd.is_some_and(|odd| odd.contains("lead back")));
}

#[tokio::test]
async fn an_item_without_an_id_is_what_it_says_and_too_large_ones_are_refused() {
    let large = "x".repeat(1_100_000);
    let items = json!([{"n": 1}, {"n": 1}, {"n": 2}, {"id": "big", "text": large}, {"id": true}]);
    let server = StandIn::always(Reply::ok(items.to_string())).await;
    let settings = SourceSettings {
        kind: SourceKind::HttpPoll,
        ..source("plain", &server.url("/"))
    };
    let admitting = Admitting::new(admission::Limits::default());
    let preview = sources::preview(&polled(&settings), &admitting).await.unwrap();
    let again = sources::preview(&polled(&settings), &admitting).await.unwrap();
    let ids = |preview: &sources::Preview| {
        preview
            .events
            .iter()
            .map(|event| event.id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&preview), ids(&again));
    assert_eq!((preview.events.len(), preview.refused), (3, 1));
    assert!(preview.refusal.is_some_and(|why| why.contains("big")));
}
