//! How much of everything one request may bring.

use settings::{AdaptersSettings, AdmissionSettings};

/// Largest sum of all header names and values, in bytes.
pub(crate) const MAX_HEADER_BYTES: usize = 32 * 1024;

/// Limits of one request, from the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest body, in bytes.
    pub body_bytes: usize,
    /// Most events.
    pub batch: usize,
    /// What each event may be.
    pub event: admission::Limits,
}

impl Limits {
    /// Those of the settings.
    pub fn new(adapters: &AdaptersSettings, admission: &AdmissionSettings) -> Self {
        Self {
            body_bytes: adapters.max_body_bytes,
            batch: adapters.max_batch,
            event: admission.limits(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(&AdaptersSettings::default(), &AdmissionSettings::default())
    }
}
