//! `sluicebox signals merge`, `split`, `pin` and `unpin`: one record each, in one order with what the stream finds.

use super::{missing, rows};
use crate::app::{self, App};
use crate::commands::migrate;
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use model::{Correction, CorrectionAction as Action, StoryPart};
use sqlx::PgPool;

#[derive(Debug, Args)]
pub(super) struct Said {
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who says so; the user and the host without it
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// Longer texts are no reasons.
const MOST_CHARACTERS: usize = 1_000;

/// Writes down what is to be done with the story of a signal.
pub(super) async fn correct(
    action: Action,
    key: &str,
    with: Option<&str>,
    said: Said,
    app: &App,
) -> Result<(), Failure> {
    let settings = app.settings()?;
    if said.reason.trim().is_empty() || said.reason.chars().count() > MOST_CHARACTERS {
        return Err(Failure::Configuration(format!(
            "--reason is empty, or longer than {MOST_CHARACTERS} characters: say in a sentence why"
        )));
    }
    let pool = migrate::connect(&settings.postgres).await?;
    let (tenant, story) = story_of(&pool, key).await?;
    let with = match with {
        Some(with) => {
            let (other, with) = story_of(&pool, with).await?;
            if other != tenant {
                return Err(Failure::Check(format!(
                    "{key} is of tenant {tenant}, and what it is to be one with is of tenant {other}: stories of two tenants \
                     are never one"
                )));
            }
            Some(with)
        }
        None => None,
    };
    let part = StoryPart {
        tenant,
        correction: Some(Correction {
            action,
            story,
            with,
            by: said.by.unwrap_or_else(|| app::who(&settings)),
            reason: said.reason,
        }),
        ..StoryPart::default()
    };
    let publisher = app::publisher(&settings).await?;
    let told = publisher.publish(&part, None).await;
    told.map_err(|error| Failure::Unreachable(error.to_string()))?;
    say(format_args!(
        "written down; `sluicebox signals explain {key}` shows what came of it once the sink has stored it, and what cannot be \
         done is a dead letter: sluicebox dlq list --stage story-merger"
    ));
    Ok(())
}

/// The tenant and the story of a signal.
async fn story_of(pool: &PgPool, key: &str) -> Result<(String, String), Failure> {
    let signal = rows::signal(pool, key).await?.ok_or_else(|| missing(key))?;
    let story = signal.story_key.ok_or_else(|| {
        Failure::Check(format!(
            "{key} is no story: its events have no words, and belong together by their subject and type"
        ))
    })?;
    Ok((signal.tenant, story))
}
