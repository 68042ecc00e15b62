//! What the sink's tables cost when they are written: the same batches into the tables as they are, and as they were
//! before lists had indexes of their own and days were cut.

use super::Place;
use crate::{median, say};
use anyhow::Result;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::time::Instant;

/// The migration before.
const BEFORE: i64 = 3;
/// Events of a batch; an eighth as many signals.
const BATCH: i64 = 2000;

const RAW: &str = "INSERT INTO raw_events (kafka_partition, kafka_offset, received_at, tenant, source, id, type, data) \
    SELECT n % 12, n, now(), 'default', 'web', n::text, 'user.purchase', jsonb_build_object('amount', n, 'text', \
    repeat('some text ', 12)) FROM generate_series($1::bigint, $2::bigint) n ON CONFLICT DO NOTHING";
const MADE: &str = "made AS (SELECT md5(n::text)::uuid AS event_key, 'default' AS tenant, now() - (n % 1000) * interval '1 ms' \
    AS time, n, power(random(), 3) AS skew FROM generate_series($1::bigint, $2::bigint) n)";
const EVENTS: &str = "INSERT INTO events (event_key, tenant, source, id, type, subject, time, received_at, text, severity, \
    score, level, matched, attributes, reasons, rules_version) \
    SELECT event_key, tenant, 'source-' || (skew * 1000)::int, n::text, 'type-' || (skew * 30)::int, \
    'user:' || (skew * 200000)::int, time, now(), repeat('some text ', 12), CASE WHEN n % 10 = 0 THEN 'low' END, 40, \
    CASE WHEN n % 100 = 0 THEN 'high' ELSE 'low' END, 1, '{\"amount\": 12.5}', '[{\"rule\": \"r\", \"points\": 40}]', 'v' \
    FROM made";
const KEYS: &str = "fresh AS (INSERT INTO event_keys (event_key, tenant, time) SELECT event_key, tenant, time FROM made \
    ON CONFLICT DO NOTHING RETURNING event_key)";
const SIGNALS: &str = "INSERT INTO signals AS old (signal_key, version, tenant, type, subject, title, state, score, level, \
    evidence_count, source_count, suppressed, first_seen, last_seen, rules_version) \
    SELECT 'sig_' || md5((n / 32)::text), n, 'default', 'post', 'user:' || n % 5000, 'a title', 'candidate', n % 100, 'low', 1, \
    1, 0, now(), now(), 'v' FROM generate_series($1::bigint, $2::bigint, 8) n WHERE n % 32 < 8 \
    ON CONFLICT (signal_key) DO UPDATE SET version = excluded.version, score = excluded.score, last_seen = excluded.last_seen";
const EVIDENCE: &str = "INSERT INTO signal_evidence (signal_key, event_key, event_id, source, type, time, score) \
    SELECT 'sig_' || md5((n / 32)::text), md5(n::text)::uuid, n::text, 'web', 'post', now(), 1 \
    FROM generate_series($1::bigint, $2::bigint, 8) n ON CONFLICT DO NOTHING";

/// How much of what went into the old tables in a second goes into the new ones.
pub(super) async fn compared(place: &Place, events: i64) -> Result<f64> {
    let (old, new) = (place.fresh("before").await?, place.fresh("after").await?);
    sink::migrations()
        .run_to(BEFORE, &PgPool::connect(&old).await?)
        .await?;
    sink::migrate(&PgPool::connect(&new).await?).await?;
    let mut before = Tables::open(&old, format!("WITH {MADE} {EVENTS} ON CONFLICT DO NOTHING")).await?;
    let mut after = Tables::open(
        &new,
        format!("WITH {MADE}, {KEYS} {EVENTS} JOIN fresh USING (event_key)"),
    )
    .await?;
    let mut ratios = Vec::new();
    for batch in 0..(events / BATCH).max(8) {
        // In turns, and each goes first half of the time.
        let (old, new) = if batch % 2 == 0 {
            let old = before.store(batch).await?;
            (old, after.store(batch).await?)
        } else {
            let new = after.store(batch).await?;
            (before.store(batch).await?, new)
        };
        ratios.push(old / new);
    }
    say(format_args!(
        "\n{:>9.0} events/s before, {:.0} now, with raw events, signals and evidence",
        before.rate(),
        after.rate()
    ));
    drop((before, after));
    place.drop("before").await?;
    place.drop("after").await?;
    Ok(median(ratios))
}

struct Tables {
    connection: PgConnection,
    events: String,
    stored: i64,
    seconds: f64,
}

impl Tables {
    async fn open(url: &str, events: String) -> Result<Self> {
        let mut connection = PgConnection::connect(url).await?;
        sqlx::query("SET synchronous_commit = off")
            .execute(&mut connection)
            .await?;
        Ok(Self {
            connection,
            events,
            stored: 0,
            seconds: 0.0,
        })
    }

    /// Stores a batch; how long it took, s.
    async fn store(&mut self, batch: i64) -> Result<f64> {
        let began = Instant::now();
        let mut transaction = self.connection.begin().await?;
        for statement in [RAW, &self.events, SIGNALS, EVIDENCE] {
            let stored = sqlx::query(AssertSqlSafe(statement.to_owned()));
            let stored = stored.bind(batch * BATCH).bind(batch * BATCH + BATCH - 1);
            stored.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        let took = began.elapsed().as_secs_f64();
        self.stored += BATCH;
        self.seconds += took;
        Ok(took)
    }

    fn rate(&self) -> f64 {
        self.stored as f64 / self.seconds
    }
}
