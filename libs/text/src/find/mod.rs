//! Finding: links, tags, addresses, transactions, names, amounts and dates in a cleaned text, each with its place.
//! No I/O.
//!
//! One pass over the bytes; a finding is only looked for where its first character stands and only at the
//! beginning of a word, and what was found is not read again.

mod address;
mod amount;
mod currency;
mod date;
mod legible;
mod link;
mod magnitude;
mod name;
mod number;
mod range;
mod tag;
mod ticker;
mod transaction;
mod unit;

pub use address::{Address, Chain, Checksum};
pub use amount::{Amount, AmountKind};
pub use date::Date;
pub use link::{Link, LinkHost, canonical};
pub use tag::Tag;
pub use ticker::tickers;
pub use transaction::Transaction;

pub(crate) use link::starts as is_link_start;

use crate::invisible::looks_latin;
use crate::span::Span;
use crate::words::is_unspaced;
use date::Dated;
use legible::Legible;

/// Findings of one kind beyond this number in one text are not kept; nobody writes a post like that.
pub const MOST_OF_A_KIND: usize = 256;

/// What a text names, in the order of the text. Repetitions are kept, since each has a place of its own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// Links, in canonical form.
    pub links: Vec<Link>,
    /// `$UNI` as `UNI`, upper case; amounts (`$5M`, `$1,000`) are none.
    pub cashtags: Vec<Tag>,
    /// `#DeFi` as `defi`, lower case; numbers (`#1`) are none.
    pub hashtags: Vec<Tag>,
    /// `@vitalik` as `vitalik`, lower case; parts of e-mail addresses are none.
    pub mentions: Vec<Tag>,
    /// Chain addresses in the text or in a link's path.
    pub addresses: Vec<Address>,
    /// Transactions in the text or in a link's path.
    pub transactions: Vec<Transaction>,
    /// E-mail addresses, lower case.
    pub emails: Vec<Tag>,
    /// ENS names, lower case.
    pub names: Vec<Tag>,
    /// Money, percentages and quantities.
    pub amounts: Vec<Amount>,
    /// Dates.
    pub dates: Vec<Date>,
}

/// Finds everything in `text`.
///
/// ```
/// let found = text::find("$UNI up, $5M in https://app.uniswap.org/?utm_source=x#top");
/// assert_eq!(found.cashtags[0].name, "UNI");
/// assert_eq!(found.cashtags.len(), 1);
/// assert_eq!(found.links[0].url, "https://app.uniswap.org/");
/// ```
pub fn find(text: &str) -> Findings {
    let legible = Legible::of(text);
    let mut findings = search(&legible.text);
    findings.place(|span| legible.given(span));
    findings
}

impl Findings {
    /// Puts everything where it stands in the text that was given.
    fn place(&mut self, given: impl Fn(Span) -> Span) {
        let tags = [
            &mut self.cashtags,
            &mut self.hashtags,
            &mut self.mentions,
            &mut self.emails,
            &mut self.names,
        ];
        let tags = tags.into_iter().flatten().map(|tag| &mut tag.span);
        let links = self.links.iter_mut().map(|link| &mut link.span);
        let addresses = self.addresses.iter_mut().map(|address| &mut address.span);
        let transactions = self
            .transactions
            .iter_mut()
            .map(|transaction| &mut transaction.span);
        let amounts = self.amounts.iter_mut().map(|amount| &mut amount.span);
        let dates = self.dates.iter_mut().map(|date| &mut date.span);
        let chains = addresses.chain(transactions);
        for span in tags.chain(links).chain(chains).chain(amounts).chain(dates) {
            *span = given(*span);
        }
    }
}

fn search(text: &str) -> Findings {
    let mut findings = Findings::default();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        at = match bytes[at] {
            b'$' => dollar(text, at, &mut findings),
            b'#' => step(&mut findings.hashtags, tag::hashtag(text, at), at),
            b'%' => keep_amounts(text, &mut findings, amount::with_sign(text, at)).unwrap_or(at + 1),
            b'@' => step(&mut findings.mentions, tag::mention(text, at), at),
            byte if byte.is_ascii_alphanumeric() => word(text, at, &mut findings),
            byte if byte.is_ascii() => at + 1,
            _ => other_script(text, at, &mut findings),
        };
    }
    findings
}

/// `$` begins an amount or a cashtag.
fn dollar(text: &str, at: usize, findings: &mut Findings) -> usize {
    match keep_amounts(text, findings, amount::with_sign(text, at)) {
        Some(end) => end,
        None => step(&mut findings.cashtags, tag::cashtag(text, at), at),
    }
}

/// A character outside ASCII: the sign of a currency, a word that may stand before an amount (`руб 500`), or nothing.
fn other_script(text: &str, at: usize, findings: &mut Findings) -> usize {
    if let Some(end) = keep_amounts(text, findings, amount::with_sign(text, at)) {
        return end;
    }
    let length = magnitude::letters(&text[at..]);
    if length == 0 {
        return text.ceil_char_boundary(at + 1);
    }
    keep_amounts(text, findings, amount::with_code(text, at, length)).unwrap_or(at + length)
}

/// Keeps amounts; the place where reading goes on, which is the `$` of `500 $UNI`: the unit is a cashtag as well.
fn keep_amounts(text: &str, findings: &mut Findings, amounts: Vec<Amount>) -> Option<usize> {
    let last = amounts.last()?;
    let dollar = text[last.span.range()].rfind('$').map(|at| last.span.start + at);
    let next = dollar
        .filter(|_| last.kind == AmountKind::Quantity)
        .unwrap_or(last.span.end);
    keep_within_limit(&mut findings.amounts, amounts);
    Some(next)
}

fn keep_within_limit<T>(kept: &mut Vec<T>, found: impl IntoIterator<Item = T>) {
    let room = MOST_OF_A_KIND.saturating_sub(kept.len());
    kept.extend(found.into_iter().take(room));
}

/// Keeps a tag and goes on behind it.
fn step(kept: &mut Vec<Tag>, found: Option<Tag>, at: usize) -> usize {
    let Some(tag) = found else { return at + 1 };
    let next = tag.span.end;
    if kept.len() < MOST_OF_A_KIND {
        kept.push(tag);
    }
    next
}

/// A word of ASCII letters and digits beginning at `at`: a link, an address, a name, an amount, a date, or nothing;
/// the place behind it.
fn word(text: &str, at: usize, findings: &mut Findings) -> usize {
    if let Some((link, end)) = link::link(text, at) {
        if let Some(link) = link.filter(|_| findings.links.len() < MOST_OF_A_KIND) {
            path_addresses(text, link.span, findings);
            findings.links.push(link);
        }
        return end;
    }
    if let Some(end) = named(text, at, findings) {
        return end;
    }
    let bytes = &text.as_bytes()[at..];
    let length = bytes
        .iter()
        .position(|b| !b.is_ascii_alphanumeric())
        .unwrap_or(bytes.len());
    let span = Span {
        start: at,
        end: at + length,
    };
    // A letter that looks Latin beside it makes another word of it, and so does a mark.
    let alone = !text[..at].ends_with(looks_latin) && !text[span.end..].starts_with(looks_latin);
    if alone && keep_address(text, span, findings) {
        return span.end;
    }
    if let Some(end) = counted(text, span, findings) {
        return end;
    }
    // What follows a number without a blank belongs to it: `1.2.3`, `12:30`.
    if bytes[0].is_ascii_digit() {
        number::behind_number(text, span.end)
    } else {
        span.end
    }
}

/// An e-mail address or an ENS name.
fn named(text: &str, at: usize, findings: &mut Findings) -> Option<usize> {
    let (kept, tag) = match name::email(text, at) {
        Some(email) => (&mut findings.emails, email),
        None => (&mut findings.names, name::ens(text, at)?),
    };
    let end = tag.span.end;
    keep_within_limit(kept, [tag]);
    Some(end)
}

/// An amount or a date that begins with this word.
fn counted(text: &str, span: Span, findings: &mut Findings) -> Option<usize> {
    let at = span.start;
    let glued = text[..at]
        .chars()
        .next_back()
        .is_some_and(|c| c == '_' || (c.is_alphabetic() && c < '\u{2e80}' && !is_unspaced(c)));
    if glued {
        return None;
    }
    let digit = text.as_bytes()[at].is_ascii_digit();
    let date = if digit {
        date::numeric(text, at)
    } else {
        date::worded(text, at)
    };
    match date {
        Some(Dated::Date(date)) => {
            let end = date.span.end;
            keep_within_limit(&mut findings.dates, [date]);
            return Some(end);
        }
        Some(Dated::Never(end)) => return Some(end),
        None => {}
    }
    let amounts = if digit {
        amount::with_unit(text, at)
    } else {
        amount::with_code(text, at, currency::length_before(&text[span.range()]))
    };
    keep_amounts(text, findings, amounts)
}

/// Explorers and exchanges put the address into the path; queries hold session keys that only look alike.
fn path_addresses(text: &str, link: Span, findings: &mut Findings) {
    let path_end = text[link.range()]
        .find(['?', '#'])
        .map_or(link.end, |offset| link.start + offset);
    let mut start = link.start;
    for part in text[link.start..path_end].split('/') {
        keep_address(
            text,
            Span {
                start,
                end: start + part.len(),
            },
            findings,
        );
        start += part.len() + 1;
    }
}

/// Keeps the address or transaction that is exactly this word; whether it was one.
fn keep_address(text: &str, span: Span, findings: &mut Findings) -> bool {
    // The shortest, a bech32 address, has 14 characters; most words are left here.
    if span.end - span.start < 14 {
        return false;
    }
    if let Some(address) = address::address(text, span) {
        keep_within_limit(&mut findings.addresses, [address]);
        return true;
    }
    let transaction = transaction::transaction(text, span);
    let found = transaction.is_some();
    keep_within_limit(&mut findings.transactions, transaction);
    found
}

#[cfg(test)]
mod tests;
