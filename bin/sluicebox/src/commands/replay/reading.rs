//! The thread that reads and parses a file, and how far it is.

use super::Format;
use super::lines::{self, Line, MOST};
use super::rejects::Reject;
use super::row::Shape;
use crate::failure::Failure;
use flate2::bufread::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use model::RawEvent;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Parsed rows that wait to be sent.
const AHEAD: usize = 2_048;
const BUFFER: usize = 256 * 1024;

/// Where events come from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub path: PathBuf,
    pub format: Format,
    pub delimiter: u8,
}

/// An event with its line number, or why a line is none; the outer error ends the reading.
pub(crate) type Row = Result<Result<(u64, RawEvent), Reject>, Failure>;

impl Source {
    fn is_stdin(&self) -> bool {
        self.path == Path::new("-")
    }

    /// Beside nothing but in the current folder: the file's own folder may be read-only.
    pub(crate) fn rejects_path(&self) -> PathBuf {
        let name = if self.is_stdin() {
            None
        } else {
            self.path.file_name()
        };
        let mut name = name.unwrap_or(std::ffi::OsStr::new("stdin")).to_owned();
        name.push(".rejected.jsonl");
        PathBuf::from(name)
    }

    fn open(&self) -> Result<(Box<dyn Read + Send>, Option<u64>), Failure> {
        if self.is_stdin() {
            return Ok((Box::new(std::io::stdin()), None));
        }
        let failed =
            |error: std::io::Error| Failure::File(format!("{} cannot be read: {error}", self.path.display()));
        let file = File::open(&self.path).map_err(failed)?;
        let facts = file.metadata().map_err(failed)?;
        if facts.is_dir() {
            return Err(Failure::File(format!(
                "{} is a folder; name a file",
                self.path.display()
            )));
        }
        Ok((Box::new(file), facts.is_file().then_some(facts.len())))
    }
}

/// Begins to read; the bar shows how far it is, on a terminal only.
pub(crate) fn start(source: &Source, shape: Shape) -> Result<(Receiver<Row>, ProgressBar), Failure> {
    let (raw, length) = source.open()?;
    let progress = bar(length);
    let counted = BufReader::with_capacity(BUFFER, progress.wrap_read(raw));
    let (rows, received) = channel(AHEAD);
    let (format, delimiter) = (source.format, source.delimiter);
    tokio::task::spawn_blocking(move || {
        let ended = plain(counted).and_then(|reader| match format {
            Format::Jsonl => jsonl(reader, &shape, &rows),
            Format::Csv => csv(reader, delimiter, &shape, &rows),
        });
        if let Err(failure) = ended {
            let _ = rows.blocking_send(Err(failure));
        }
    });
    Ok((received, progress))
}

/// The newest time in a file, which is read once for it.
pub(crate) async fn newest(source: &Source, shape: Shape) -> Result<Option<i64>, Failure> {
    if source.is_stdin() {
        let message = "--shift-to-now reads the file twice, which standard input does not allow; name a file";
        return Err(Failure::Usage(message.to_owned()));
    }
    let (mut rows, progress) = start(source, shape)?;
    let mut newest = None;
    while let Some(row) = rows.recv().await {
        if let Ok((_, event)) = row? {
            newest = newest.max(event.time);
        }
    }
    progress.finish_and_clear();
    Ok(newest)
}

fn bar(length: Option<u64>) -> ProgressBar {
    let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let shown = "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let shown = if length.is_some() {
        shown
    } else {
        "{spinner} {bytes} {bytes_per_sec}"
    };
    match ProgressStyle::with_template(shown) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Gzip is told by its first two bytes, whatever the file is called.
fn plain(mut reader: impl BufRead + Send + 'static) -> Result<Box<dyn BufRead>, Failure> {
    let start = reader.fill_buf().map_err(|error| unreadable(&error))?;
    if start.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(
            BUFFER,
            MultiGzDecoder::new(reader),
        )));
    }
    Ok(Box::new(reader))
}

fn jsonl(mut reader: Box<dyn BufRead>, shape: &Shape, rows: &Sender<Row>) -> Result<(), Failure> {
    let mut line = Vec::new();
    for number in 1.. {
        let parsed = match lines::next(&mut reader, &mut line, MOST).map_err(|error| unreadable(&error))? {
            Line::End => break,
            Line::TooLong => Err(format!("longer than {MOST} bytes")),
            Line::Whole if line.trim_ascii().is_empty() => continue,
            Line::Whole => shape.json(&line),
        };
        let row = parsed.map(|event| (number, event)).map_err(|reason| Reject {
            line: number,
            reason,
            text: String::from_utf8_lossy(&line[..line.len().min(MOST / 64)]).into_owned(),
        });
        if rows.blocking_send(Ok(row)).is_err() {
            break;
        }
    }
    Ok(())
}

fn csv(reader: Box<dyn BufRead>, delimiter: u8, shape: &Shape, rows: &Sender<Row>) -> Result<(), Failure> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(reader);
    let header = header(&mut reader, shape)?;
    let mut record = csv::StringRecord::new();
    loop {
        let (reason, line, text) = match reader.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let line = record.position().map_or(0, csv::Position::line);
                match shape.csv(&header, &record) {
                    Ok(event) => {
                        if rows.blocking_send(Ok(Ok((line, event)))).is_err() {
                            return Ok(());
                        }
                        continue;
                    }
                    Err(reason) => (reason, line, record.iter().collect::<Vec<_>>().join(" | ")),
                }
            }
            Err(error) if error.is_io_error() => {
                return Err(Failure::File(format!("reading stops: {error}")));
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                (error.to_string(), line, String::new())
            }
        };
        if rows
            .blocking_send(Ok(Err(Reject { line, reason, text })))
            .is_err()
        {
            return Ok(());
        }
    }
}

fn header(reader: &mut csv::Reader<Box<dyn BufRead>>, shape: &Shape) -> Result<Vec<String>, Failure> {
    let header = reader
        .headers()
        .map_err(|error| Failure::File(format!("the first line has no column names: {error}")))?;
    let names: Vec<String> = header
        .iter()
        .map(|name| name.trim().trim_start_matches('\u{feff}').to_owned())
        .collect();
    match shape
        .columns
        .named()
        .find(|column| !names.iter().any(|name| name == column))
    {
        None => Ok(names),
        Some(missing) => {
            let shown = names.join(", ");
            Err(Failure::Usage(format!(
                "--map: there is no column {missing:?}; the columns are {shown}"
            )))
        }
    }
}

fn unreadable(error: &std::io::Error) -> Failure {
    Failure::File(format!("reading stops: {error}"))
}
