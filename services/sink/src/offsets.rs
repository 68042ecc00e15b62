//! Whose each partition is, how far it is stored, by compare-and-set, and what became of its records.

use sqlx::{Connection, PgConnection};
use stage::{Advance, FlowCounts, Task};
use std::collections::{BTreeMap, HashMap};

/// Raises the epoch, and waits for a batch that a former owner is just storing.
const TAKE_OVER: &str = "INSERT INTO sink_offsets AS old (topic, kafka_partition, read, out, emitted, duplicate, \
         filtered, dead, epoch) \
     SELECT a, b, 0, 0, 0, 0, '{}', '{}', 1 FROM unnest($1::text[], $2::int[]) AS row (a, b) ORDER BY a, b \
     ON CONFLICT (topic, kafka_partition) DO UPDATE SET epoch = old.epoch + 1 \
     RETURNING topic, kafka_partition, epoch, next_offset";

/// Moves every offset from where its batch began, or none matches the number of tasks. Nothing stored yet matches all.
const ADVANCE: &str = "UPDATE sink_offsets AS old SET batch_from = c, next_offset = d, read = old.read + e, \
         out = old.out + f, emitted = old.emitted + g, duplicate = old.duplicate + h, \
         filtered = sink_add_counts(old.filtered, i::jsonb), dead = sink_add_counts(old.dead, j::jsonb), \
         updated_at = now() \
     FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], \
         $8::bigint[], $9::text[], $10::text[], $11::bigint[]) AS row (a, b, c, d, e, f, g, h, i, j, k) \
     WHERE old.topic = a AND old.kafka_partition = b AND old.epoch = k AND coalesce(old.next_offset, c) = c";

/// The epoch of each task that is ours.
pub(crate) type Epochs = HashMap<Task, i64>;

/// Takes tasks over from whoever had them. Answers the next offset of each; `None` where nothing was stored yet.
pub(crate) async fn take_over(
    tasks: &[Task],
    epochs: &mut Epochs,
    connection: &mut PgConnection,
) -> Result<Vec<Option<i64>>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    // An epoch that a crash of the server took back would let a former owner in again.
    sqlx::query("SET LOCAL synchronous_commit = on")
        .execute(&mut *transaction)
        .await?;
    let rows: Vec<(String, i32, i64, Option<i64>)> = sqlx::query_as(TAKE_OVER)
        .bind(tasks.iter().map(|task| task.topic.name()).collect::<Vec<_>>())
        .bind(tasks.iter().map(|task| task.partition).collect::<Vec<_>>())
        .fetch_all(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let standing: HashMap<_, _> = rows
        .into_iter()
        .map(|(topic, partition, epoch, next)| ((topic, partition), (epoch, next)))
        .collect();
    let take = |task: &Task| {
        let (epoch, next) = standing.get(&(task.topic.name().to_owned(), task.partition))?;
        epochs.insert(*task, *epoch);
        *next
    };
    Ok(tasks.iter().map(take).collect())
}

/// Whether all tasks came as far as this; if not, the transaction must be rolled back.
pub(crate) async fn advance(
    advances: &[Advance],
    epochs: &Epochs,
    to: &mut PgConnection,
) -> Result<bool, sqlx::Error> {
    let counts = |of: fn(&FlowCounts) -> u64| {
        column(advances, |advance| {
            i64::try_from(of(&advance.counts)).unwrap_or(i64::MAX)
        })
    };
    let reasons = |of: fn(&FlowCounts) -> &BTreeMap<String, u64>| {
        column(advances, |advance| crate::storable::jsonb(of(&advance.counts)))
    };
    let statement = sqlx::query(ADVANCE)
        .bind(column(advances, |advance| advance.task.topic.name()))
        .bind(column(advances, |advance| advance.task.partition))
        .bind(column(advances, |advance| advance.from))
        .bind(column(advances, |advance| advance.to))
        .bind(counts(|counts| counts.read))
        .bind(counts(|counts| counts.out))
        .bind(counts(|counts| counts.emitted))
        .bind(counts(|counts| counts.duplicate))
        .bind(reasons(|counts| &counts.filtered))
        .bind(reasons(|counts| &counts.dead))
        // Epochs count from 1: what was never taken over matches nothing.
        .bind(column(advances, |advance| {
            epochs.get(&advance.task).copied().unwrap_or_default()
        }));
    let moved = statement.execute(to).await?.rows_affected();
    Ok(moved == advances.len() as u64)
}

fn column<T>(advances: &[Advance], of: impl Fn(&Advance) -> T) -> Vec<T> {
    advances.iter().map(of).collect()
}
