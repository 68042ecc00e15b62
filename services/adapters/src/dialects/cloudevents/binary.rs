//! Binary mode: attributes are headers, the body is the data. No I/O.
//!
//! Source: CloudEvents 1.0.2, "HTTP Protocol Binding", section 3.1.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use model::{RawEvent, RawEventError};

use crate::dialects::{Incoming, blank, header};
use crate::json::instant;
use crate::rejection::Rejection;

/// Reads one event. A missing `ce-specversion` is taken as 1.0, as in structured mode.
pub(super) fn read(incoming: &Incoming<'_>) -> Result<RawEvent, Rejection> {
    let mut attributes = attributes(incoming.headers)?;
    let version = attributes
        .remove("specversion")
        .unwrap_or_else(|| "1.0".to_owned());
    if version != "1" && !version.starts_with("1.") {
        return Err(RawEventError::Version(version).into());
    }
    let base = blank();
    Ok(RawEvent {
        id: attributes.remove("id").unwrap_or_default(),
        source: required(&mut attributes, "source")?,
        kind: required(&mut attributes, "type")?,
        subject: attributes.remove("subject"),
        time: attributes
            .remove("time")
            .map(|time| instant::read_text(&time, "time"))
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
    let value = attributes.remove(name).filter(|value| !value.is_empty());
    value.ok_or(Rejection::CloudEvent(RawEventError::Missing(name)))
}

fn attributes(headers: &HeaderMap) -> Result<BTreeMap<String, String>, Rejection> {
    let names = headers.keys().map(axum::http::HeaderName::as_str);
    let ours = names.filter_map(|full| Some((full, full.strip_prefix("ce-")?)));
    ours.map(|(full, name)| Ok((name.to_owned(), header(headers, full)?.unwrap_or_default())))
        .collect()
}
