//! Cursors are exactly-once: a process that is killed between pages, restarted, or joined by another, neither skips nor
//! doubles an item.

use crate::standin::{Reply, StandIn, rss, source};
use crate::stream::{Stream, once_each};
use serde_json::json;
use settings::{PagingBy, SourceKind, SourceMapping, SourcePaging, SourceSettings};
use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PAGES: u32 = 60;
const ON_A_PAGE: u32 = 5;
const BROKERS: &str = "SOURCES_TEST_BROKERS";
const PREFIX: &str = "SOURCES_TEST_PREFIX";
const URL: &str = "SOURCES_TEST_URL";

/// A list of pages that is read once, in one poll, however often the process is killed meanwhile.
fn list(url: &str) -> SourceSettings {
    SourceSettings {
        kind: SourceKind::HttpPoll,
        every: Duration::from_hours(1),
        max_pages: 1_000,
        mapping: Some(SourceMapping {
            items: "items".to_owned(),
            ..SourceMapping::default()
        }),
        paging: Some(SourcePaging {
            by: PagingBy::Page,
            parameter: Some("page".to_owned()),
            ..SourcePaging::default()
        }),
        ..source("list", url)
    }
}

async fn paged() -> StandIn {
    StandIn::new(|asked, _| {
        let page: u32 = asked.parameter("page").unwrap().parse().unwrap();
        let items = (0..if page <= PAGES { ON_A_PAGE } else { 0 }).map(|at| json!({"id": page * 100 + at}));
        Reply::ok(json!({ "items": items.collect::<Vec<_>>() }).to_string())
    })
    .await
}

struct Killed(Child);

impl Killed {
    fn begin(stream: &Stream, url: &str) -> Self {
        let (brokers, prefix) = stream.address();
        let child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "exactly_once::the_one_that_is_killed",
                "--ignored",
                "--nocapture",
            ])
            .envs([(BROKERS, brokers), (PREFIX, prefix), (URL, url)])
            .stdout(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_between_pages_skips_and_doubles_nothing() {
    let (stream, server) = (Stream::create("sources_killed").await, paged().await);
    let mut asked = 0;
    for pages in [1, 7, 3, 11, 2] {
        let child = Killed::begin(&stream, &server.url("/list"));
        server.wait_for(asked + pages);
        drop(child);
        asked = server.asked().len();
    }
    let process = stream.start("killed", &[list(&server.url("/list"))]).await;
    let end = |poll: &sources::Poll| {
        poll.next_at
            .is_some_and(|next| next > poll.polled_at.unwrap_or_default() + 60_000)
    };
    stream.until("list", end).await;
    process.stop();
    once_each(&stream.told().await, "list", (PAGES * ON_A_PAGE) as usize);
    let asked = server.asked().len();
    assert!(
        asked > PAGES as usize + 1,
        "{asked}: a page was asked for again after a kill"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "another test runs and kills it"]
async fn the_one_that_is_killed() {
    let [brokers, prefix, url] = [BROKERS, PREFIX, URL].map(|name| std::env::var(name).unwrap());
    let process = Stream::at(&brokers, &prefix).start("killed", &[list(&url)]).await;
    process.join();
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_are_shared_out_and_taken_over_with_their_cursors() {
    let stream = Stream::create("sources_replicas").await;
    // Each request of a feed finds one entry more, until the second replica has its share; the last thirty are shown.
    let (entries, most) = (
        Arc::new(Mutex::new(HashMap::<String, usize>::new())),
        Arc::new(AtomicUsize::new(usize::MAX)),
    );
    let server = StandIn::new({
        let (entries, most) = (Arc::clone(&entries), Arc::clone(&most));
        move |asked, _| {
            let mut entries = entries.lock().unwrap();
            let count = entries.entry(asked.uri.path().to_owned()).or_default();
            *count = count.saturating_add(1).min(most.load(Ordering::Relaxed));
            let ids: Vec<String> = (count.saturating_sub(30)..*count)
                .rev()
                .map(|id| id.to_string())
                .collect();
            Reply::ok(rss(ids.iter().map(String::as_str)))
        }
    })
    .await;
    let feeds: Vec<SourceSettings> = (0..12)
        .map(|number| SourceSettings {
            every: Duration::from_millis(150),
            ..source(&format!("feed-{number}"), &server.url(&format!("/{number}")))
        })
        .collect();
    let first = stream.start("one", &feeds).await;
    server.wait_for(30);
    let second = stream.start("two", &feeds).await;
    second.watcher.wait_until(|counts| counts.emitted > 0);
    first.stop();
    let all = {
        let entries = entries.lock().unwrap();
        let all = entries.values().max().unwrap() + 20;
        most.store(all, Ordering::Relaxed);
        all
    };
    for feed in &feeds {
        stream.until(&feed.name, |poll| poll.items == all as u64).await;
    }
    second.stop();
    let told = stream.told().await;
    for feed in &feeds {
        once_each(&told, &feed.name, all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_with_what_the_server_was_told() {
    let stream = Stream::create("sources_restart").await;
    let server = StandIn::new(|asked, _| match asked.header("if-none-match") {
        Some("\"1\"") => Reply::status(304),
        _ => Reply::ok(rss(["b", "a"])).with("etag", "\"1\""),
    })
    .await;
    let feeds = [SourceSettings {
        every: Duration::from_millis(200),
        ..source("news", &server.url("/feed"))
    }];
    let process = stream.start("one", &feeds).await;
    let before = stream.until("news", |poll| poll.unchanged >= 2).await;
    process.stop();
    let process = stream.start("one", &feeds).await;
    stream
        .until("news", |poll| poll.unchanged > before.unchanged + 2)
        .await;
    process.stop();
    once_each(&stream.told().await, "news", 2);
    let unconditional = server
        .asked()
        .iter()
        .filter(|asked| asked.header("if-none-match").is_none())
        .count();
    assert_eq!(unconditional, 1, "the restart remembered the ETag");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_counts_as_settled() {
    let stream = Stream::create("sources_counts").await;
    let server = StandIn::always(Reply::ok(rss(["b", "a"]))).await;
    let feeds = [SourceSettings {
        every: Duration::from_millis(200),
        ..source("news", &server.url("/feed"))
    }];
    let process = stream.start("one", &feeds).await;
    let counts = process.watcher.wait_until(|counts| counts.out == 1);
    assert_eq!(
        (counts.read + counts.resumed, counts.emitted),
        (1 + counts.parked, 2)
    );
    stream.until("news", |poll| poll.requests >= 3).await;
    process.stop();
    let lags = stream.admin().lag().await.unwrap();
    let lag = lags
        .iter()
        .find(|lag| lag.stage == topology::StageName::Sources)
        .unwrap();
    assert!(lag.counts.conserves(), "{:?}", lag.counts);
    assert_eq!(
        (lag.counts.waiting(), lag.counts.out, lag.counts.emitted),
        (0, 1, 2)
    );
}
