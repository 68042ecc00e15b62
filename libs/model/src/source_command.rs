//! What is to be done with a source that is polled.

use crate::{Millis, Record, avro};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use topology::Schema;

/// What is to be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceAction {
    /// It is in the settings.
    #[default]
    Announce,
    /// It is not to be polled.
    Pause,
    /// It is to be polled again.
    Resume,
    /// It is to be polled now.
    Poll,
    /// Its cursor is to be forgotten.
    Rewind,
}

avro::symbols!(SourceAction {
    Announce,
    Pause,
    Resume,
    Poll,
    Rewind
});

/// A command; the newest of a source takes the place of those before. `schemas/source_command.avsc` says what each field
/// means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct SourceCommand {
    pub source: String,
    pub action: SourceAction,
    pub time: Millis,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub by: String,
}

avro::record!(SourceCommand {
    source,
    action,
    time,
    reason,
    by,
});

impl Record for SourceCommand {
    const SCHEMA: Schema = Schema::SourceCommand;

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.source)
    }
}
