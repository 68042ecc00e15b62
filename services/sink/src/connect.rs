//! Reaching the database.

use crate::SinkDrain;
use settings::PostgresSettings;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::str::FromStr;
use std::time::Duration;

const ACQUIRE: Duration = Duration::from_secs(5);

/// Why the sink cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The address is not one.
    #[error("postgres.url cannot be read: {0}; write it like postgres://user:password@host:5432/database")]
    Address(String),
    /// Nobody answers, or not to us.
    #[error("PostgreSQL cannot be reached: {0}; check postgres.url, and that the server runs")]
    Unreachable(String),
    /// The tables are not those of this program.
    #[error("the tables of the database cannot be read: {0}; run `sluicebox migrate`")]
    Tables(String),
}

/// A sink of one lane, on one connection.
///
/// Commits do not wait for the disk (`synchronous_commit = off`): should the server crash, rows and offsets are lost
/// together, and Kafka gives the records again.
pub async fn connect(settings: &PostgresSettings) -> Result<SinkDrain, SinkError> {
    let address = PgConnectOptions::from_str(settings.url.expose());
    let options = address
        .map_err(|error| SinkError::Address(error.to_string()))?
        .application_name("sluicebox-sink");
    let options = options.options([("synchronous_commit", "off"), ("lock_timeout", "30s")]);
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE)
        .connect_with(options)
        .await;
    let pool = pool.map_err(|error| SinkError::Unreachable(error.to_string()))?;
    let known = sqlx::query("SELECT FROM sink_offsets LIMIT 0")
        .execute(&pool)
        .await;
    known.map_err(|error| SinkError::Tables(error.to_string()))?;
    Ok(SinkDrain::new(pool))
}
