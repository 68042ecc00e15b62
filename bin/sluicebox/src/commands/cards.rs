//! `sluicebox cards`: what people read, before anybody is told; `docs/CHANNELS.md` is the page for people.

use crate::app::App;
use crate::failure::Failure;
use crate::output::say;
use clap::{Args, Subcommand};
use model::Signal;
use notifier::PlanInput;
use serde_json::json;
use settings::{ChannelSettings, NotifierSettings};
use std::path::{Path, PathBuf};

/// A signal with something of everything, for who has none at hand.
const SAMPLE: &str = include_str!("../../../../templates/sample.json");
/// Nobody's signal is larger.
const LARGEST: u64 = 4 * 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  sluicebox cards preview                                  the sample, on every channel of the configuration
  sluicebox cards preview --channel ops-slack --lang de
  sluicebox cards preview --signal signal.json --json      a signal as JSON, as the API gives it

Nothing is sent, and nobody is asked. Secrets are not shown. See docs/CHANNELS.md.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CardsArgs {
    #[command(subcommand)]
    command: CardsCommand,
}

#[derive(Debug, Subcommand)]
enum CardsCommand {
    /// Show what channels would send of a signal
    Preview(PreviewArgs),
}

#[derive(Debug, Args)]
struct PreviewArgs {
    /// A file with one signal as JSON; without it a sample
    #[arg(long, value_name = "FILE")]
    signal: Option<PathBuf>,
    /// Only this channel of the configuration
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// A language of the templates in place of the channel's own
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<String>,
    /// Print one JSON object a channel
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: CardsArgs, app: &App) -> Result<(), Failure> {
    let CardsCommand::Preview(args) = args.command;
    let settings = app.settings()?.notifier;
    let cards = notifier::open_cards(&settings);
    let cards = cards.map_err(|error| Failure::Configuration(format!("notifier.templates: {error}")))?;
    let signal = PlanInput::Signal(Box::new(signal(args.signal.as_deref())?));
    for channel in chosen(&args, &settings)? {
        let preview = notifier::preview(&channel, &cards.load(), &signal);
        let preview = preview.map_err(|error| Failure::Configuration(error.to_string()))?;
        show(&channel, &preview, args.json);
    }
    Ok(())
}

fn chosen(args: &PreviewArgs, settings: &NotifierSettings) -> Result<Vec<ChannelSettings>, Failure> {
    let is_meant =
        |channel: &&ChannelSettings| args.channel.as_ref().is_none_or(|name| *name == channel.name);
    let chosen = settings.channels.iter().filter(is_meant).cloned();
    let chosen: Vec<_> = chosen
        .map(|channel| ChannelSettings {
            lang: args.lang.clone().unwrap_or(channel.lang),
            ..channel
        })
        .collect();
    match &args.channel {
        Some(name) if chosen.is_empty() => {
            let names = settings.channels.iter().map(|channel| channel.name.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            Err(Failure::Usage(format!(
                "no channel is called {name}; there are: {names}"
            )))
        }
        _ => Ok(chosen),
    }
}

fn signal(file: Option<&Path>) -> Result<Signal, Failure> {
    let (name, text) = match file {
        Some(file) => (file.display().to_string(), read(file)?),
        None => ("the sample".to_owned(), SAMPLE.to_owned()),
    };
    serde_json::from_str(&text).map_err(|error| {
        Failure::File(format!(
            "{name} holds no signal as JSON: {error}; see schemas/signal.avsc"
        ))
    })
}

fn read(file: &Path) -> Result<String, Failure> {
    let unreadable =
        |why: &dyn std::fmt::Display| Failure::File(format!("{} cannot be read: {why}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| unreadable(&error))?.len();
    if size > LARGEST {
        return Err(unreadable(&"it is larger than 4 MiB, so it is no signal"));
    }
    std::fs::read_to_string(file).map_err(|error| unreadable(&error))
}

fn show(channel: &ChannelSettings, preview: &notifier::Preview, as_json: bool) {
    if as_json {
        let line = json!({
            "channel": channel.name,
            "kind": channel.kind,
            "to": preview.to,
            "title": preview.title,
            "body": preview.body,
        });
        return say(line);
    }
    say(format_args!(
        "{} ({}): {}",
        channel.name,
        channel.kind.as_str(),
        preview.to
    ));
    say(format_args!("{}\n", preview.body.trim_end()));
}
