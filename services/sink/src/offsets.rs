//! How far each partition is stored, by compare-and-set, and what became of its records.

use sqlx::{PgConnection, PgPool};
use stage::{Advance, FlowCounts, Task};
use std::collections::{BTreeMap, HashMap};

/// Moves every offset from where its batch began, or none matches the number of tasks. Nothing stored yet matches all.
const ADVANCE: &str = "INSERT INTO sink_offsets AS old (topic, kafka_partition, batch_from, next_offset, read, out, \
         emitted, duplicate, filtered, dead) \
     SELECT a, b, c, d, e, f, g, h, i::jsonb, j::jsonb \
     FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], \
         $8::bigint[], $9::text[], $10::text[]) AS row (a, b, c, d, e, f, g, h, i, j) \
     ORDER BY a, b \
     ON CONFLICT (topic, kafka_partition) DO UPDATE SET batch_from = excluded.batch_from, \
         next_offset = excluded.next_offset, read = old.read + excluded.read, out = old.out + excluded.out, \
         emitted = old.emitted + excluded.emitted, duplicate = old.duplicate + excluded.duplicate, \
         filtered = sink_add_counts(old.filtered, excluded.filtered), \
         dead = sink_add_counts(old.dead, excluded.dead), updated_at = now() \
     WHERE old.next_offset = excluded.batch_from";

/// Whether all tasks came as far as this; if not, the transaction must be rolled back.
pub(crate) async fn advance(advances: &[Advance], to: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let column = |of: fn(&FlowCounts) -> u64| -> Vec<i64> {
        advances
            .iter()
            .map(|advance| i64::try_from(of(&advance.counts)).unwrap_or(i64::MAX))
            .collect()
    };
    let reasons = |of: fn(&FlowCounts) -> &BTreeMap<String, u64>| -> Vec<String> {
        advances
            .iter()
            .map(|advance| crate::storable::jsonb(of(&advance.counts)))
            .collect()
    };
    let statement = sqlx::query(ADVANCE)
        .bind(
            advances
                .iter()
                .map(|advance| advance.task.topic.name())
                .collect::<Vec<_>>(),
        )
        .bind(
            advances
                .iter()
                .map(|advance| advance.task.partition)
                .collect::<Vec<_>>(),
        )
        .bind(advances.iter().map(|advance| advance.from).collect::<Vec<_>>())
        .bind(advances.iter().map(|advance| advance.to).collect::<Vec<_>>())
        .bind(column(|counts| counts.read))
        .bind(column(|counts| counts.out))
        .bind(column(|counts| counts.emitted))
        .bind(column(|counts| counts.duplicate))
        .bind(reasons(|counts| &counts.filtered))
        .bind(reasons(|counts| &counts.dead));
    let moved = statement.execute(to).await?.rows_affected();
    Ok(moved == advances.len() as u64)
}

/// The next offset of each task; `None` where nothing was stored yet.
pub(crate) async fn positions(tasks: &[Task], pool: &PgPool) -> Result<Vec<Option<i64>>, sqlx::Error> {
    let rows: Vec<(String, i32, i64)> =
        sqlx::query_as("SELECT topic, kafka_partition, next_offset FROM sink_offsets")
            .fetch_all(pool)
            .await?;
    let stored: HashMap<_, _> = rows
        .into_iter()
        .map(|(topic, partition, next)| ((topic, partition), next))
        .collect();
    let position = |task: &Task| {
        stored
            .get(&(task.topic.name().to_owned(), task.partition))
            .copied()
    };
    Ok(tasks.iter().map(position).collect())
}
