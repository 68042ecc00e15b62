//! What a source is: it fetches a page, and says what an item of it is. No Kafka, no schedule, no budget: those are outside.

use std::time::Duration;

use futures_util::future::BoxFuture;
use model::Millis;
use serde_json::Value;

use crate::Cursor;

/// A source that is polled. Nothing of it is kept from page to page but the cursor.
pub trait Source: Send + Sync {
    /// Fetches the page that the cursor points at.
    fn fetch<'a>(&'a self, cursor: &'a Cursor) -> BoxFuture<'a, Result<Page, FetchError>>;

    /// What an item of a page says; several where one of theirs is more than one thing.
    fn normalize(&self, item: Value) -> Vec<Item>;

    /// How its pages are to be read.
    fn reading(&self) -> Reading {
        Reading::default()
    }

    /// The earliest time, `due` or later, at which the other side wants to be asked again, by what it said before.
    fn polite(&self, _cursor: &Cursor, _now: Millis, due: Millis) -> Millis {
        due
    }
}

/// How the pages of a source are to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// Whether a poll goes on where the one before ended, and never begins at the beginning.
    pub keep: bool,
    /// Whether a poll is over with the first page that holds an item of an earlier one.
    pub until_known: bool,
}

/// A source that cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The address is none.
    #[error("source {0}: its url is none")]
    Url(String),
    /// A header cannot be sent.
    #[error("source {0}: its headers, token or password cannot be sent; use one line of ASCII each")]
    Header(String),
    /// An expression is none.
    #[error("source {source_name}: {key} is no JMESPath expression: {why}")]
    Expression {
        /// The source.
        source_name: String,
        /// The key in the settings.
        key: &'static str,
        /// What the library says.
        why: String,
    },
    /// There is no way out.
    #[error("source {source_name}: {error}")]
    Client {
        /// The source.
        source_name: String,
        /// Why.
        error: outbound::ClientError,
    },
}

/// One page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// What is on it, in its order.
    pub items: Vec<Value>,
    /// Where it goes on.
    pub next: Next,
    /// What the next request is to know of this answer; `None` where nothing changed.
    pub validators: Option<Validators>,
    /// Where the source is from now on.
    pub moved_to: Option<String>,
    /// Whether the other side said that nothing changed since the last time.
    pub unchanged: bool,
    /// How long the other side wants to be left alone.
    pub wait: Option<Duration>,
    /// How many requests it allows until then.
    pub budget: Option<u64>,
}

/// Where a poll goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Next {
    /// It is over; the next one begins at the beginning.
    #[default]
    End,
    /// It is over; the next one begins here.
    Stay(String),
    /// There is another page, here.
    More(String),
}

/// What tells a server which answer we have.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Validators {
    /// Its `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Its `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// For how long it asks not to be asked again, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_minutes: Option<u32>,
    /// Hours of the day (UTC) in which it does not want to be asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip_hours: Vec<u8>,
    /// Days of the week, 0 for Monday, on which it does not want to be asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip_days: Vec<u8>,
}

/// One thing that a source tells, before it is known whether it was told already.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Item {
    /// What tells it from others: the same whenever it is fetched.
    pub id: String,
    /// What else tells it from others, for sources whose ids change.
    pub alike: Option<String>,
    /// When it happened, ms since 1970.
    pub time: Option<Millis>,
    /// The type of its event, if it has one of its own.
    pub event_type: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// The data of its event.
    pub data: Value,
}

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It may be there later.
    #[error("{why}")]
    Later {
        /// Why.
        why: String,
        /// How long the other side wants to be left alone.
        wait: Option<Duration>,
    },
    /// It will not be there again until somebody changes the settings, or says that it is.
    #[error("{0}")]
    Gone(String),
    /// It is there, but where the poll was to go on there is nothing: the next poll begins at the beginning.
    #[error("{0}; the next poll begins at the beginning")]
    Lost(String),
}

impl FetchError {
    pub(crate) fn later(why: impl Into<String>) -> Self {
        Self::Later {
            why: why.into(),
            wait: None,
        }
    }
}
