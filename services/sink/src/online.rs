//! Migrations of full tables while others write to them: indexes are made and dropped beforehand, CONCURRENTLY, which
//! holds nobody up and cannot be done in a migration's transaction.

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

/// The migration whose lists of indexes are worked through.
const LISTS: &str = include_str!("../migrations/0004_lists.up.sql");
const LISTS_VERSION: i64 = 4;

/// What a line of the lists asks for.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// An index of this name, with its definition.
    Make(String, String),
    /// No index of this name.
    Drop(String),
}

/// Does what may take long; does nothing where the tables are not there yet, or the migration is done.
pub(crate) async fn prepare(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    if !waits(&mut connection).await? {
        return Ok(());
    }
    for step in steps(LISTS) {
        match step {
            Step::Make(name, definition) => make(&name, &definition, &mut connection).await?,
            Step::Drop(name) => {
                let statement = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
                run(statement, &mut connection).await?;
            }
        }
    }
    Ok(())
}

/// Whether the tables are there and the migration is not.
async fn waits(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let there = "SELECT to_regclass('events') IS NOT NULL AND to_regclass('_sqlx_migrations') IS NOT NULL";
    if !sqlx::query_scalar::<_, bool>(there)
        .fetch_one(&mut *connection)
        .await?
    {
        return Ok(false);
    }
    let done = "SELECT EXISTS (SELECT FROM _sqlx_migrations WHERE version = $1 AND success)";
    let done: bool = sqlx::query_scalar(done)
        .bind(LISTS_VERSION)
        .fetch_one(connection)
        .await?;
    Ok(!done)
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
        .map(|line| match line.split_once(" ON ") {
            Some((name, _)) => Step::Make(name.to_owned(), line.clone()),
            None => Step::Drop(line),
        })
        .collect()
}

async fn make(name: &str, definition: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
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
    run(format!("CREATE INDEX CONCURRENTLY {definition}"), connection).await
}

/// The text is of our own migration.
async fn run(statement: String, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
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
        let steps = steps(LISTS);
        let made = steps.iter().filter(|step| matches!(step, Step::Make(..))).count();
        assert_eq!(made, LISTS.matches(" ON ").count());
        assert!(steps.contains(&Step::Drop("events_time".to_owned())));
        let first = "events_tenant_time ON events (tenant, time, event_key)";
        assert_eq!(
            steps[0],
            Step::Make("events_tenant_time".to_owned(), first.to_owned())
        );
    }
}
