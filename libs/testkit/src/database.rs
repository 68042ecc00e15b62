//! Making and dropping the database of a sandbox.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};

use crate::error::TestkitError;

/// Runs one statement as the user who may create databases.
pub(crate) async fn execute(admin_url: &str, statement: String) -> Result<(), TestkitError> {
    let failed = |error: sqlx::Error| TestkitError::Database {
        action: statement.clone(),
        reason: error.to_string(),
    };
    let options: PgConnectOptions = admin_url.parse().map_err(failed)?;
    let mut connection: PgConnection = options
        .disable_statement_logging()
        .connect()
        .await
        .map_err(failed)?;
    // The statement is made of a name of ours, which has nothing to escape.
    connection
        .execute(AssertSqlSafe(statement.clone()))
        .await
        .map_err(failed)?;
    connection.close().await.map_err(failed)
}

/// The same server and user, another database.
pub(crate) fn url_of(admin_url: &str, database: &str) -> String {
    let server = admin_url.rsplit_once('/').map_or(admin_url, |(server, _)| server);
    format!("{server}/{database}")
}

/// Drops a database while a test ends, perhaps by unwinding, perhaps inside a runtime: hence the thread.
pub(crate) fn drop_now(admin_url: String, database: &str) {
    let statement = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
    let dropping = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => runtime
                .block_on(execute(&admin_url, statement))
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    });
    if let Ok(Err(reason)) = dropping.join() {
        complain(&reason);
    }
}

/// A database that stays behind harms no other test, so this is no failure.
#[expect(clippy::print_stderr, reason = "a test's output is its log")]
fn complain(reason: &str) {
    eprintln!("testkit: a database stays behind: {reason}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_of_the_url_changes() {
        assert_eq!(
            url_of("postgres://u:p@h:1/sluicebox", "t_x"),
            "postgres://u:p@h:1/t_x"
        );
    }
}
