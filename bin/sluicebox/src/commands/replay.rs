//! `sluicebox replay`: anybody's file on the ingest topic, in constant memory.
//!
//! A thread reads and parses; the feeder sends. Ids come from the file or from the content, so a second run creates no
//! second event, and a run that was interrupted is finished by running it again.

mod columns;
mod encoding;
mod feeder;
mod header;
mod lines;
mod members;
mod reading;
mod records;
mod rejects;
mod row;
mod time;

pub(crate) use feeder::Feeder;

use crate::app::{self, App};
use crate::failure::Failure;
use crate::output::{say, tell};
use clap::{Args, ValueEnum};
use columns::Columns;
use encoding_rs::Encoding;
use reading::{Source, newest};
use rejects::Rejects;
use row::Shape;
use std::path::PathBuf;
use time::Zone;

pub(crate) use time::TimeFormat;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sluicebox replay news.csv --format csv --map id=id,time=timestamp_ms,text=title --type news --source archive\n  \
    sluicebox replay posts.csv --format csv --delimiter ';' --map time=date,subject=subject --type post --source blog\n  \
    zcat posts.jsonl.gz | sluicebox replay - --format jsonl --map id=id,time=created_at --type post --source social\n\n\
    Columns that are not mapped to id, time, subject or tenant become members of the event's data; text=COL and any\n\
    other NAME=COL rename them. Plain decimal numbers of CSV become numbers, spelt as they are (1500.50); codes (007, +5,\n\
    1,000) and the columns of --text stay text. A column without a name is called column_N. JSON columns may be dotted paths. Lines that already are CloudEvents (they have\n\
    `specversion`) are sent as they are. Malformed lines go to FILE.rejected.jsonl with the line of\n\
    the file, the reason and the text. A quote that never ends stops the reading, with the line where it begins.")]
pub(crate) struct ReplayArgs {
    /// The file, plain or gzip; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What a line is
    #[arg(long, value_enum)]
    format: Format,
    /// Between two columns of CSV; `\t` is a tab. Without it, what a first line `sep=;` says, else a comma
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// How the file is encoded, such as utf-16le or windows-1252; without it, UTF-8. A byte order mark is no content
    #[arg(long, value_name = "NAME", value_parser = encoding::named)]
    encoding: Option<&'static Encoding>,
    /// Columns of CSV whose numbers stay text, because they are codes
    #[arg(long, value_name = "COL,…", value_delimiter = ',')]
    text: Vec<String>,
    /// Which column is what: id=COL,time=COL,text=COL,subject=COL,tenant=COL and any other NAME=COL
    #[arg(long, value_name = "NAME=COL,…", default_value = "")]
    map: Columns,
    /// The type of the events
    #[arg(long = "type", value_name = "TYPE")]
    kind: String,
    /// The source of the events
    #[arg(long)]
    source: String,
    /// How times are written, in strftime's letters; without it, seconds or milliseconds since 1970, RFC 3339 and
    /// common formats (day before month) are understood
    #[arg(long, value_name = "FORMAT")]
    time_format: Option<String>,
    /// The zone of times that say none, such as Europe/Berlin or +05:30. A time that clocks showed twice is the first
    /// one; one that they skipped is malformed
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: Zone,
    /// Events a second; without it, as fast as Kafka takes them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Move all times so that the newest event is now
    #[arg(long)]
    shift_to_now: bool,
    /// Where malformed lines go
    #[arg(long, value_name = "FILE")]
    rejected: Option<PathBuf>,
    /// Read and check everything, send nothing
    #[arg(long)]
    dry_run: bool,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One JSON object a line.
    Jsonl,
    /// Columns, named by the first line.
    Csv,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        b"\\t" => Ok(b'\t'),
        _ => Err("must be one ASCII character, or \\t".to_owned()),
    }
}

pub(crate) async fn run(args: ReplayArgs, app: &App) -> Result<(), Failure> {
    let mut shape = Shape {
        kind: args.kind,
        source: args.source,
        columns: args.map,
        text: args.text,
        time: TimeFormat::new(args.time_format).in_zone(args.zone),
        shift_ms: 0,
    };
    let source = Source {
        path: args.file,
        format: args.format,
        delimiter: args.delimiter,
        encoding: args.encoding,
    };
    if args.shift_to_now {
        shape.shift_ms = shift(&source, &shape).await?;
    }
    let publisher = if args.dry_run {
        None
    } else {
        Some(app::publisher(&app.settings()?).await?)
    };
    let mut rejects = Rejects::new(args.rejected.unwrap_or_else(|| source.rejects_path()));
    let mut feeder = publisher.map(|publisher| Feeder::new(publisher, args.rate));
    let mut read = 0_u64;
    let (mut rows, progress) = reading::start(&source, shape)?;
    while let Some(row) = rows.recv().await {
        match row {
            Err(stop) => return Err(stop),
            Ok(Err(reject)) => rejects.write(&reject)?,
            Ok(Ok((line, event))) => {
                read += 1;
                if let Some(feeder) = &mut feeder {
                    for reject in feeder.feed(line, event).await? {
                        read -= 1;
                        rejects.write(&reject)?;
                    }
                }
            }
        }
    }
    if let Some(feeder) = feeder {
        for reject in feeder.finish().await? {
            read -= 1;
            rejects.write(&reject)?;
        }
    }
    progress.finish_and_clear();
    report(read, &mut rejects, args.dry_run)
}

async fn shift(source: &Source, shape: &Shape) -> Result<i64, Failure> {
    tell("looking for the newest time");
    let newest = newest(source, shape.clone()).await?;
    let newest = newest.ok_or_else(|| {
        Failure::Usage("--shift-to-now: no line has a time; name its column with --map time=COL".to_owned())
    })?;
    Ok(chrono::Utc::now().timestamp_millis().saturating_sub(newest))
}

fn report(read: u64, rejects: &mut Rejects, dry_run: bool) -> Result<(), Failure> {
    let verb = if dry_run { "read, nothing sent" } else { "sent" };
    say(format_args!(
        "{read} events {verb}, {} lines rejected",
        rejects.count()
    ));
    if let Some(path) = rejects.finish()? {
        tell(format_args!(
            "rejected lines, with line number and reason: {}",
            path.display()
        ));
    }
    Ok(())
}
