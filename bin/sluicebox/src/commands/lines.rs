//! JSON Lines to a file or to standard output.

use crate::failure::Failure;
use serde_json::Value;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::PathBuf;

/// One JSON object a line.
pub(super) struct Lines {
    name: String,
    to: Box<dyn Write + Send>,
    written: u64,
    failed: Option<std::io::Error>,
}

impl Lines {
    /// To this file, which is made anew, or to standard output.
    pub(super) fn open(file: Option<PathBuf>) -> Result<Self, Failure> {
        let Some(path) = file else {
            return Ok(Self::to("standard output".to_owned(), std::io::stdout()));
        };
        let name = path.display().to_string();
        let file = File::create(path).map_err(|error| failure(&name, &error))?;
        Ok(Self::to(name, file))
    }

    fn to(name: String, to: impl Write + Send + 'static) -> Self {
        Self {
            name,
            to: Box::new(BufWriter::new(to)),
            written: 0,
            failed: None,
        }
    }

    /// Writes one; `false` when nothing more can be written, for a reason that [`Lines::finish`] tells.
    pub(super) fn write(&mut self, value: &Value) -> bool {
        if self.failed.is_none() {
            match writeln!(self.to, "{value}") {
                Ok(()) => self.written += 1,
                Err(error) => self.failed = Some(error),
            }
        }
        self.failed.is_none()
    }

    /// How many were written. Whoever reads through a pipe may stop reading: that is no failure.
    pub(super) fn finish(mut self) -> Result<u64, Failure> {
        let flushed = self.failed.take().map_or_else(|| self.to.flush(), Err);
        match flushed {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(failure(&self.name, &error)),
            _ => Ok(self.written),
        }
    }
}

fn failure(name: &str, error: &std::io::Error) -> Failure {
    Failure::File(format!("{name} cannot be written: {error}"))
}
