//! `sluicebox notifications channels`, `enable` and `disable`: one record of the channel, of which the newest holds.

use crate::app::{self, App};
use crate::commands::shown::rfc3339;
use crate::commands::table;
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use model::{ChannelState, Decoder};
use registry::Registry;
use serde_json::json;
use std::sync::Arc;
use topology::Topic;

const HEADINGS: [&str; 6] = ["channel", "enabled", "since", "failing since", "reason", "by"];

#[derive(Debug, Args)]
pub(super) struct ChannelsArgs {
    /// Print one JSON object a channel
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct NamedArgs {
    /// The channel's name in the settings
    #[arg(value_name = "CHANNEL")]
    channel: String,
    /// Who asks for it; the user and the host without it
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

pub(super) async fn list(args: ChannelsArgs, app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    let topic = [Topic::NotificationsChannels.name().to_owned()];
    let records = app::admin(&settings)?.read_latest(&topic).await?;
    let mut decoder = Decoder::new(Arc::new(Registry::connect(&settings.registry)?));
    let decode = |record: runtime::admin::StoredRecord| {
        decoder.decode::<ChannelState>(&record.value.unwrap_or_default())
    };
    let states: Result<Vec<_>, _> = tokio::task::block_in_place(|| records.into_iter().map(decode).collect());
    let mut states = states.map_err(|error| Failure::Unreachable(error.to_string()))?;
    states.sort_by(|one, other| one.channel.cmp(&other.channel));
    if args.json {
        states.iter().map(described).for_each(say);
    } else if states.is_empty() {
        say("nothing is known of any channel, so all are enabled");
    } else {
        let rows: Vec<_> = states.iter().map(row).collect();
        table::lines(&HEADINGS, &rows).into_iter().for_each(say);
    }
    Ok(())
}

fn described(state: &ChannelState) -> serde_json::Value {
    json!({
        "channel": state.channel,
        "enabled": state.enabled,
        "since": rfc3339(state.time),
        "failing_since": state.failing_since.map(rfc3339),
        "reason": state.reason,
        "by": state.by,
    })
}

fn row(state: &ChannelState) -> [String; 6] {
    [
        state.channel.clone(),
        if state.enabled { "yes" } else { "no" }.to_owned(),
        rfc3339(state.time),
        state.failing_since.map_or_else(|| "-".to_owned(), rfc3339),
        state.reason.clone(),
        state.by.clone(),
    ]
}

pub(super) async fn set(args: NamedArgs, enabled: bool, app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    let mut names = settings
        .notifier
        .channels
        .iter()
        .map(|channel| channel.name.as_str());
    if !names.any(|name| name == args.channel) {
        let known: Vec<_> = settings
            .notifier
            .channels
            .iter()
            .map(|channel| &*channel.name)
            .collect();
        return Err(Failure::Configuration(format!(
            "no channel `{}` is configured; there are: {}",
            args.channel,
            known.join(", ")
        )));
    }
    let state = ChannelState {
        enabled,
        time: chrono::Utc::now().timestamp_millis(),
        failing_since: None,
        reason: "by_hand".to_owned(),
        by: args.by.unwrap_or_else(|| app::who(&settings)),
        channel: args.channel,
    };
    let publisher = app::publisher(&settings).await?;
    let told = publisher.publish(&state, None).await;
    told.map_err(|error| Failure::Unreachable(error.to_string()))?;
    let what = if enabled { "enabled" } else { "disabled" };
    say(format_args!(
        "{} is {what}; each process follows within seconds",
        state.channel
    ));
    if enabled {
        say(
            "what was given up meanwhile: sluicebox dlq replay --stage notifier-deliver --reason channel_disabled,http_410,receiver_gone,unauthorized",
        );
    }
    Ok(())
}
