//! Reading the text of an event: cleaned, with its links, tags, addresses, amounts and language. No I/O.

use crate::insight::Insight;
use crate::lists::Lists;
use crate::members::Members;
use model::{Address, Amount, Event};
use std::collections::HashSet;
use text::{AmountKind, Checksum, Findings};

/// Links, tags and addresses of one kind that an event keeps.
const MOST_OF_A_KIND: usize = 64;
/// Bytes of a title, cleaned. With the longest text and the most members it fits the topics.
const LONGEST_TITLE: usize = 64 * 1024;
/// Bytes of a text, cleaned, which may make it longer. No body that the edge takes is as long.
const LONGEST_TEXT: usize = 1024 * 1024;
/// A language below this is not better than what the source says.
const SURE_ENOUGH: f32 = 0.5;

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) title: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) findings: Findings,
    /// Title and text, as one reads them; of long ones the beginning and the end.
    pub(crate) whole: String,
    /// Addresses, the one that the data names first.
    pub(crate) addresses: Vec<Address>,
    /// Symbols, the one that the data names first.
    pub(crate) symbols: Vec<String>,
    lang: Option<String>,
    lang_confidence: f64,
    insight: Insight,
}

/// Reads title, text and link of the data. Of a text longer than `most` bytes, links, tags and the like are looked for in
/// its beginning and its end; the text itself is kept whole, so that it hides nothing from rules.
pub(crate) fn read(members: &Members<'_>, most: usize, known: &HashSet<String>, lists: &Lists) -> Reading {
    let title = members.title().and_then(|title| cleaned(title, LONGEST_TITLE));
    let text = members.text().and_then(|text| cleaned(text, LONGEST_TEXT));
    let whole = match (&title, &text) {
        (Some(title), Some(text)) if title != text => format!("{title}\n{text}"),
        (Some(one), _) | (None, Some(one)) => one.clone(),
        (None, None) => String::new(),
    };
    let whole = ends(whole, most);
    let findings = text::find(&whole);
    let language = text::language::detect(&whole);
    let given = || members.lang().and_then(language_code);
    let (lang, lang_confidence) = match language {
        Some(guess) if guess.confidence >= SURE_ENOUGH => (Some(guess.code.to_owned()), guess.confidence),
        Some(guess) => (given().or_else(|| Some(guess.code.to_owned())), guess.confidence),
        None => (given().filter(|_| !whole.is_empty()), 0.0),
    };
    let insight = Insight::of(&whole, lang.as_deref(), lists);
    let mut symbols = symbols(members, &findings, &whole, known);
    symbols.retain(|symbol| !is_blocked(lists, symbol));
    Reading {
        insight,
        url: members.url().and_then(|url| text::canonical(url.trim())),
        addresses: addresses(members, &findings),
        symbols,
        lang,
        lang_confidence: f64::from(lang_confidence),
        title,
        text,
        findings,
        whole,
    }
}

fn cleaned(text: &str, most: usize) -> Option<String> {
    let mut cleaned = text::clean(text).into_owned();
    cleaned.truncate(cleaned.floor_char_boundary(most));
    Some(cleaned).filter(|text| !text.is_empty())
}

/// The beginning and the end of a text that is longer than `most` bytes.
fn ends(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let tail = most / 4;
    let (head, from) = (most - tail, text.ceil_char_boundary(text.len() - tail));
    format!("{}\n{}", text::span::prefix(&text, head), &text[from..])
}

/// `en-US` and `EN` are `en`; codes that ISO 639-1 withdrew in 1989 are still sent.
fn language_code(given: &str) -> Option<String> {
    let code = given.split(['-', '_']).next()?.trim().to_ascii_lowercase();
    match code.as_str() {
        "in" => Some("id".to_owned()),
        "iw" => Some("he".to_owned()),
        "un" => None,
        _ => (code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase())).then_some(code),
    }
}

fn addresses(members: &Members<'_>, findings: &Findings) -> Vec<Address> {
    let chain = members.chain();
    let named = members
        .address()
        .map(|address| text::find(address.trim()).addresses)
        .unwrap_or_default();
    let from_data = named.into_iter().map(|found| address(found, chain.as_deref()));
    let from_text = findings
        .addresses
        .iter()
        .cloned()
        .map(|found| address(found, chain.as_deref()));
    let mut kept: Vec<Address> = Vec::new();
    for address in from_data.chain(from_text) {
        if kept.len() < MOST_OF_A_KIND && !kept.iter().any(|known| known.address == address.address) {
            kept.push(address);
        }
    }
    kept
}

/// The chain the source names tells EVM chains apart; it says nothing about Solana and Bitcoin addresses.
fn address(found: text::Address, chain: Option<&str>) -> Address {
    let chain = match found.chain {
        text::Chain::Solana => "sol".to_owned(),
        text::Chain::Bitcoin => "btc".to_owned(),
        text::Chain::Evm => chain
            .map(short_chain)
            .filter(|chain| chain != "sol" && chain != "btc")
            .unwrap_or_else(|| "eth".to_owned()),
    };
    let checksum = match found.checksum {
        Checksum::Absent => None,
        Checksum::Valid => Some(true),
        Checksum::Invalid => Some(false),
    };
    Address {
        chain,
        address: found.address,
        checksum,
    }
}

/// Short names of chains; chain ids as in <https://chainlist.org>. Unknown names stay, in lower case, cut.
fn short_chain(name: &str) -> String {
    let lower = text::clean(text::span::prefix(name, 40))
        .to_lowercase()
        .replace([' ', ':'], "-");
    let short = match lower.as_str() {
        "" | "ethereum" | "mainnet" | "ether" | "1" | "evm" => "eth",
        "solana" => "sol",
        "bitcoin" => "btc",
        "binance" | "bnb" | "binance-smart-chain" | "56" => "bsc",
        "arbitrum" | "arbitrum-one" | "42161" => "arb",
        "optimism" | "10" => "op",
        "matic" | "137" => "polygon",
        "avalanche" | "43114" => "avax",
        "8453" => "base",
        _ => return lower,
    };
    short.to_owned()
}

fn symbols(members: &Members<'_>, findings: &Findings, whole: &str, known: &HashSet<String>) -> Vec<String> {
    let plain = |symbol: &&str| {
        !symbol.is_empty() && symbol.len() <= 16 && symbol.bytes().all(|b| b.is_ascii_graphic())
    };
    let named = members
        .symbol()
        .map(|symbol| symbol.trim().trim_start_matches('$'))
        .filter(plain);
    let mut kept: Vec<String> = named.map(str::to_ascii_uppercase).into_iter().collect();
    let tagged = findings.cashtags.iter().cloned();
    for tag in tagged.chain(text::tickers(whole, findings, known)) {
        keep(&mut kept, tag.name);
    }
    kept
}

/// Whether a list says that this is never what an event is about.
fn is_blocked(lists: &Lists, name: &str) -> bool {
    !lists.blocked_entities.is_empty() && lists.blocked_entities.contains(&name.to_lowercase())
}

impl Reading {
    /// The fields of an event that come from its text.
    pub(crate) fn into_event(self) -> Event {
        let found = self.findings;
        Event {
            title: self.title,
            text: self.text,
            url: self.url,
            lang: self.lang,
            lang_confidence: self.lang_confidence,
            cashtags: self.symbols,
            hashtags: names(found.hashtags.into_iter().map(|tag| tag.name)),
            mentions: names(found.mentions.into_iter().map(|tag| tag.name)),
            ens_names: names(found.names.into_iter().map(|tag| tag.name)),
            urls: names(found.links.into_iter().map(|link| link.url)),
            transactions: names(found.transactions.into_iter().map(|transaction| transaction.hash)),
            dates: names(found.dates.into_iter().map(|date| date.date)),
            amounts: found
                .amounts
                .into_iter()
                .take(MOST_OF_A_KIND)
                .map(amount)
                .collect(),
            addresses: self.addresses,
            ..self.insight.into_event()
        }
    }
}

fn amount(found: text::Amount) -> Amount {
    let kind = match found.kind {
        AmountKind::Money => "money",
        AmountKind::Percentage => "percentage",
        AmountKind::Quantity => "quantity",
    };
    Amount {
        kind: kind.to_owned(),
        value: found.value,
        unit: found.unit,
    }
}

/// Each once, in order, not too many.
fn names(found: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept = Vec::new();
    found.for_each(|name| keep(&mut kept, name));
    kept
}

fn keep(kept: &mut Vec<String>, name: String) {
    if kept.len() < MOST_OF_A_KIND && !kept.contains(&name) {
        kept.push(name);
    }
}
