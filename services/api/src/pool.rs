//! Reaching the database: read only, with limits, and without waiting for it at the start.

use settings::PostgresSettings;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::str::FromStr;
use std::time::Duration;

/// How long a request waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(2);

/// Why the API cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The address of the database is not one.
    #[error("postgres.url cannot be read: {0}; write it like postgres://user:password@host:5432/database")]
    Address(String),
    /// The socket failed.
    #[error(
        "the API cannot answer on {address}: {why}; check api.listen, and that nothing else listens there"
    )]
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        why: String,
    },
}

/// A pool of connections that can only read, and of which no statement runs longer than five seconds. It connects when
/// it is first used, so the API starts without the database and says 503 until it is there.
pub fn pool(settings: &PostgresSettings) -> Result<PgPool, ApiError> {
    let options = PgConnectOptions::from_str(settings.url.expose());
    let options = options
        .map_err(|error| ApiError::Address(error.to_string()))?
        .application_name("sluicebox-api");
    let limits = [
        ("default_transaction_read_only", "on"),
        ("statement_timeout", "5s"),
        ("jit", "off"),
    ];
    let pool = PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(ACQUIRE);
    Ok(pool.connect_lazy_with(options.options(limits)))
}

/// Whether the database answers and has our tables; if not, why not.
pub async fn ready(pool: &PgPool) -> Result<(), String> {
    let answer = sqlx::query("SELECT FROM signals LIMIT 0").execute(pool).await;
    answer
        .map(|_| ())
        .map_err(|error| format!("the database does not answer: {error}"))
}
