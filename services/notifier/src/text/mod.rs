//! Texts for people, made to fit: cut at words, escaped for who reads them. No Kafka, no clock, no I/O.

mod cut;
mod escape;
mod template;

pub(crate) use cut::{Limit, Unit, cut};
pub(crate) use escape::Escape;
pub(crate) use template::{Template, TemplateError, Texts};

use chrono::{DateTime, SecondsFormat};
use model::Millis;

/// A time as receivers read it: RFC 3339 with milliseconds, in UTC.
pub(crate) fn rfc3339(time: Millis) -> String {
    let time = DateTime::from_timestamp_millis(time).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
