//! Lines that are no events, with line number and reason, in a file that is made when the first one comes.

use crate::failure::Failure;
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// So much of a line is kept.
const MOST_SHOWN: usize = 4_096;

/// A line that is no event.
#[derive(Debug)]
pub(crate) struct Reject {
    /// Its number, from 1.
    pub line: u64,
    /// Why it is none.
    pub reason: String,
    /// The line, as far as it is known.
    pub text: String,
}

impl Reject {
    /// A line, as far as it is worth showing.
    pub(crate) fn of(line: u64, reason: String, bytes: &[u8]) -> Self {
        let shown = &bytes[..bytes.len().min(MOST_SHOWN)];
        Self {
            line,
            reason,
            text: String::from_utf8_lossy(shown).into_owned(),
        }
    }
}

/// The file of rejected lines.
pub(crate) struct Rejects {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    count: u64,
}

impl Rejects {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            file: None,
            count: 0,
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn write(&mut self, reject: &Reject) -> Result<(), Failure> {
        let text: String = reject.text.chars().take(MOST_SHOWN).collect();
        let line = json!({ "line": reject.line, "reason": reject.reason, "text": text });
        let file = if let Some(file) = &mut self.file {
            file
        } else {
            let made = File::create(&self.path).map_err(|error| failed(&self.path, &error))?;
            self.file.insert(BufWriter::new(made))
        };
        self.count += 1;
        writeln!(file, "{line}").map_err(|error| failed(&self.path, &error))
    }

    /// Writes everything out; gives the path if there is a file.
    pub(crate) fn finish(&mut self) -> Result<Option<&PathBuf>, Failure> {
        let Some(file) = &mut self.file else {
            return Ok(None);
        };
        file.flush().map_err(|error| failed(&self.path, &error))?;
        Ok(Some(&self.path))
    }
}

fn failed(path: &std::path::Path, error: &std::io::Error) -> Failure {
    Failure::File(format!(
        "{} cannot be written: {error}; name another file with --rejected",
        path.display()
    ))
}
