//! Texts for people, made to fit: cut at words, escaped for who reads them. No Kafka, no clock, no I/O.

mod cut;
mod escape;
mod template;

pub(crate) use cut::{Limit, Unit, cut};
pub(crate) use escape::Escape;
pub(crate) use template::{Template, TemplateError, Texts};
