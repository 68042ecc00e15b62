//! Tables of facts: a CSV file with a header line, or a JSON array of objects. The parsing is pure; the file is watched.

mod csv_file;
mod json_file;
mod rows;

use model::{Facts, Signal};
use settings::{TableSource, WatchError, WatchStatus, Watched};

use crate::identity;
pub(crate) use rows::Rows;

/// Why a table cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// It is no CSV, or a line has too many or too few fields.
    #[error("{0}")]
    Csv(String),
    /// It is no JSON array of objects.
    #[error("{0}; write an array of objects, [{{\"key\": \"value\"}}]")]
    Json(String),
    /// The column that is looked up is not there.
    #[error("there is no column `{key}`; there are: {known}")]
    NoKey {
        /// The column as configured.
        key: String,
        /// Those that are there.
        known: String,
    },
    /// Two rows have the same key.
    #[error("row {row}: the key `{value}` stands in an earlier row too; keep one of them")]
    Double {
        /// The later row, counted from 1 without the header.
        row: usize,
        /// Its key.
        value: String,
    },
}

/// One table, following its file.
#[derive(Clone)]
pub(crate) struct Table {
    on: String,
    name: String,
    rows: Watched<Rows>,
}

impl Table {
    /// Opens the file; a missing or bad one is an error now, later the last good rows stay.
    pub(crate) fn open(source: &TableSource) -> Result<Self, WatchError> {
        let wanted = source.clone();
        let rows = Watched::open(&source.path, move |texts| parse(&wanted, texts))?;
        Ok(Self {
            on: source.on.clone(),
            name: source.name.clone(),
            rows,
        })
    }

    /// Adds what the table knows of the signal.
    pub(crate) fn add(&self, signal: &Signal, facts: &mut Facts) {
        let Some(value) = identity::of(signal, &self.on) else {
            return;
        };
        if let Some(row) = self.rows.guard().get(&identity::comparable(&self.on, &value)) {
            facts.extend(row.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
    }

    /// The table's name, and how its file is.
    pub(crate) fn status(&self) -> (String, WatchStatus) {
        (self.name.clone(), self.rows.status())
    }
}

/// The rows of the one file in `texts`, by its ending.
pub fn parse(source: &TableSource, texts: &[(String, String)]) -> Result<Rows, TableError> {
    let text = texts.first().map_or("", |(_, text)| text.as_str());
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if source
        .path
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        json_file::rows(source, text)
    } else {
        csv_file::rows(source, text)
    }
}
