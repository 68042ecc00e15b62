//! event-stream-starter: news of tokens; the whole object is the data. No I/O.

use model::RawEvent;

use super::{Dialect, Incoming, Reading, blank};
use crate::json::{Members, documents};
use crate::limits::Limits;
use crate::rejection::Rejection;

const FORM: &str = "one JSON object, or a list of objects";

/// Reads one request of any JSON objects.
pub(super) fn read(incoming: &Incoming<'_>, limits: &Limits) -> Result<Reading, Rejection> {
    if incoming.body.trim_ascii().is_empty() {
        return Err(Rejection::Empty(FORM));
    }
    Ok(Reading::each(
        Dialect::EventStreamStarter,
        documents(incoming.body, limits)?,
        event,
    ))
}

/// Reads one object. Where no token, symbol or link is named, its subject is left to be found in its text.
pub(super) fn event(json: &str) -> Result<RawEvent, Rejection> {
    let mut members = Members::read(json, FORM)?;
    let named = members.label("type")?;
    let created = members.time("created_at")?;
    Ok(RawEvent {
        kind: members
            .label("event_type")?
            .or(named)
            .unwrap_or_else(|| "webhook".to_owned()),
        source: members
            .label("source")?
            .unwrap_or_else(|| "event-stream-starter".to_owned()),
        id: members.label("id")?.unwrap_or_default(),
        time: members.time("timestamp")?.or(created),
        subject: subject(&mut members)?,
        data: Some(json.trim_ascii().as_bytes().to_vec()),
        ..blank()
    })
}

/// The token's address, else its symbol, else the link.
fn subject(members: &mut Members<'_>) -> Result<Option<String>, Rejection> {
    let chain = members.label("chain")?;
    let address = members
        .label("token_ca")?
        .map(|address| token(chain.as_deref(), address.trim()));
    let symbol = members
        .label("symbol")?
        .map(|symbol| symbol.trim().trim_start_matches('$').to_uppercase());
    let link = members.label("url")?.map(|url| format!("url:{}", url.trim()));
    let symbol = symbol
        .filter(|symbol| !symbol.is_empty())
        .map(|symbol| format!("symbol:{symbol}"));
    Ok(address.or(symbol).or(link))
}

/// Hexadecimal addresses are the same in either case; those of other chains are not.
fn token(chain: Option<&str>, address: &str) -> String {
    let evm = address.starts_with("0x") || address.starts_with("0X");
    let chain = match chain.map(str::to_lowercase).as_deref() {
        Some("ethereum" | "eth") => "eth".to_owned(),
        Some("solana" | "sol") => "sol".to_owned(),
        Some(other) => other.trim().to_owned(),
        None if evm => "eth".to_owned(),
        None => "sol".to_owned(),
    };
    let address = if evm {
        address.to_lowercase()
    } else {
        address.to_owned()
    };
    format!("token:{chain}:{address}")
}
