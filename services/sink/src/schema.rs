//! The tables, from `migrations/`, carried in the program.

use crate::{cut, online, partitions};
use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Every migration that this program knows, for those who show them.
pub fn migrations() -> &'static Migrator {
    &MIGRATIONS
}

/// Brings the database up to what this program needs; does nothing where nothing is missing. Tables may be full, and
/// others may read and write them meanwhile.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    if online::prepare(pool).await? {
        MIGRATIONS.run_to(online::LISTS_VERSION, pool).await?;
    }
    cut::prepare(pool).await?;
    online::migrate(&MIGRATIONS, pool).await?;
    Ok(partitions::make(pool).await?)
}

/// Takes back the migrations above this version; 0 takes back everything, with the data.
pub async fn revert(pool: &PgPool, target: i64) -> Result<(), MigrateError> {
    MIGRATIONS.undo(pool, target).await
}
