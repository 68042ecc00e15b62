//! A migrated database of a test's own.

use sink::SinkDrain;
use sqlx::PgPool;
use stage::{Drain, Task};
use std::time::{Duration, Instant};
use testkit::Sandbox;
use topology::StageName;

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Database {
    pub(crate) sink: SinkDrain,
    pub(crate) pool: PgPool,
    sandbox: Sandbox,
}

impl Database {
    pub(crate) async fn new(test: &str) -> Self {
        let sandbox = Sandbox::new(test).await.expect("the servers for tests");
        let pool = PgPool::connect(sandbox.postgres_url())
            .await
            .expect("the test's database");
        sink::migrate(&pool).await.expect("the migrations run");
        let mut sink = sink::connect(&sandbox.settings().postgres)
            .await
            .expect("the sink connects");
        sink.take_over(&tasks()).await.expect("nobody else is there");
        Self { sink, pool, sandbox }
    }

    /// Another sink on the same database, a second replica; nothing is its own yet.
    pub(crate) async fn second_sink(&self) -> SinkDrain {
        sink::connect(&self.sandbox.settings().postgres)
            .await
            .expect("the sink connects")
    }

    /// Waits until a query answers `true`.
    pub(crate) async fn until(&self, query: &'static str) {
        let deadline = Instant::now() + PATIENCE;
        while !sqlx::query_scalar::<_, bool>(query)
            .fetch_one(&self.pool)
            .await
            .expect(query)
        {
            assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {query}");
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn count(&self, table: &'static str) -> i64 {
        self.number(match table {
            "raw_events" => "SELECT count(*) FROM raw_events",
            "events" => "SELECT count(*) FROM events",
            "story_members" => "SELECT count(*) FROM story_members",
            "story_links" => "SELECT count(*) FROM story_links",
            "story_changes" => "SELECT count(*) FROM story_changes",
            "signals" => "SELECT count(*) FROM signals",
            "signal_evidence" => "SELECT count(*) FROM signal_evidence",
            "detections" => "SELECT count(*) FROM detections",
            "notifications" => "SELECT count(*) FROM notifications",
            "receipts" => "SELECT count(*) FROM receipts",
            "dead_letters" => "SELECT count(*) FROM dead_letters",
            other => panic!("no table {other}"),
        })
        .await
    }

    pub(crate) async fn number(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query)
            .fetch_one(&self.pool)
            .await
            .expect(query)
    }

    pub(crate) async fn word(&self, query: &'static str) -> String {
        sqlx::query_scalar(query)
            .fetch_one(&self.pool)
            .await
            .expect(query)
    }

    /// The rows of every table, to be compared.
    pub(crate) async fn everything(&self) -> Vec<i64> {
        let mut counts = Vec::new();
        for table in TABLES {
            counts.push(self.count(table).await);
        }
        counts
    }
}

/// Partition 0 of everything that the sink reads.
pub(crate) fn tasks() -> Vec<Task> {
    let task = |topic| Task { topic, partition: 0 };
    StageName::Sink.inputs().into_iter().map(task).collect()
}

pub(crate) const TABLES: [&str; 11] = [
    "raw_events",
    "events",
    "story_members",
    "story_links",
    "story_changes",
    "signals",
    "signal_evidence",
    "detections",
    "notifications",
    "receipts",
    "dead_letters",
];
