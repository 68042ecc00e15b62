//! What came, as the database and the counts of the stages tell it, in the words of the truth.

use crate::commands::flow::Report;
use crate::failure::Failure;
use scenario::day::Truth;
use scenario::day::truth::Counts;
use sqlx::PgPool;
use topology::StageName;

/// Reads what came of the day.
pub(super) async fn got(pool: &PgPool, report: &Report, refused: u64) -> Result<Truth, Failure> {
    let normalizer = report.stage(StageName::Normalizer);
    let (read, emitted) = normalizer.map_or((0, 0), |stage| (stage.read, stage.emitted));
    let events = number(pool, "SELECT count(*) FROM events").await?;
    Ok(Truth {
        raw_records: read,
        refused,
        events,
        duplicates: emitted.saturating_sub(events),
        copies_folded: number(pool, "SELECT coalesce(sum(suppressed), 0)::bigint FROM signals").await?,
        // The sink cannot read either what the normalizer could not.
        dead_letters: counts(
            pool,
            "SELECT reason, count(*) FROM dead_letters WHERE stage <> 'sink' GROUP BY 1",
        )
        .await?,
        signals: counts(
            pool,
            "SELECT level || ' ' || state, count(*) FROM signals GROUP BY 1",
        )
        .await?,
        detections: counts(pool, "SELECT rule, count(*) FROM detections GROUP BY 1").await?,
        notifications: counts(
            pool,
            "SELECT notifications.channel, count(*) FROM notifications \
             JOIN receipts ON notification_id = id AND status = 'delivered' GROUP BY 1",
        )
        .await?,
    })
}

async fn number(pool: &PgPool, query: &'static str) -> Result<u64, Failure> {
    let number: Result<i64, _> = sqlx::query_scalar(query).fetch_one(pool).await;
    number.map(i64::unsigned_abs).map_err(|error| failed(&error))
}

async fn counts(pool: &PgPool, query: &'static str) -> Result<Counts, Failure> {
    let rows: Result<Vec<(String, i64)>, _> = sqlx::query_as(query).fetch_all(pool).await;
    let rows = rows.map_err(|error| failed(&error))?;
    Ok(rows
        .into_iter()
        .map(|(name, count)| (name, count.unsigned_abs()))
        .collect())
}

fn failed(error: &sqlx::Error) -> Failure {
    Failure::Unreachable(format!("PostgreSQL: {error}"))
}
