//! Migrations of full tables while others write to them: indexes are made and dropped beforehand, CONCURRENTLY, which
//! holds nobody up and cannot be done in a migration's transaction.

use sqlx::error::DatabaseError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::time::Duration;

/// A migration whose lists of indexes are worked through beforehand.
#[derive(Debug)]
pub(crate) struct Lists {
    pub(crate) version: i64,
    text: &'static str,
}

pub(crate) const LISTS: Lists = Lists {
    version: 4,
    text: include_str!("../migrations/0004_lists.up.sql"),
};
pub(crate) const NUMBERED: Lists = Lists {
    version: 10,
    text: include_str!("../migrations/0010_numbered_indexes.up.sql"),
};
pub(crate) const STORIES: Lists = Lists {
    version: 14,
    text: include_str!("../migrations/0014_stories.up.sql"),
};

/// What a line of the lists asks for.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// An index of this name, of this table, with what else defines it.
    Make(String, String, String),
    /// No index of this name.
    Drop(String),
}

/// Longest wait for a lock: whoever comes behind waits as long.
const LOCK: &str = "SET LOCAL lock_timeout = '1s'";
/// How often a lock is tried, and the pause between.
const TRIES: u32 = 60;
const PAUSE: Duration = Duration::from_millis(500);
/// PostgreSQL's code for a lock that was not had in time.
const NOT_HAD: &str = "55P03";

/// Does what may take long, and says whether it was asked for: not where the tables are not there yet, or the migration
/// is done.
pub(crate) async fn prepare(lists: &Lists, pool: &PgPool) -> Result<bool, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    if !waits(lists.version, &mut connection).await? {
        return Ok(false);
    }
    for step in steps(lists.text) {
        match step {
            Step::Make(name, table, definition) => {
                make_all(&name, &table, &definition, &mut connection).await?;
            }
            Step::Drop(name) => drop_index(&name, &mut connection).await?,
        }
    }
    Ok(true)
}

/// Makes the index of a table, or of each part of one that is cut: the migration makes the whole of them.
async fn make_all(
    name: &str,
    table: &str,
    definition: &str,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let parts = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass($1) \
        AND EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = inhparent) ORDER BY 1";
    let parts: Vec<String> = sqlx::query_scalar(parts)
        .bind(table)
        .fetch_all(&mut *connection)
        .await?;
    if parts.is_empty() {
        return make("", name, &format!("{name} ON {table} {definition}"), connection).await;
    }
    for part in parts {
        let name = format!("{part}{}", name.trim_start_matches(table));
        make("", &name, &format!("{name} ON {part} {definition}"), connection).await?;
    }
    Ok(())
}

/// Drops an index; that of a table that is cut is left to the migration, for which it is a moment.
async fn drop_index(name: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let whole = "SELECT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass($1) AND relkind = 'i')";
    let whole: bool = sqlx::query_scalar(whole)
        .bind(name)
        .fetch_one(&mut *connection)
        .await?;
    if whole {
        run(format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"), connection).await?;
    }
    Ok(())
}

/// Whether the tables are there and the migration is not.
pub(crate) async fn waits(version: i64, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let there = "SELECT to_regclass('events') IS NOT NULL AND to_regclass('_sqlx_migrations') IS NOT NULL";
    if !sqlx::query_scalar::<_, bool>(there)
        .fetch_one(&mut *connection)
        .await?
    {
        return Ok(false);
    }
    let done = "SELECT EXISTS (SELECT FROM _sqlx_migrations WHERE version = $1 AND success)";
    let done: bool = sqlx::query_scalar(done)
        .bind(version)
        .fetch_one(connection)
        .await?;
    Ok(!done)
}

/// Runs a statement that needs a lock on a whole table, for a moment: it waits a second for it, and tries again, so
/// that nobody who writes waits for long behind it. The text is our own.
pub(crate) async fn locked(statement: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    for _ in 1..TRIES {
        match at_once(statement, connection).await {
            Err(error) if not_had(&error) => tokio::time::sleep(PAUSE).await,
            done => return done,
        }
    }
    at_once(statement, connection).await
}

async fn at_once(statement: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    sqlx::query(LOCK).execute(&mut *transaction).await?;
    let statements = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()));
    statements.execute(&mut *transaction).await?;
    transaction.commit().await
}

/// Whether a lock was not had in time.
pub(crate) fn not_had(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| code == NOT_HAD)
}

/// Runs the migrations up to this one; one that does not get its locks at once is tried again.
pub(crate) async fn migrate(migrations: &Migrator, until: i64, pool: &PgPool) -> Result<(), MigrateError> {
    let mut connection = pool.acquire().await?;
    let mut tries = 0;
    loop {
        sqlx::query("SET lock_timeout = '2s'")
            .execute(&mut *connection)
            .await?;
        let done = migrations.run_to(until, &mut *connection).await;
        sqlx::query("RESET lock_timeout")
            .execute(&mut *connection)
            .await?;
        tries += 1;
        match done {
            Err(MigrateError::ExecuteMigration(error, _) | MigrateError::Execute(error))
                if not_had(&error) && tries < TRIES =>
            {
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

/// The lines that are quoted: `'name ON table (columns)',` or `'name',`.
fn steps(migration: &str) -> Vec<Step> {
    let quoted = |line: &str| {
        Some(
            line.trim()
                .strip_prefix('\'')?
                .trim_end_matches(',')
                .strip_suffix('\'')?
                .to_owned(),
        )
    };
    let lines = migration.lines().filter_map(quoted);
    lines
        .map(|line| {
            let parted = line.split_once(" ON ");
            let parted = parted.and_then(|(name, rest)| Some((name, rest.split_once(' ')?)));
            match parted {
                Some((name, (table, definition))) => {
                    Step::Make(name.to_owned(), table.to_owned(), definition.to_owned())
                }
                None => Step::Drop(line),
            }
        })
        .collect()
}

/// Makes an index, `UNIQUE` or of no kind, unless it is there.
pub(crate) async fn make(
    kind: &str,
    name: &str,
    definition: &str,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)";
    let valid: Option<bool> = sqlx::query_scalar(valid)
        .bind(name)
        .fetch_optional(&mut *connection)
        .await?;
    match valid {
        Some(true) => return Ok(()),
        // What an interrupted attempt leaves behind.
        Some(false) => run(format!("DROP INDEX CONCURRENTLY {name}"), connection).await?,
        None => {}
    }
    run(
        format!("CREATE {kind} INDEX CONCURRENTLY {definition}"),
        connection,
    )
    .await
}

/// Runs one statement; the text is our own.
pub(crate) async fn run(statement: String, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_lists_is_a_step() {
        let steps = steps(LISTS.text);
        let made = steps.iter().filter(|step| matches!(step, Step::Make(..))).count();
        assert_eq!(made, LISTS.text.matches(" ON ").count());
        assert!(steps.contains(&Step::Drop("events_time".to_owned())));
        let [name, table, definition] =
            ["events_tenant_time", "events", "(tenant, time, event_key)"].map(str::to_owned);
        assert_eq!(steps[0], Step::Make(name, table, definition));
    }
}
