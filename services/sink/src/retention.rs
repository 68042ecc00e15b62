//! What is old is dropped: whole parts where tables are cut by time, else rows by age, in small batches.

use crate::partitions::{self, Change};
use settings::RetentionSettings;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::time::Duration;

/// Rows of a batch: few enough that nobody waits for its locks.
const BATCH: u64 = 1000;
/// The number of the lock that one of all processes holds while it does this ("slui").
const LOCK: i64 = 0x736c_7569;

/// What was done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Days and months that were made and dropped.
    pub changes: Vec<Change>,
    /// Rows that were deleted, by table.
    pub deleted: Vec<(&'static str, u64)>,
}

/// Rows of a table that go by age.
struct Aged {
    table: &'static str,
    /// When it was; there is an index of it, after the tenant where rows have tenants.
    time: &'static str,
    /// When it was stored: what is about the past stays as long as what is not.
    stored: &'static str,
    tenants: bool,
    /// What else must hold of a row that goes; empty, or SQL that begins with `AND`.
    only: &'static str,
    /// What goes with the rows: statements over `gone`.
    with: &'static str,
    keep: fn(&RetentionSettings) -> Option<Duration>,
}

/// Links are kept for as long at least, so that none goes under a part that is still open.
const LINKS: Duration = Duration::from_hours(30 * 24);
/// A link that nothing needs to find its story or topic: no text is of this part, and nothing else leads to it.
const NEEDLESS: &str = "AND NOT EXISTS (SELECT FROM story_members member \
    WHERE member.part = story_links.id AND member.tenant = story_links.tenant) \
    AND NOT EXISTS (SELECT FROM story_links other WHERE other.into_id = story_links.id \
    AND other.tenant = story_links.tenant AND other.id <> other.into_id)";

const AGED: [Aged; 10] = [
    Aged {
        table: "signals",
        time: "last_seen",
        stored: "stored_at",
        tenants: true,
        only: "",
        with: ", evidence AS (DELETE FROM signal_evidence WHERE signal_key IN (SELECT signal_key FROM gone))",
        keep: |retention| RetentionSettings::limit(retention.signals),
    },
    Aged {
        table: "detections_default",
        time: "time",
        stored: "stored_at",
        tenants: true,
        only: "",
        with: "",
        keep: |retention| RetentionSettings::limit(retention.detections),
    },
    Aged {
        table: "notifications_default",
        time: "time",
        stored: "planned_at",
        tenants: true,
        only: "",
        with: "",
        keep: |retention| RetentionSettings::limit(retention.notifications),
    },
    Aged {
        table: "receipts",
        time: "answered_at",
        stored: "answered_at",
        tenants: true,
        only: "",
        with: "",
        keep: |retention| RetentionSettings::limit(retention.notifications),
    },
    Aged {
        table: "dead_letters_default",
        time: "time",
        stored: "time",
        tenants: false,
        only: "",
        with: "",
        keep: |retention| RetentionSettings::limit(retention.dead_letters),
    },
    Aged {
        table: "raw_events_default",
        time: "received_at",
        stored: "received_at",
        tenants: false,
        only: "",
        with: "",
        keep: |retention| RetentionSettings::limit(retention.raw_events),
    },
    Aged {
        table: "events_default",
        time: "time",
        stored: "stored_at",
        tenants: true,
        only: "",
        with: ", keys AS (DELETE FROM event_keys WHERE event_key IN (SELECT event_key FROM gone))",
        keep: |retention| RetentionSettings::limit(retention.events),
    },
    Aged {
        table: "story_members_default",
        time: "time",
        stored: "stored_at",
        tenants: false,
        only: "",
        with: "",
        keep: |retention| RetentionSettings::limit(retention.events),
    },
    Aged {
        table: "story_changes_default",
        time: "time",
        stored: "time",
        tenants: false,
        only: "",
        with: "",
        keep: |retention| RetentionSettings::limit(retention.detections),
    },
    Aged {
        table: "story_links",
        time: "changed_at",
        stored: "changed_at",
        tenants: true,
        only: NEEDLESS,
        with: "",
        keep: |retention| RetentionSettings::limit(retention.events).map(|keep| keep.max(LINKS)),
    },
];

/// Makes the days and months that come, and drops what is older than these settings keep. One process at a time does it; `None`
/// says that another one is at it.
pub async fn maintain(
    options: &PgConnectOptions,
    retention: &RetentionSettings,
) -> Result<Option<Done>, sqlx::Error> {
    // A connection of its own: the lock goes with it, whatever happens.
    let mut connection = options.connect().await?;
    let locked = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(LOCK);
    if !locked.fetch_one(&mut connection).await? {
        return Ok(None);
    }
    let mut done = Done::default();
    for change in partitions::wanted(retention, &mut connection).await? {
        partitions::apply(&change, &mut connection).await?;
        done.changes.push(change);
    }
    for aged in &AGED {
        let deleted = delete(aged, retention, &mut connection).await?;
        done.deleted
            .extend((deleted > 0).then_some((aged.table, deleted)));
    }
    connection.close().await?;
    Ok(Some(done))
}

async fn delete(
    aged: &Aged,
    retention: &RetentionSettings,
    connection: &mut PgConnection,
) -> Result<u64, sqlx::Error> {
    let Some(keep) = (aged.keep)(retention) else {
        return Ok(0);
    };
    let mut deleted = 0;
    for tenant in tenants(aged, connection).await? {
        loop {
            let gone = batch(aged, keep, tenant.as_deref(), connection).await?;
            deleted += gone;
            if gone < BATCH {
                break;
            }
        }
    }
    Ok(deleted)
}

/// Every tenant, by skipping through an index; one round without, where rows have none.
async fn tenants(aged: &Aged, connection: &mut PgConnection) -> Result<Vec<Option<String>>, sqlx::Error> {
    if !aged.tenants {
        return Ok(vec![None]);
    }
    let table = aged.table;
    let found = format!(
        "WITH RECURSIVE found AS ((SELECT tenant FROM {table} ORDER BY tenant LIMIT 1) UNION ALL \
         SELECT (SELECT tenant FROM {table} WHERE tenant > found.tenant ORDER BY tenant LIMIT 1) FROM found \
         WHERE found.tenant IS NOT NULL) SELECT tenant FROM found WHERE tenant IS NOT NULL"
    );
    sqlx::query_scalar(AssertSqlSafe(found))
        .fetch_all(connection)
        .await
}

async fn batch(
    aged: &Aged,
    keep: Duration,
    tenant: Option<&str>,
    connection: &mut PgConnection,
) -> Result<u64, sqlx::Error> {
    let Aged {
        table,
        time,
        stored,
        only,
        with,
        ..
    } = aged;
    let whose = if tenant.is_some() {
        "tenant = $2 AND"
    } else {
        "$2::text IS NULL AND"
    };
    let statement = format!(
        "WITH oldest AS (SELECT now() - make_interval(secs => $1) AS time), gone AS (DELETE FROM {table} WHERE ctid = ANY \
             (ARRAY(SELECT ctid FROM {table} WHERE {whose} {time} < (SELECT time FROM oldest) \
                 AND {stored} < (SELECT time FROM oldest) {only} ORDER BY {time} LIMIT {BATCH} FOR UPDATE SKIP LOCKED)) \
             RETURNING *){with} SELECT count(*) FROM gone"
    );
    let count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(statement))
        .bind(keep.as_secs_f64())
        .bind(tenant);
    Ok(count.fetch_one(connection).await?.unsigned_abs())
}
