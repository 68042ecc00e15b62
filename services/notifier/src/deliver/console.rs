//! A channel that writes one line for each notification, for laptops and logs.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use model::Notification;
use outbound::one_line;

/// Where console channels write. Clones share it, so that lines do not mix.
#[derive(Clone)]
pub struct Console(Arc<Mutex<dyn Write + Send>>);

impl Console {
    /// Standard output.
    pub fn stdout() -> Self {
        Self::to(io::stdout())
    }

    /// Any writer.
    pub fn to(writer: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(writer)))
    }

    /// The line. The title has no control characters: the plan took them away; here it may come from elsewhere.
    pub(super) fn line(notification: &Notification) -> String {
        let Notification {
            title,
            subject,
            channel,
            ..
        } = notification;
        format!("{}\n", one_line(&format!("{channel}: {title} ({subject})")))
    }

    /// Writes the line.
    pub(super) fn tell(&self, notification: &Notification) -> io::Result<()> {
        let line = Self::line(notification);
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(line.as_bytes())?;
        writer.flush()
    }
}
