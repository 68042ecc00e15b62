//! What became of the records the sink read, for those who show that the stream conserves.

use sqlx::types::Json;
use sqlx::{FromRow, PgPool};
use stage::{FlowCounts, Task};
use std::collections::BTreeMap;
use topology::Topic;

/// One task of the sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFlow {
    /// The task.
    pub task: Task,
    /// The next offset to store.
    pub next_offset: i64,
    /// What became of its records since the database began.
    pub counts: FlowCounts,
}

#[derive(FromRow)]
struct Row {
    topic: String,
    kafka_partition: i32,
    next_offset: i64,
    read: i64,
    out: i64,
    emitted: i64,
    duplicate: i64,
    filtered: Json<BTreeMap<String, u64>>,
    dead: Json<BTreeMap<String, u64>>,
}

/// Every task the sink has stored something of, in the order of the stream.
pub async fn flow(pool: &PgPool) -> Result<Vec<TaskFlow>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT topic, kafka_partition, next_offset, read, out, emitted, duplicate, filtered, dead FROM sink_offsets \
         WHERE next_offset IS NOT NULL",
    )
    .fetch_all(pool)
    .await?;
    let mut tasks: Vec<_> = rows.into_iter().filter_map(task_flow).collect();
    tasks.sort_by_key(|flow| flow.task);
    Ok(tasks)
}

/// Topics that this program does not know are left out.
fn task_flow(row: Row) -> Option<TaskFlow> {
    let topic = Topic::from_name(&row.topic)?;
    let counts = FlowCounts {
        read: row.read.unsigned_abs(),
        out: row.out.unsigned_abs(),
        emitted: row.emitted.unsigned_abs(),
        duplicate: row.duplicate.unsigned_abs(),
        filtered: row.filtered.0,
        dead: row.dead.0,
        ..FlowCounts::default()
    };
    Some(TaskFlow {
        task: Task {
            topic,
            partition: row.kafka_partition,
        },
        next_offset: row.next_offset,
        counts,
    })
}
