//! `sluicebox dlq show`: one dead letter with its record, decoded where its schema is known.

use super::letter::{Letter, LetterId};
use super::letters::Letters;
use super::past::Past;
use crate::app::App;
use crate::commands::shown::{Shown, hex_of, rfc3339, text_of};
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use model::{Decoder, WireHeader};
use std::io::Write;
use std::sync::Arc;

/// Bytes that are no text are shown so far.
const BYTES_SHOWN: usize = 512;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  sluicebox dlq show 3:17\n  sluicebox dlq show 3:17 --payload > record.bin\n\nExit code 1: there is no such dead letter."
)]
pub(super) struct ShowArgs {
    /// Its name, as `dlq list` shows it
    #[arg(value_name = "LETTER")]
    letter: LetterId,
    /// Print everything as one JSON object; bytes in base64
    #[arg(long, conflicts_with = "payload")]
    json: bool,
    /// Print the record's bytes and nothing else
    #[arg(long)]
    payload: bool,
}

pub(super) async fn run(args: ShowArgs, app: &App) -> Result<(), Failure> {
    let letters = Letters::connect(&app.settings()?)?;
    let found = letters.one(args.letter).await?;
    let letter = found.ok_or_else(|| {
        Failure::Check(format!(
            "there is no dead letter {}: it was deleted with age, or never there; `sluicebox dlq list` shows those there are",
            args.letter
        ))
    })?;
    if args.payload {
        return print_bytes(&letter);
    }
    let past = letters.past().await?;
    if args.json {
        say(letter.whole(&past));
        return Ok(());
    }
    let mut decoder = Decoder::new(Arc::clone(&letters.schemas));
    let record = tokio::task::block_in_place(|| record(&letter, &mut decoder));
    lines(&letter, &past).into_iter().chain(record).for_each(say);
    Ok(())
}

fn print_bytes(letter: &Letter) -> Result<(), Failure> {
    let payload = letter.content.payload.as_deref();
    let payload = payload.ok_or_else(|| {
        Failure::Check(format!(
            "the record of {} was too large for its dead letter; it stood at {}",
            letter.id,
            letter.place()
        ))
    })?;
    let written = std::io::stdout().write_all(payload);
    written.map_err(|error| Failure::File(format!("standard output: {error}")))
}

fn lines(letter: &Letter, past: &Past) -> Vec<String> {
    let content = &letter.content;
    let trace = content.trace_id.clone().unwrap_or_else(|| "-".to_owned());
    let mut lines = vec![
        format!("letter    {}, {}", letter.id, rfc3339(letter.died)),
        format!("stage     {}", content.stage),
        format!("reason    {}", content.reason),
        format!("message   {}", content.message),
        format!("fault     {}", content.fault.as_str()),
        format!("tenant    {}", named(content.tenant.as_deref())),
        format!("source    {}", named(content.source.as_deref())),
        format!("attempts  {}", content.attempts),
        format!("record    {}, {}", letter.place(), rfc3339(content.time)),
        format!("key       {}", letter.key_text()),
        format!("trace     {trace}"),
    ];
    for header in &content.headers {
        let value = header.value.as_deref().map(text_of).unwrap_or_default();
        lines.push(format!("header    {}: {value}", header.key));
    }
    if let Some(run) = past.replay_of(&letter.origin()) {
        lines.push(format!(
            "replayed  {} by {}, {}",
            run.id,
            run.by,
            rfc3339(run.last)
        ));
    }
    lines
}

fn named(name: Option<&str>) -> String {
    name.map_or_else(|| "-".to_owned(), |name| name.replace(char::is_control, " "))
}

/// The record's value, as well as it can be read.
fn record(letter: &Letter, decoder: &mut Decoder) -> Vec<String> {
    let Some(payload) = letter.content.payload.as_deref() else {
        return vec!["payload   none: the record was too large for its dead letter".to_owned()];
    };
    let size = payload.len();
    if let Ok((id, _)) = WireHeader::split(payload) {
        return match decoder.decode_any::<Shown>(payload) {
            Ok(Shown(value)) => vec![
                format!("payload   {size} bytes, Avro of schema id {id}"),
                format!("{value:#}"),
            ],
            Err(error) => vec![format!("payload   {size} bytes; {error}"), beginning(payload)],
        };
    }
    vec![format!("payload   {size} bytes, no Avro"), beginning(payload)]
}

fn beginning(payload: &[u8]) -> String {
    let text = text_of(payload);
    if text.starts_with("0x") && payload.len() > BYTES_SHOWN {
        return format!("{}… (all of it: --payload)", hex_of(&payload[..BYTES_SHOWN]));
    }
    text
}
