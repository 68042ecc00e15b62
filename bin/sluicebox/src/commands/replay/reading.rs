//! The thread that reads and parses a file, and how far it is.

use super::Format;
use super::encoding;
use super::header;
use super::lines::{self, Line, MOST};
use super::records::{Next, Records};
use super::rejects::Reject;
use super::row::Shape;
use crate::failure::Failure;
use encoding_rs::Encoding;
use flate2::bufread::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use model::{RawEvent, Request};
use std::ffi::OsStr;
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
    /// `None` for what the file says, or a comma.
    pub delimiter: Option<u8>,
    /// `None` for UTF-8.
    pub encoding: Option<&'static Encoding>,
}

/// An event with its line number, or why a line is none; the outer error ends the reading.
pub(crate) type Row = Result<Result<(u64, RawEvent), Reject>, Failure>;

impl Source {
    fn is_stdin(&self) -> bool {
        self.path == Path::new("-")
    }

    /// The file's name without its folder.
    fn name(&self) -> &OsStr {
        let name = self.path.file_name().filter(|_| !self.is_stdin());
        name.unwrap_or(OsStr::new("stdin"))
    }

    /// Beside nothing but in the current folder: the file's own folder may be read-only.
    pub(crate) fn rejects_path(&self) -> PathBuf {
        let mut name = self.name().to_owned();
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
    let (format, delimiter, encoding) = (source.format, source.delimiter, source.encoding);
    let file = Request::keyed(source.name().to_string_lossy());
    tokio::task::spawn_blocking(move || {
        let text = plain(counted).and_then(|reader| encoding::utf8(reader, encoding));
        let ended = text.and_then(|reader| match format {
            Format::Jsonl => jsonl(reader, &shape, &file, &rows),
            Format::Csv => csv(reader, delimiter, &shape, &file, &rows),
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

fn jsonl(
    mut reader: Box<dyn BufRead>,
    shape: &Shape,
    file: &Request,
    rows: &Sender<Row>,
) -> Result<(), Failure> {
    let mut line = Vec::new();
    for number in 1.. {
        let parsed = match lines::next(&mut reader, &mut line, MOST).map_err(|error| unreadable(&error))? {
            Line::End => break,
            Line::TooLong => Err(format!("longer than {MOST} bytes")),
            Line::Whole if line.trim_ascii().is_empty() => continue,
            Line::Whole => shape.json(&line),
        };
        let row = parsed
            .map(|event| (number, shape.placed(event, &file.at(number))))
            .map_err(|reason| Reject::of(number, reason, &line));
        if rows.blocking_send(Ok(row)).is_err() {
            break;
        }
    }
    Ok(())
}

fn csv(
    reader: Box<dyn BufRead>,
    delimiter: Option<u8>,
    shape: &Shape,
    file: &Request,
    rows: &Sender<Row>,
) -> Result<(), Failure> {
    let mut records = Records::new(reader, delimiter.unwrap_or(b','));
    let header = header(&mut records, delimiter, shape)?;
    loop {
        let row = match next(&mut records)? {
            Next::End => return Ok(()),
            Next::TooLong(line) => Err((line, format!("longer than {MOST} bytes"))),
            Next::Unclosed(line) => return Err(unclosed(line)),
            Next::Record(line) => match shape.csv(&header, records.fields()) {
                Ok(event) => Ok((line, shape.placed(event, &file.at(line)))),
                Err(reason) => Err((line, reason)),
            },
        };
        let row = row.map_err(|(line, reason)| Reject::of(line, reason, records.raw()));
        if rows.blocking_send(Ok(row)).is_err() {
            return Ok(());
        }
    }
}

/// The names of the columns, from the first record behind what Excel may write before it.
fn header(
    records: &mut Records<Box<dyn BufRead>>,
    delimiter: Option<u8>,
    shape: &Shape,
) -> Result<Vec<String>, Failure> {
    let mut first = next(records)?;
    if let (Next::Record(_), Some(separator)) = (&first, header::separator(records.raw())) {
        if delimiter.is_some_and(|delimiter| delimiter != separator) {
            let (file, given) = (char::from(separator), char::from(delimiter.unwrap_or_default()));
            return Err(Failure::Usage(format!(
                "the file begins with sep={file}, and --delimiter says {given:?}"
            )));
        }
        records.set_delimiter(separator);
        first = next(records)?;
    }
    match first {
        Next::Record(_) => header::names(records.fields(), &shape.columns).map_err(Failure::Usage),
        Next::Unclosed(line) => Err(unclosed(line)),
        Next::TooLong(_) => Err(Failure::File(format!(
            "the names of the columns are longer than {MOST} bytes"
        ))),
        Next::End => Err(Failure::File(
            "the file is empty; its first line must name the columns".to_owned(),
        )),
    }
}

fn next(records: &mut Records<Box<dyn BufRead>>) -> Result<Next, Failure> {
    records.next().map_err(|error| unreadable(&error))
}

fn unclosed(line: u64) -> Failure {
    Failure::File(format!(
        "line {line} has a quote that does not end within {MOST} bytes or the file, so that nothing behind it can be \
         read; close it, or write it twice if it is meant"
    ))
}

pub(super) fn unreadable(error: &std::io::Error) -> Failure {
    Failure::File(format!("reading stops: {error}"))
}
