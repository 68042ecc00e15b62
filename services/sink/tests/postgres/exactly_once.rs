//! Rows and offsets together, once.

use crate::batches::{Builder, one_of_each, raw, scored, signal};
use crate::database::Database;
use stage::{Drain, DrainError, Task};
use topology::Topic;

const INGEST: Task = Task {
    topic: Topic::IngestEvents,
    partition: 0,
};

#[tokio::test]
async fn one_of_everything_is_stored_with_its_offsets_and_counts() {
    let mut db = Database::new("sink_everything").await;
    db.sink.store(one_of_each().batch()).await.unwrap();
    assert_eq!(db.everything().await, [1, 1, 1, 1, 1, 1, 1, 2]);
    let positions = db
        .sink
        .positions(&[
            INGEST,
            Task {
                topic: Topic::Signals,
                partition: 0,
            },
        ])
        .await;
    assert_eq!(positions, Ok(vec![Some(2), None]));
    let flow = sink::flow(&db.pool).await.unwrap();
    assert!(flow.iter().all(|task| task.counts.conserves()));
    assert_eq!(
        (
            flow[0].task,
            flow[0].counts.read,
            flow[0].counts.dead["undecodable"]
        ),
        (INGEST, 2, 1)
    );
    assert_eq!(db.word("SELECT data->>'amount' FROM raw_events").await, "1234.5");
}

#[tokio::test]
async fn a_batch_that_comes_again_is_refused_and_changes_nothing() {
    let mut db = Database::new("sink_replay").await;
    db.sink.store(one_of_each().batch()).await.unwrap();
    let before = db.everything().await;
    let again = db.sink.store(one_of_each().batch()).await;
    assert!(
        matches!(&again, Err(DrainError::Moved(why)) if why.contains("ingest.events-0 is not at 0")),
        "{again:?}"
    );
    assert_eq!(db.everything().await, before);
    assert_eq!(db.sink.positions(&[INGEST]).await, Ok(vec![Some(2)]));
}

#[tokio::test]
async fn rows_that_come_again_after_the_offsets_were_reset_change_nothing() {
    let mut db = Database::new("sink_reset").await;
    db.sink.store(one_of_each().batch()).await.unwrap();
    let before = db.everything().await;
    sqlx::query("DELETE FROM sink_offsets")
        .execute(&db.pool)
        .await
        .unwrap();
    db.second_sink().await.store(one_of_each().batch()).await.unwrap();
    assert_eq!(db.everything().await, before);
}

#[tokio::test]
async fn of_two_owners_the_slower_one_is_refused_with_all_its_rows() {
    let mut db = Database::new("sink_two_owners").await;
    let mut other = db.second_sink().await;
    let (ours, theirs) = tokio::join!(
        db.sink.store(Builder::default().with(raw("ours", b"1")).batch()),
        other.store(Builder::default().with(raw("theirs", b"2")).batch()),
    );
    assert_eq!(
        [&ours, &theirs]
            .into_iter()
            .filter(|result| result.is_ok())
            .count(),
        1,
        "{ours:?} {theirs:?}"
    );
    assert_eq!(db.count("raw_events").await, 1);
}

#[tokio::test]
async fn one_task_behind_holds_back_the_others_of_its_batch() {
    let mut db = Database::new("sink_partly_moved").await;
    db.sink
        .store(Builder::default().with(scored("1")).batch())
        .await
        .unwrap();
    let mixed = Builder::default().with(raw("1", b"1")).with(scored("2")).batch();
    assert!(matches!(db.sink.store(mixed).await, Err(DrainError::Moved(_))));
    assert_eq!((db.count("raw_events").await, db.count("events").await), (0, 1));
    assert_eq!(db.sink.positions(&[INGEST]).await, Ok(vec![None]));
}

#[tokio::test]
async fn the_audit_keeps_every_delivery_and_the_events_each_key_once() {
    let mut db = Database::new("sink_duplicates").await;
    let batch = Builder::default()
        .with(raw("1", b"1"))
        .with(raw("1", b"1"))
        .with(scored("1"))
        .with(scored("1"));
    db.sink.store(batch.batch()).await.unwrap();
    db.sink
        .store(Builder::from(2).with(raw("1", b"1")).with(scored("1")).batch())
        .await
        .unwrap();
    assert_eq!((db.count("raw_events").await, db.count("events").await), (3, 1));
    assert_eq!(sink::flow(&db.pool).await.unwrap()[0].counts.read, 3);
}

#[tokio::test]
async fn an_event_is_stored_whole_with_its_score() {
    let mut db = Database::new("sink_scored").await;
    db.sink
        .store(Builder::default().with(scored("1")).batch())
        .await
        .unwrap();
    assert_eq!(
        db.word("SELECT entities->'cashtags'->>0 FROM events WHERE matched = 1")
            .await,
        "PEPE"
    );
}

#[tokio::test]
async fn evidence_that_was_rolled_back_is_written_the_next_time() {
    let mut db = Database::new("sink_evidence_rolled_back").await;
    db.sink
        .store(Builder::default().with(scored("1")).batch())
        .await
        .unwrap();
    let refused = Builder::default()
        .with(scored("1"))
        .with(signal("sig_1", 1, &["1"]))
        .batch();
    assert!(db.sink.store(refused).await.is_err());
    db.sink
        .store(Builder::default().with(signal("sig_1", 1, &["1"])).batch())
        .await
        .unwrap();
    assert_eq!(db.count("signal_evidence").await, 1);
}

#[tokio::test]
async fn missing_tables_are_named_and_a_lost_server_is_waited_for() {
    let mut db = Database::new("sink_errors").await;
    sink::revert(&db.pool, 0).await.unwrap();
    let refused = db
        .sink
        .store(Builder::default().with(raw("1", b"1")).batch())
        .await;
    assert!(
        matches!(&refused, Err(DrainError::Fatal(why)) if why.contains("sluicebox migrate")),
        "{refused:?}"
    );
    db.sink.pool().close().await;
    assert!(matches!(
        db.sink.positions(&[INGEST]).await,
        Err(DrainError::Away(_))
    ));
}
