//! Rows and offsets together, once.

use crate::batches::{Builder, one_of_each, raw, scored, scored_event, signal, signal_of};
use crate::database::{Database, tasks};
use sink::SinkInput;
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
    assert_eq!(db.everything().await, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
    let positions = db
        .sink
        .take_over(&[
            INGEST,
            Task {
                topic: Topic::Signals,
                partition: 0,
            },
        ])
        .await;
    assert_eq!(positions, Ok(vec![Some(1), None]));
    let flow = sink::flow(&db.pool).await.unwrap();
    assert!(flow.iter().all(|task| task.counts.conserves()));
    assert_eq!(
        (flow[0].task, flow[0].counts.read, flow[0].counts.out),
        (INGEST, 1, 1)
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
    assert_eq!(db.sink.take_over(&[INGEST]).await, Ok(vec![Some(1)]));
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
    assert!(matches!(
        db.sink.store(one_of_each().batch()).await,
        Err(DrainError::Moved(_))
    ));
    db.sink.take_over(&tasks()).await.unwrap();
    db.sink.store(one_of_each().batch()).await.unwrap();
    assert_eq!(db.everything().await, before);
}

#[tokio::test]
async fn a_former_owner_writes_nothing_even_where_its_offsets_still_match() {
    let mut db = Database::new("sink_zombie").await;
    let mut successor = db.second_sink().await;
    successor.take_over(&tasks()).await.unwrap();
    let zombie = db.sink.store(one_of_each().batch()).await;
    assert!(matches!(zombie, Err(DrainError::Moved(_))), "{zombie:?}");
    assert_eq!(db.everything().await, [0; 11]);
    successor.store(one_of_each().batch()).await.unwrap();
    assert_eq!(db.everything().await, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
}

#[tokio::test]
async fn a_successor_waits_for_the_batch_that_the_former_owner_is_just_storing() {
    let db = Database::new("sink_zombie_storing").await;
    let (mut zombie, mut successor) = (db.second_sink().await, db.second_sink().await);
    zombie.take_over(&tasks()).await.unwrap();
    let mut slow = db.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE raw_events")
        .execute(&mut *slow)
        .await
        .unwrap();
    let waits = "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted AND relation = 'raw_events'::regclass";
    let queues = "SELECT count(*) = 2 FROM pg_stat_activity WHERE datname = current_database() \
        AND application_name = 'sluicebox-sink' AND wait_event_type = 'Lock'";
    let storing = async {
        let batch = Builder::default()
            .with(raw("1", b"1"))
            .with(raw("2", b"2"))
            .batch();
        zombie.store(batch).await
    };
    let taking_over = async {
        db.until(waits).await;
        successor.take_over(&[INGEST]).await
    };
    let release = async {
        db.until(queues).await;
        slow.rollback().await
    };
    let (stored, position, released) = tokio::join!(storing, taking_over, release);
    released.unwrap();
    assert_eq!((stored, position), (Ok(()), Ok(vec![Some(2)])));
    let after = zombie.store(Builder::from(2).with(raw("3", b"3")).batch()).await;
    assert!(matches!(after, Err(DrainError::Moved(_))), "{after:?}");
    assert_eq!(db.count("raw_events").await, 2);
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
    assert_eq!(db.sink.take_over(&[INGEST]).await, Ok(vec![None]));
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
async fn it_is_stored_whose_time_was_corrected_and_how_many_senders_are_independent() {
    let mut db = Database::new("sink_corrected").await;
    let mut event = scored_event("1");
    event.event.time_corrected = true;
    let mut signal = signal_of("sig_1", 1, &["1"]);
    signal.independent_count = 3;
    let batch = Builder::default()
        .with(SinkInput::Scored(Box::new(event)))
        .with(scored("2"))
        .with(SinkInput::Signal(Box::new(signal)));
    db.sink.store(batch.batch()).await.unwrap();
    assert_eq!(db.word("SELECT id FROM events WHERE time_corrected").await, "1");
    assert_eq!(db.number("SELECT independent_count FROM signals").await, 3);
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
async fn missing_tables_are_named() {
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
}

#[tokio::test]
async fn a_lost_connection_is_waited_for_and_made_anew() {
    let mut db = Database::new("sink_connection").await;
    let batch = || Builder::default().with(raw("1", b"1")).batch();
    let ended = "SELECT count(pg_terminate_backend(pid, 20000)) FROM pg_stat_activity \
        WHERE datname = current_database() AND application_name = 'sluicebox-sink'";
    assert_eq!(db.number(ended).await, 1);
    let lost = db.sink.store(batch()).await;
    assert!(matches!(lost, Err(DrainError::Away(_))), "{lost:?}");
    assert_eq!(db.sink.take_over(&tasks()).await.unwrap()[0], None);
    assert_eq!(db.sink.store(batch()).await, Ok(()));
    assert_eq!(db.count("raw_events").await, 1);
}
