//! What belongs together now: links in the order of the stream, chains of merges, one plan for one event.

use crate::batches::{Builder, NOW, change, member, signal_of};
use crate::database::{Database, tasks};
use model::StoryChangeKind::{
    PartLinked, StoriesMerged, StoryEnded, StoryGrouped, StoryOpened, TopicEnded, TopicOpened, TopicsMerged,
};
use settings::RetentionSettings;
use sink::SinkInput;
use sqlx::PgPool;
use stage::{Batch, Drain};
use std::time::{Duration, Instant};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Two texts of each of three parts. All parts become one story, that of `a`; its topic goes into that of `t`.
fn merged() -> Batch<SinkInput> {
    let members = ["a", "b", "c"]
        .into_iter()
        .flat_map(|part| [1, 2].map(|number| SinkInput::Member(member(&format!("{part}{number}"), part))));
    let changes = [
        change(StoryOpened, "a", ""),
        change(TopicOpened, "a", ""),
        change(StoryOpened, "b", ""),
        change(StoryGrouped, "b", "a"),
        change(PartLinked, "c", "b"),
        change(StoriesMerged, "b", "a"),
        change(TopicOpened, "t", ""),
        change(TopicsMerged, "a", "t"),
        change(StoryEnded, "a", ""),
        change(TopicEnded, "t", ""),
    ];
    members
        .chain(changes)
        .fold(Builder::default(), Builder::with)
        .batch()
}

/// Event, story and topic of each text.
async fn topics(pool: &PgPool) -> Vec<(String, String, String)> {
    let rows = "SELECT event_id, story_key, topic_key FROM event_topics ORDER BY 1, 2, 3";
    sqlx::query_as(rows).fetch_all(pool).await.unwrap()
}

async fn topic_of(db: &Database, event: &str) -> (String, String) {
    let all = topics(&db.pool).await;
    let found: Vec<_> = all.into_iter().filter(|(id, ..)| id == event).collect();
    assert_eq!(found.len(), 1, "{event}: {found:?}");
    (found[0].1.clone(), found[0].2.clone())
}

fn both(story: &str, topic: &str) -> (String, String) {
    (story.to_owned(), topic.to_owned())
}

#[tokio::test]
async fn merges_of_one_batch_are_followed_to_their_end() {
    let mut db = Database::new("sink_stories").await;
    db.sink.store(merged()).await.unwrap();
    let found = topics(&db.pool).await;
    assert_eq!(found.len(), 6);
    assert!(
        found
            .iter()
            .all(|(_, story, topic)| (story.as_str(), topic.as_str()) == ("a", "t")),
        "{found:?}"
    );
    assert_eq!(db.count("story_changes").await, 10);
    let link = "SELECT concat_ws(' ', into_id, tier, similarity, shared) FROM story_links \
        WHERE level = 'story' AND id = 'b'";
    assert_eq!(db.word(link).await, r#"a words 0.5 ["wallet", "drain"]"#);
    let why = "SELECT concat_ws(' ', into_id, tier) FROM story_changes WHERE kind = 'part_linked'";
    assert_eq!(db.word(why).await, "b words");
}

#[tokio::test]
async fn what_comes_again_after_the_offsets_were_reset_changes_nothing() {
    let mut db = Database::new("sink_stories_again").await;
    db.sink.store(merged()).await.unwrap();
    let (rows, before) = (db.everything().await, topics(&db.pool).await);
    sqlx::query("DELETE FROM sink_offsets")
        .execute(&db.pool)
        .await
        .unwrap();
    db.sink.take_over(&tasks()).await.unwrap();
    db.sink.store(merged()).await.unwrap();
    assert_eq!((db.everything().await, topics(&db.pool).await), (rows, before));
}

#[tokio::test]
async fn the_newest_link_holds_in_the_order_of_the_stream_within_a_batch_and_after_it() {
    let mut db = Database::new("sink_story_order").await;
    let text = SinkInput::Member(member("1", "p"));
    db.sink
        .store(Builder::default().with(text).batch())
        .await
        .unwrap();
    assert_eq!(topic_of(&db, "1").await, both("p", "p"), "without a link");
    let batch = Builder::default()
        .with(change(PartLinked, "p", "x"))
        .with(change(PartLinked, "p", "y"))
        .with(change(StoryGrouped, "y", "t"));
    db.sink.store(batch.batch()).await.unwrap();
    assert_eq!(topic_of(&db, "1").await, both("y", "t"));
    let mut later = Builder::from(3)
        .with(change(PartLinked, "p", "x"))
        .with(change(StoryOpened, "p", ""))
        .batch();
    // The clock of a broker may have gone back: the order is that of the offsets.
    for record in &mut later.records {
        if let SinkInput::Change(change) = &mut record.input {
            change.time -= DAY;
        }
    }
    db.sink.store(later).await.unwrap();
    assert_eq!(topic_of(&db, "1").await, both("p", "p"));
    assert_eq!(
        (db.count("story_links").await, db.count("story_changes").await),
        (2, 5)
    );
}

#[tokio::test]
async fn long_chains_are_followed_and_a_circle_ends() {
    let mut db = Database::new("sink_story_chains").await;
    let mut batch = Builder::default()
        .with(SinkInput::Member(member("long", "s0")))
        .with(SinkInput::Member(member("circle", "o")))
        .with(change(StoriesMerged, "o", "p"))
        .with(change(StoriesMerged, "p", "o"));
    for at in 0..100 {
        batch = batch.with(change(StoriesMerged, &format!("s{at}"), &format!("s{}", at + 1)));
        batch = batch.with(change(
            TopicsMerged,
            &format!("s{}", 100 + at),
            &format!("s{}", 101 + at),
        ));
    }
    db.sink.store(batch.batch()).await.unwrap();
    assert_eq!(topic_of(&db, "long").await, both("s100", "s200"));
    assert!(["o", "p"].contains(&topic_of(&db, "circle").await.0.as_str()));
}

#[tokio::test]
async fn tenants_are_apart_and_a_text_of_several_partitions_is_of_one_story() {
    let mut db = Database::new("sink_story_tenants").await;
    let foreign = model::StoryMember {
        tenant: "acme".to_owned(),
        ..member("1", "p")
    };
    let later = model::StoryMember {
        time: NOW + 3 * DAY,
        ..member("1", "c")
    };
    let batch = Builder::default()
        .with(SinkInput::Member(foreign))
        .with(SinkInput::Member(later))
        .with(SinkInput::Member(member("1", "q")))
        .with(SinkInput::Member(member("1", "b")))
        .with(change(PartLinked, "p", "x"));
    db.sink.store(batch.batch()).await.unwrap();
    let again = Builder::from(4).with(SinkInput::Member(member("1", "z")));
    db.sink.store(again.batch()).await.unwrap();
    let of =
        "SELECT tenant, story_key FROM event_topics WHERE source = 'web' AND event_id = '1' ORDER BY tenant";
    let found: Vec<(String, String)> = sqlx::query_as(of).fetch_all(&db.pool).await.unwrap();
    assert_eq!(found, [both("acme", "p"), both("default", "b")]);
}

#[tokio::test]
async fn a_signal_says_its_story_its_topic_and_what_took_it_in() {
    let mut db = Database::new("sink_story_signals").await;
    let mut signal = signal_of("s", 1, &["1"]);
    signal.story_key = Some("a".to_owned());
    signal.topic_key = Some("t".to_owned());
    let first = signal.clone();
    signal.version = 2;
    signal.state = model::SignalState::Closed;
    signal.merged_into = Some("sig_2".to_owned());
    let told = "SELECT concat_ws(' ', state, story_key, topic_key, merged_into) FROM signals";
    let batch = Builder::default().with(SinkInput::Signal(Box::new(first)));
    db.sink.store(batch.batch()).await.unwrap();
    assert_eq!(db.word(told).await, "candidate a t");
    let batch = Builder::from(1).with(SinkInput::Signal(Box::new(signal)));
    db.sink.store(batch.batch()).await.unwrap();
    assert_eq!(db.word(told).await, "closed a t sig_2");
}

#[tokio::test]
async fn a_signal_says_how_it_lives_and_a_change_who_made_it() {
    let mut db = Database::new("sink_signal_life").await;
    let mut signal = signal_of("s", 1, &["1"]);
    signal.subjects = vec!["symbol:UNI".to_owned()];
    signal.langs = [("en".to_owned(), 3)].into();
    (signal.heat_10m, signal.heat_30m) = (2, 3);
    (signal.slope_10m, signal.slope_30m) = (0.2, -0.5);
    signal.changes = vec![model::SignalChange {
        time: NOW,
        state: model::SignalState::Verified,
        reason: "2 independent senders".to_owned(),
    }];
    let SinkInput::Change(mut merged) = change(StoriesMerged, "a", "b") else {
        panic!("a change")
    };
    merged.by = Some("alice".to_owned());
    merged.reason = Some("seen".to_owned());
    let batch = Builder::default()
        .with(SinkInput::Signal(Box::new(signal)))
        .with(SinkInput::Change(merged));
    db.sink.store(batch.batch()).await.unwrap();
    let told = "SELECT concat_ws(' ', subjects->>0, langs->>'en', heat_10m, heat_30m, slope_10m, slope_30m, \
                changes->0->>'state', changes->0->>'reason') FROM signals";
    assert_eq!(
        db.word(told).await,
        "symbol:UNI 3 2 3 0.2 -0.5 verified 2 independent senders"
    );
    let by = "SELECT concat_ws(' ', changed_by, reason) FROM story_changes";
    assert_eq!(db.word(by).await, "alice seen");
}

/// Ten thousand texts of a day in three thousand parts, whose stories are ten merges deep.
const FULL: &str = "
    INSERT INTO story_members SELECT 's' || n % 7, 'e' || n, 'default', now() - n * interval '4 min',
        md5((n % 3000)::text), false FROM generate_series(1, 10000) n;
    INSERT INTO story_links SELECT 'default', 'story', md5(n::text), md5(greatest(n / 2, 1)::text), 'words', 0.5, '[]', now()
        FROM generate_series(0, 2999) n;
    INSERT INTO story_links SELECT 'default', 'topic', md5('1'), md5('1'), NULL, NULL, NULL, now();
    ANALYZE story_members;
    ANALYZE story_links;";

#[tokio::test]
async fn one_event_reads_indexes_alone_and_all_of_ten_thousand_take_no_time() {
    let db = Database::new("sink_story_plans").await;
    sqlx::raw_sql(FULL).execute(&db.pool).await.unwrap();
    let mut one = db.pool.acquire().await.unwrap();
    // Days of few rows would be read whole, which says nothing of whether they need to be.
    sqlx::query("SET enable_seqscan = off")
        .execute(&mut *one)
        .await
        .unwrap();
    for query in [
        "EXPLAIN SELECT * FROM event_topics WHERE source = 's1' AND event_id = 'e1'",
        "EXPLAIN SELECT * FROM event_topics WHERE tenant = 'default' AND source = 's1' AND event_id = 'e1'",
        "EXPLAIN SELECT * FROM story_members WHERE part = 'p'",
    ] {
        let plan: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut *one).await.unwrap();
        assert!(!plan.iter().any(|line| line.contains("Seq Scan")), "{plan:#?}");
    }
    let began = Instant::now();
    let topics = "SELECT count(*) FROM event_topics WHERE topic_key = md5('1')";
    assert!(db.number(topics).await > 9_000);
    // A second where nothing else runs.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

/// Links of long ago: under `kept` is a text of today, under `gone` none any more.
const OLD: &str = "
    INSERT INTO story_members VALUES ('web', 'kept', 'default', now(), 'kept', false);
    INSERT INTO story_members (source, event_id, tenant, time, part, copy, stored_at)
        SELECT 'web', n::text, 'default', '2020-01-01', 'gone', false, '2020-01-01' FROM generate_series(1, 1500) n;
    INSERT INTO story_links SELECT 'default', level, id, into_id, NULL, NULL, NULL, '2020-01-01' FROM (VALUES
        ('story', 'kept', 's1'), ('story', 's1', 's2'), ('story', 's2', 's2'), ('topic', 's2', 't1'), ('topic', 't1', 't1'),
        ('story', 'gone', 'g1'), ('story', 'g1', 'g1'), ('topic', 'g1', 'g1')) AS old (level, id, into_id);
    INSERT INTO story_changes SELECT 0, n, 'default', '2020-01-01', 'story_opened', 'a' FROM generate_series(1, 3) n;";

#[tokio::test]
async fn links_go_once_nothing_needs_them() {
    let db = Database::new("sink_story_retention").await;
    sqlx::raw_sql(OLD).execute(&db.pool).await.unwrap();
    let options = db.pool.connect_options().as_ref().clone();
    let mut deleted = Vec::new();
    for _ in 0..3 {
        let done = sink::maintain(&options, &RetentionSettings::default())
            .await
            .unwrap();
        deleted.push(done.unwrap().deleted);
    }
    assert_eq!(
        deleted[0][..2],
        [("story_members_default", 1500), ("story_changes_default", 3)]
    );
    assert!(deleted[2].is_empty(), "{deleted:?}");
    assert_eq!(
        topics(&db.pool).await,
        [("kept".to_owned(), "s2".to_owned(), "t1".to_owned())]
    );
    assert_eq!(db.count("story_links").await, 5);
}
