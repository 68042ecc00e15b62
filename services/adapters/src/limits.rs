//! How much of everything one request may bring.

use settings::AdaptersSettings;

/// Longest attribute other than the id, in bytes.
pub(crate) const MAX_ATTRIBUTE_BYTES: usize = 4096;
/// Most extension attributes of one event.
pub(crate) const MAX_EXTENSIONS: usize = 64;
/// Largest sum of all header names and values, in bytes.
pub(crate) const MAX_HEADER_BYTES: usize = 32 * 1024;

/// Limits of one request, from the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest body, in bytes.
    pub body_bytes: usize,
    /// Most events.
    pub batch: usize,
    /// Deepest nesting of JSON objects and arrays.
    pub depth: usize,
    /// Longest event id, in bytes.
    pub id_bytes: usize,
}

impl From<&AdaptersSettings> for Limits {
    fn from(settings: &AdaptersSettings) -> Self {
        Self {
            body_bytes: settings.max_body_bytes,
            batch: settings.max_batch,
            depth: settings.max_depth,
            id_bytes: settings.max_id_bytes,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::from(&AdaptersSettings::default())
    }
}
