//! The subject of an event, from what the source said and what the text says. No I/O.

use crate::members::Members;
use crate::reading::Reading;
use model::RawEvent;
use text::subject::Clues;

/// The subject: what the producer named; a chain address; the symbol when there is one; the user; a cited link;
/// the story; the item's own link; the source. What the data names comes before what its text mentions.
pub(crate) fn subject(raw: &RawEvent, members: &Members<'_>, reading: &Reading) -> String {
    let explicit = raw
        .subject
        .clone()
        .filter(|subject| subject.chars().any(|c| !c.is_control() && !c.is_whitespace()));
    let named = explicit
        .or_else(|| token(reading))
        .or_else(|| symbol(members, reading));
    let user = members.user();
    text::subject::subject(&Clues {
        explicit: named.as_deref(),
        text: &reading.whole,
        findings: Some(&reading.findings),
        user: user.as_deref(),
        url: reading.url.as_deref(),
        source: &raw.source,
    })
}

/// The first address; one with a wrong checksum only when there is no other.
fn token(reading: &Reading) -> Option<String> {
    let good = reading
        .addresses
        .iter()
        .find(|address| address.checksum != Some(false));
    let address = good.or(reading.addresses.first())?;
    // Bitcoin's addresses hold coins; there is no token behind them.
    let kind = if address.chain == "btc" {
        "address"
    } else {
        "token"
    };
    Some(format!("{kind}:{}:{}", address.chain, address.address))
}

/// The symbol that the data names, or the only one there is.
fn symbol(members: &Members<'_>, reading: &Reading) -> Option<String> {
    let first = reading.symbols.first()?;
    (members.symbol().is_some() || reading.symbols.len() == 1).then(|| format!("symbol:{first}"))
}
