//! What is noted of records that somebody puts back: who, why, and which he meant.

use crate::app;
use clap::Args;
use model::Replay;
use settings::Settings;
use std::collections::BTreeMap;

/// The options of every command that puts records back.
#[derive(Debug, Args)]
pub(crate) struct NoteArgs {
    /// Why, for those who read `dlq replays`
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Who asks for it; the user and the host without it
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl NoteArgs {
    /// What every note of one run says. Its id is the time at which it began.
    pub(crate) fn header(&self, filters: BTreeMap<String, String>, settings: &Settings) -> Replay {
        let now = chrono::Utc::now();
        Replay {
            id: format!("rpl_{}", now.format("%Y%m%dT%H%M%S%3f")),
            by: self.by.clone().unwrap_or_else(|| app::who(settings)),
            note: self.note.clone(),
            started: now.timestamp_millis(),
            filters,
            ..Replay::default()
        }
    }
}
