//! Reaching the database: one connection of one lane, made anew after anything that went wrong with it.

use crate::SinkDrain;
use database::{DatabaseError, Way};
use settings::PostgresSettings;
use sqlx::{ConnectOptions, PgConnection};
use std::time::Duration;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// Why the sink cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The settings of the database cannot be used.
    #[error(transparent)]
    Settings(#[from] DatabaseError),
    /// Nobody answers, or not to us.
    #[error("PostgreSQL cannot be reached: {0}; check postgres.url, and that the server runs")]
    Unreachable(String),
    /// The tables are not those of this program.
    #[error("the tables of the database cannot be read: {0}; run `sluicebox migrate`")]
    Tables(String),
}

/// What a connection of the sink asks of its session.
///
/// Commits do not wait for the disk (`synchronous_commit = off`): should the server crash, rows and offsets are lost
/// together, and Kafka gives the records again. A lane that stands still in the midst of a batch loses it, and with it
/// its locks, so that the next owner need not wait for it.
const SESSION: [(&str, &str); 7] = [
    ("synchronous_commit", "off"),
    ("lock_timeout", "30s"),
    ("idle_in_transaction_session_timeout", "15s"),
    // A batch looks for its own keys. A part of a table that was just made looks small enough to be read whole, and the
    // plan is kept when it is not small any more.
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    // What the tables ask of a sink that knows of keys across days.
    ("sluicebox.keys", "on"),
];

/// The connection of one lane.
pub(crate) struct Link {
    way: Way,
    open: Option<PgConnection>,
}

impl Link {
    /// Another connection to the same database, made when it is needed.
    pub(crate) fn another(&self) -> Self {
        Self {
            way: self.way.clone(),
            open: None,
        }
    }

    /// Takes the connection, made first if there is none. Whoever took it gives it back with [`Link::keep`] if all
    /// went well; else it is closed as it is dropped, and the server rolls back what was open.
    pub(crate) async fn take(&mut self) -> Result<PgConnection, sqlx::Error> {
        if let Some(open) = self.open.take() {
            return Ok(open);
        }
        let options = self.way.options("sluicebox-sink").options(SESSION);
        let connected = tokio::time::timeout(CONNECT, options.connect()).await;
        connected.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// Gives the connection back.
    pub(crate) fn keep(&mut self, connection: PgConnection) {
        self.open = Some(connection);
    }
}

/// A connection as the sink's: not made yet.
pub(crate) fn link(way: &Way) -> Link {
    Link {
        way: way.clone(),
        open: None,
    }
}

/// A sink of one lane, on one connection of its own.
pub async fn connect(settings: &PostgresSettings) -> Result<SinkDrain, SinkError> {
    connect_by(&Way::new(settings)?).await
}

/// The same by a way that is followed.
pub async fn connect_by(way: &Way) -> Result<SinkDrain, SinkError> {
    let mut link = link(way);
    let connection = link.take().await;
    // Each lane makes one of its own.
    let mut connection = connection.map_err(|error| SinkError::Unreachable(database::explain(&error)))?;
    let known = sqlx::query(
        "SELECT epoch, time_corrected, independent_count FROM sink_offsets, events, signals LIMIT 0",
    )
    .execute(&mut connection)
    .await;
    known.map_err(|error| SinkError::Tables(error.to_string()))?;
    Ok(SinkDrain::new(link))
}
