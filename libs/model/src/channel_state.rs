//! Channels that are disabled, and since when one fails.

use crate::{Millis, Record, avro};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use topology::Schema;

/// How a channel of notifications is; the newest record of a channel holds. `schemas/channel_state.avsc` says what each
/// field means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct ChannelState {
    pub channel: String,
    pub enabled: bool,
    pub time: Millis,
    #[serde(default)]
    pub failing_since: Option<Millis>,
    pub reason: String,
    #[serde(default)]
    pub by: String,
}

avro::record!(ChannelState {
    channel,
    enabled,
    time,
    failing_since,
    reason,
    by,
});

impl Record for ChannelState {
    const SCHEMA: Schema = Schema::ChannelState;

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.channel)
    }
}
