//! Reaching the database: read only, with limits, and without waiting for it at the start.

use database::{DatabaseError, Way};
use settings::{ApiSettings, PostgresSettings};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::time::Duration;

/// What the server shows of us.
const APPLICATION: &str = "sluicebox-api";
/// How long a request waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(2);

/// Why the API cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The settings of the database cannot be used.
    #[error(transparent)]
    Settings(#[from] DatabaseError),
}

/// A pool of connections that can only read, and of which no statement runs longer than `api.query_timeout`. It connects
/// when it is first used, so the API starts without the database and says 503 until it is there.
pub fn pool(settings: &PostgresSettings, limits: &ApiSettings) -> Result<PgPool, ApiError> {
    let options = database::options(settings, APPLICATION)?;
    let pool = PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(ACQUIRE);
    Ok(pool.connect_lazy_with(session(options, limits)))
}

/// Keeps a pool on a way that is followed, for ever.
pub async fn follow(pool: PgPool, way: Way, limits: ApiSettings) {
    let as_ours = move |options| session(options, &limits);
    way.keep(pool, APPLICATION, as_ours).await;
}

fn session(options: PgConnectOptions, limits: &ApiSettings) -> PgConnectOptions {
    options.options([
        ("default_transaction_read_only", "on".to_owned()),
        (
            "statement_timeout",
            format!("{}ms", limits.query_timeout.as_millis()),
        ),
        ("jit", "off".to_owned()),
        // Each question has one right plan, whatever the values; many days and tenants make planning the dearer part.
        ("plan_cache_mode", "force_generic_plan".to_owned()),
        // Every list has an index in its order. Where a value is thought to be rare, sorting all it has looks cheaper;
        // the plan is kept, and the next value is not rare.
        ("enable_sort", "off".to_owned()),
        ("enable_seqscan", "off".to_owned()),
        ("enable_bitmapscan", "off".to_owned()),
    ])
}

/// Whether the database answers and has our tables; if not, why not.
pub async fn ready(pool: &PgPool) -> Result<(), String> {
    let answer = sqlx::query("SELECT FROM signals LIMIT 0").execute(pool).await;
    answer
        .map(|_| ())
        .map_err(|error| format!("the database does not answer: {}", database::explain(&error)))
}
