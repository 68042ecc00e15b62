//! The tables, from `migrations/`, carried in the program.

use crate::online::{LISTS, NUMBERED, STORIES};
use crate::{cut, online, partitions};
use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// As the migration adds them.
const STORY_COLUMNS: &str = "ALTER TABLE signals ADD COLUMN IF NOT EXISTS story_key text COLLATE \"C\", \
    ADD COLUMN IF NOT EXISTS topic_key text COLLATE \"C\", ADD COLUMN IF NOT EXISTS merged_into text COLLATE \"C\"";

/// Every migration that this program knows, for those who show them.
pub fn migrations() -> &'static Migrator {
    &MIGRATIONS
}

/// Brings the database up to what this program needs; does nothing where nothing is missing. Tables may be full, and
/// others may read and write them meanwhile.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    if online::prepare(&LISTS, pool).await? {
        MIGRATIONS.run_to(LISTS.version, pool).await?;
    }
    cut::prepare(pool).await?;
    online::migrate(&MIGRATIONS, NUMBERED.version - 1, pool).await?;
    if online::prepare(&NUMBERED, pool).await? {
        let mut connection = pool.acquire().await?;
        let once = "signal_evidence_once ON signal_evidence (signal_key, time, event_key)";
        online::make("UNIQUE", "signal_evidence_once", once, &mut connection).await?;
    }
    online::migrate(&MIGRATIONS, cut::later::VERSION - 1, pool).await?;
    cut::later::prepare(pool).await?;
    online::migrate(&MIGRATIONS, STORIES.version - 1, pool).await?;
    stories(pool).await?;
    online::migrate(&MIGRATIONS, i64::MAX, pool).await?;
    Ok(partitions::make(pool).await?)
}

/// The columns of signals that tell of stories, which are there at once, and their indexes.
async fn stories(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    if online::waits(STORIES.version, &mut connection).await? {
        online::locked(STORY_COLUMNS, &mut connection).await?;
        online::prepare(&STORIES, pool).await?;
    }
    Ok(())
}

/// Takes back the migrations above this version; 0 takes back everything, with the data.
pub async fn revert(pool: &PgPool, target: i64) -> Result<(), MigrateError> {
    MIGRATIONS.undo(pool, target).await
}
