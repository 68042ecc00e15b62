//! What a feed's server says is heard: conditions, redirects, the end.

use crate::standin::{Reply, StandIn, polled, reach, rss, source};
use model::RawEvent;
use sources::{Admitting, Cursor, FetchError, Polled};

fn admitting() -> Admitting {
    Admitting::new(admission::Limits::default())
}

/// One page after another, as the stage takes them.
struct Reader {
    polled: Polled,
    cursor: Cursor,
    first: bool,
}

impl Reader {
    fn new(polled: Polled) -> Self {
        Self {
            polled,
            cursor: Cursor::default(),
            first: true,
        }
    }

    async fn read(&mut self) -> Result<Vec<RawEvent>, FetchError> {
        let page = self.polled.source().fetch(&self.cursor).await?;
        let first = std::mem::take(&mut self.first);
        let now = 1_796_100_000_000;
        Ok(admitting()
            .take(page, &self.polled, &mut self.cursor, first, now)
            .events)
    }

    async fn ids(&mut self) -> Vec<String> {
        self.read()
            .await
            .unwrap()
            .into_iter()
            .map(|event| event.id)
            .collect()
    }
}

#[tokio::test]
async fn a_feed_is_asked_for_what_changed_and_told_once() {
    let server = StandIn::new(|asked, before| {
        if asked.header("if-none-match") == Some("\"1\"") && before < 2 {
            return Reply::status(304);
        }
        let ids = if before < 2 { ["b", "a"] } else { ["c", "b"] };
        Reply::ok(rss(ids))
            .with("etag", if before < 2 { "\"1\"" } else { "\"2\"" })
            .with("last-modified", "Mon, 30 Nov 2026 10:00:00 GMT")
    })
    .await;
    let mut reader = Reader::new(polled(&source("news", &server.url("/feed"))));
    let first = reader.read().await.unwrap();
    assert_eq!(
        first.iter().map(|event| event.id.as_str()).collect::<Vec<_>>(),
        ["b", "a"]
    );
    let event = &first[0];
    assert_eq!(
        (event.source.as_str(), event.kind.as_str(), event.time),
        ("news", "post", Some(1_796_032_800_000))
    );
    let data: serde_json::Value = serde_json::from_slice(event.data.as_deref().unwrap()).unwrap();
    assert_eq!(
        (&data["title"], &data["feed"]),
        (&"Title b".into(), &"News".into())
    );
    assert_eq!(data["url"], server.url("/b"), "relative to the feed");
    assert!(reader.ids().await.is_empty());
    assert_eq!(reader.ids().await, ["c"]);
    let since: Vec<_> = server
        .asked()
        .iter()
        .map(|asked| asked.header("if-modified-since").is_some())
        .collect();
    assert_eq!(since, [false, true, true]);
}

#[tokio::test]
async fn a_feed_that_moved_is_asked_where_it_is_from_then_on() {
    let server = StandIn::new(|asked, _| match asked.uri.path() {
        "/old" => Reply::status(301).with("location", "/new"),
        "/temporary" => Reply::status(302).with("location", "/new"),
        _ => Reply::ok(rss(["a"])),
    })
    .await;
    for (path, expected) in [
        ("/old", ["/old", "/new", "/new"].as_slice()),
        ("/temporary", &["/temporary", "/new", "/temporary", "/new"]),
        ("/old?key=s3cret", &["/old", "/new", "/old", "/new"]),
    ] {
        let before = server.asked().len();
        let mut reader = Reader::new(polled(&source("news", &server.url(path))));
        assert_eq!(reader.ids().await, ["a"]);
        assert!(reader.ids().await.is_empty());
        let asked = server.asked();
        let paths: Vec<_> = asked[before..].iter().map(|asked| asked.uri.path()).collect();
        assert_eq!(paths, expected, "an address with a key is not kept: {path}");
    }
}

#[tokio::test]
async fn a_feed_that_is_gone_says_so() {
    let server = StandIn::always(Reply::status(410)).await;
    let mut reader = Reader::new(polled(&source("news", &server.url("/feed"))));
    assert!(matches!(reader.read().await, Err(FetchError::Gone(_))));
}

#[tokio::test]
async fn ids_that_change_with_every_fetch_make_no_new_entries() {
    let server = StandIn::new(|_, before| {
        let item = format!("<item><guid>made-up-{before}</guid><title>T</title><link>/t</link></item>");
        Reply::ok(format!("<rss version=\"2.0\"><channel>{item}</channel></rss>"))
    })
    .await;
    let mut reader = Reader::new(polled(&source("news", &server.url("/feed"))));
    assert_eq!(reader.ids().await, ["made-up-0"]);
    assert!(reader.ids().await.is_empty());
}

#[tokio::test]
async fn what_is_there_at_first_may_be_left_out() {
    let server =
        StandIn::new(|_, before| Reply::ok(rss(if before == 0 { ["b", "a"] } else { ["c", "b"] }))).await;
    let settings = settings::SourceSettings {
        backlog: false,
        ..source("news", &server.url("/feed"))
    };
    let mut reader = Reader::new(polled(&settings));
    assert!(reader.ids().await.is_empty());
    assert_eq!(reader.ids().await, ["c"]);
}

#[tokio::test]
async fn what_we_have_to_show_is_shown_to_its_own_host_alone() {
    let other = StandIn::always(Reply::ok(rss(["a"]))).await;
    let there = other.url("/feed");
    let server = StandIn::new(move |_, _| Reply::status(302).with("location", there.clone())).await;
    let settings = settings::SourceSettings {
        token: Some(settings::Secret::new("t0ken")),
        ..source("news", &server.url("/feed"))
    };
    let polled = Polled::new(&settings, &reach()).unwrap();
    assert_eq!(Reader::new(polled).ids().await, ["a"]);
    assert_eq!(server.asked()[0].header("authorization"), Some("Bearer t0ken"));
    assert_eq!(other.asked()[0].header("authorization"), None);
}
