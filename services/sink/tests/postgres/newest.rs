//! Of signals and receipts the newest wins; of evidence nothing is lost.

use crate::batches::{Builder, receipt, signal, signal_of};
use crate::database::Database;
use sink::SinkInput;
use stage::Drain;

#[tokio::test]
async fn the_newest_version_of_a_signal_wins_whatever_the_order() {
    let mut db = Database::new("sink_versions").await;
    let first = Builder::default()
        .with(signal("s", 1, &["1"]))
        .with(signal("s", 3, &["1", "2", "3"]));
    db.sink
        .store(first.with(signal("s", 2, &["1", "2"])).batch())
        .await
        .unwrap();
    assert_eq!(db.number("SELECT version FROM signals").await, 3);
    db.sink
        .store(Builder::from(3).with(signal("s", 2, &["1", "2"])).batch())
        .await
        .unwrap();
    assert_eq!(db.number("SELECT version FROM signals").await, 3);
    db.sink
        .store(Builder::from(4).with(signal("s", 4, &["3", "4"])).batch())
        .await
        .unwrap();
    assert_eq!(db.word("SELECT title FROM signals").await, "title of version 4");
    assert_eq!(
        (db.count("signals").await, db.count("signal_evidence").await),
        (1, 4)
    );
}

#[tokio::test]
async fn the_same_event_is_evidence_of_two_signals_and_two_tenants_are_two_events() {
    let mut db = Database::new("sink_evidence").await;
    let mut foreign = signal_of("b", 1, &["1"]);
    foreign.tenant = "acme".to_owned();
    let batch = Builder::default()
        .with(signal("a", 1, &["1", "1"]))
        .with(SinkInput::Signal(Box::new(foreign)));
    db.sink.store(batch.batch()).await.unwrap();
    assert_eq!(
        db.number("SELECT count(DISTINCT event_key) FROM signal_evidence")
            .await,
        2
    );
    assert_eq!(db.count("signal_evidence").await, 2);
}

#[tokio::test]
async fn the_last_receipt_of_a_notification_wins() {
    let mut db = Database::new("sink_receipts").await;
    db.sink
        .store(
            Builder::default()
                .with(receipt("n", 1))
                .with(receipt("n", 2))
                .batch(),
        )
        .await
        .unwrap();
    assert_eq!(db.number("SELECT attempts::bigint FROM receipts").await, 2);
    db.sink
        .store(Builder::from(2).with(receipt("n", 3)).batch())
        .await
        .unwrap();
    assert_eq!(db.number("SELECT attempts::bigint FROM receipts").await, 3);
}
