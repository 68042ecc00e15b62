//! The way to the database while a process runs: who connects again uses the password and the files of now.

use crate::{DatabaseError, options};
use settings::{LOOK, PostgresSettings, WatchStatus, Watched};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::fmt::Display;

/// What connections are made with, followed where [`Way::follow`] made it. Clones share it.
///
/// A connection that is open stays open whatever changes: the server asks for a password once.
#[derive(Clone)]
pub struct Way(Watched<Current>);

struct Current {
    settings: PostgresSettings,
    options: PgConnectOptions,
}

impl Current {
    fn new(settings: &PostgresSettings) -> Result<Self, DatabaseError> {
        Ok(Self {
            options: options(settings, "sluicebox")?,
            settings: settings.clone(),
        })
    }
}

impl Way {
    /// A way that does not change.
    ///
    /// # Errors
    /// No connection can be tried with these settings.
    pub fn new(settings: &PostgresSettings) -> Result<Self, DatabaseError> {
        Ok(Self(Watched::fixed(Current::new(settings)?)))
    }

    /// The way of the settings that `load` gives, asked every two seconds; the one in use stays when there is none that
    /// can be used.
    ///
    /// # Errors
    /// As [`Way::new`].
    pub fn follow<E: Display>(
        settings: &PostgresSettings,
        load: impl Fn() -> Result<PostgresSettings, E> + Send + Sync + 'static,
    ) -> Result<Self, DatabaseError> {
        let next = move |in_use: &Current| {
            let settings = load().map_err(|error| error.to_string())?;
            let changed = (settings != in_use.settings).then(|| Current::new(&settings));
            changed.transpose().map_err(|error| error.to_string())
        };
        let first = Current::new(settings)?;
        Ok(Self(Watched::asking("postgres", first, LOOK, next)))
    }

    /// What a connection is made with now. `application` is what the server shows in `pg_stat_activity`.
    pub fn options(&self, application: &str) -> PgConnectOptions {
        self.0.guard().options.clone().application_name(application)
    }

    /// How the settings that are followed are.
    pub fn status(&self) -> WatchStatus {
        self.0.status()
    }

    /// Looks at them at once; how they are afterwards.
    pub fn reload_now(&self) -> WatchStatus {
        self.0.reload_now()
    }

    /// Keeps a pool on this way, for ever: its next connection is made with what `session` makes of the options of then.
    pub async fn keep(
        self,
        pool: PgPool,
        application: &'static str,
        session: impl Fn(PgConnectOptions) -> PgConnectOptions + Send,
    ) {
        let mut version = 0;
        loop {
            let now = self.status().version;
            if now != version {
                pool.set_connect_options(session(self.options(application)));
                version = now;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
