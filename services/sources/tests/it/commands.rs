//! What people and processes say of sources.

use crate::standin::{Reply, StandIn, rss, source};
use crate::stream::{Stream, once_each};
use model::SourceAction;
use settings::SourceSettings;
use std::time::Duration;

fn feed(server: &StandIn, every: Duration) -> SourceSettings {
    SourceSettings {
        every,
        ..source("news", &server.url("/feed"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_polled_paused_resumed_and_read_again_as_it_is_said() {
    let stream = Stream::create("sources_commands").await;
    let server = StandIn::always(Reply::ok(rss(["a"]))).await;
    let feeds = [feed(&server, Duration::from_hours(1))];
    let process = stream.start("one", &feeds).await;
    stream.until("news", |poll| poll.requests == 1).await;
    stream.command("news", SourceAction::Poll).await;
    stream.until("news", |poll| poll.requests == 2).await;
    stream.command("news", SourceAction::Pause).await;
    let paused = stream.until("news", |poll| poll.paused.is_some()).await;
    assert_eq!(paused.paused.map(|paused| paused.by).as_deref(), Some("ann"));
    stream.command("news", SourceAction::Poll).await;
    process.stop();
    let process = stream.start("one", &feeds).await;
    stream.command("news", SourceAction::Resume).await;
    let resumed = stream.until("news", |poll| poll.paused.is_none()).await;
    assert_eq!(resumed.requests, 3, "nothing was asked while it was paused");
    assert_eq!(stream.told().await.values().sum::<usize>(), 1);
    stream.command("news", SourceAction::Rewind).await;
    stream.until("news", |poll| poll.items == 2).await;
    process.stop();
    let told = stream.told().await;
    assert_eq!(
        told.values().copied().collect::<Vec<_>>(),
        [2],
        "the same id again, which is folded later"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_gone_rests_until_somebody_resumes_it() {
    let stream = Stream::create("sources_gone").await;
    let server = StandIn::new(|_, before| match before {
        0 => Reply::status(410),
        _ => Reply::ok(rss(["a"])),
    })
    .await;
    let process = stream
        .start("one", &[feed(&server, Duration::from_millis(100))])
        .await;
    let stopped = stream.until("news", |poll| poll.stopped.is_some()).await;
    assert!(stopped.stopped.is_some_and(|why| why.contains("410")));
    stream.command("news", SourceAction::Resume).await;
    stream.until("news", |poll| poll.items == 1).await;
    process.stop();
    once_each(&stream.told().await, "news", 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_fails_holds_up_no_other_and_recovers() {
    let stream = Stream::create("sources_failing").await;
    let server = StandIn::new(|asked, before| match asked.uri.path() {
        "/bad" if before < 8 => Reply::ok("no feed"),
        _ => Reply::ok(rss(["a"])),
    })
    .await;
    let feeds = ["bad", "good"].map(|name| SourceSettings {
        every: Duration::from_millis(50),
        ..source(name, &server.url(&format!("/{name}")))
    });
    let process = stream.start("one", &feeds).await;
    stream.until("bad", |poll| poll.failures > 0).await;
    stream.until("good", |poll| poll.items == 1).await;
    stream
        .until("bad", |poll| poll.items == 1 && poll.failures == 0)
        .await;
    process.stop();
    once_each(&stream.told().await, "bad", 1);
}
