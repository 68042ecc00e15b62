//! Binary mode: attributes are headers, the body is the data. No I/O.
//!
//! Source: CloudEvents 1.0.2, "HTTP Protocol Binding", section 3.1.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use model::{RawEvent, RawEventError};

use crate::dialects::{Incoming, blank, header};
use crate::rejection::Rejection;

const PREFIX: &str = "ce-";

/// Reads one event. A missing `ce-specversion` is taken as 1.0, as in structured mode.
pub(super) fn read(incoming: &Incoming<'_>) -> Result<RawEvent, Rejection> {
    let mut attributes = attributes(incoming.headers)?;
    model::check_version(attributes.remove("specversion"))?;
    // The content type says it, and is no attribute: nothing of it is decoded (section 3.1.1).
    attributes.remove("datacontenttype");
    let base = blank();
    Ok(RawEvent {
        id: attributes.remove("id").unwrap_or_default(),
        source: required(&mut attributes, "source")?,
        kind: required(&mut attributes, "type")?,
        subject: attributes.remove("subject"),
        time: attributes
            .remove("time")
            .map(|time| model::parse_time(&time))
            .transpose()?,
        tenant: attributes.remove("tenant").unwrap_or_else(|| base.tenant.clone()),
        datacontenttype: header(incoming.headers, CONTENT_TYPE.as_str())?,
        data: Some(incoming.body)
            .filter(|body| !body.is_empty())
            .map(<[u8]>::to_vec),
        extensions: attributes,
        ..base
    })
}

fn required(attributes: &mut BTreeMap<String, String>, name: &'static str) -> Result<String, Rejection> {
    let value = attributes.remove(name);
    value.ok_or(Rejection::CloudEvent(RawEventError::Missing(name)))
}

/// Those that are given once; an empty one is as good as none.
fn attributes(headers: &HeaderMap) -> Result<BTreeMap<String, String>, Rejection> {
    let names = headers.keys().map(axum::http::HeaderName::as_str);
    let ours = names.filter_map(|full| Some((full, full.strip_prefix(PREFIX)?)));
    let mut attributes = BTreeMap::new();
    for (full, name) in ours {
        let wrong = || Rejection::Header(full.to_owned());
        let mut values = headers.get_all(full).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(wrong());
        };
        let value = decoded(value).ok_or_else(wrong)?;
        if !value.is_empty() {
            attributes.insert(name.to_owned(), value);
        }
    }
    Ok(attributes)
}

/// Double quotes first, then one round of percent-decoding, then UTF-8 (section 3.1.3.2).
fn decoded(value: &HeaderValue) -> Option<String> {
    let bytes = unquoted(value.as_bytes());
    let text = percent_encoding::percent_decode(&bytes).decode_utf8().ok()?;
    Some(text.into_owned())
}

/// Without the double quotes around it, within which a backslash stands before what is meant (RFC 9110, section 5.6.4).
/// Older versions of the binding wrote values with spaces so.
fn unquoted(value: &[u8]) -> Cow<'_, [u8]> {
    let inner = value
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    let Some(inner) = inner else {
        return Cow::Borrowed(value);
    };
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        let meant = if *byte == b'\\' { bytes.next() } else { None };
        plain.push(*meant.unwrap_or(byte));
    }
    Cow::Owned(plain)
}
