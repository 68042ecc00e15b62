//! Reading other people's JSON: one or many, which members. What stands in them is read only as far as a dialect asks, so
//! depth costs no stack here; how deep and how sound data is, admission says. No I/O.

pub(crate) mod instant;
mod members;

pub(crate) use members::Members;

use serde_json::value::RawValue;

use crate::limits::Limits;
use crate::rejection::Rejection;

/// The body as text.
pub(crate) fn utf8(body: &[u8]) -> Result<&str, Rejection> {
    std::str::from_utf8(body).map_err(|error| Rejection::NotUtf8 {
        at: error.valid_up_to(),
    })
}

/// One JSON document, or the elements of one array of documents, each still as it was written.
#[derive(Debug)]
pub(crate) enum Documents<'a> {
    /// The whole body.
    One(&'a str),
    /// The elements of the array.
    Many(Vec<&'a RawValue>),
}

/// Tells one document from an array of documents by the first bracket.
pub(crate) fn documents<'a>(body: &'a [u8], limits: &Limits) -> Result<Documents<'a>, Rejection> {
    let text = utf8(body)?;
    if text.trim_ascii_start().starts_with('[') {
        many(text, limits)
    } else {
        Ok(Documents::One(text))
    }
}

/// The elements of an array.
pub(crate) fn many<'a>(text: &'a str, limits: &Limits) -> Result<Documents<'a>, Rejection> {
    let elements: Vec<&RawValue> =
        serde_json::from_str(text).map_err(|error| Rejection::NotJson(error.to_string()))?;
    within_batch(elements.len(), limits)?;
    Ok(Documents::Many(elements))
}

/// Holds a count of events to the limit.
pub(crate) fn within_batch(count: usize, limits: &Limits) -> Result<(), Rejection> {
    if count > limits.batch {
        Err(Rejection::BatchTooLarge {
            count,
            limit: limits.batch,
        })
    } else {
        Ok(())
    }
}
