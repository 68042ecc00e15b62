//! Finding: links, tags, mentions and chain addresses in a cleaned text, each with its place. No I/O.
//!
//! One pass over the bytes; a finding is only looked for where its first character stands and only at the
//! beginning of a word, and what was found is not read again.

mod address;
mod link;
mod tag;

pub use address::{Address, Chain, Checksum};
pub use link::{Link, canonical};
pub use tag::Tag;

use crate::span::Span;

/// Findings of one kind beyond this number in one text are not kept; nobody writes a post like that.
pub const MOST_OF_A_KIND: usize = 256;

/// What a text names, in the order of the text. Repetitions are kept, since each has a place of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    let mut findings = Findings::default();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        at = match bytes[at] {
            b'$' => step(&mut findings.cashtags, tag::cashtag(text, at), at),
            b'#' => step(&mut findings.hashtags, tag::hashtag(text, at), at),
            b'@' => step(&mut findings.mentions, tag::mention(text, at), at),
            byte if byte.is_ascii_alphanumeric() => word(text, at, &mut findings),
            _ => at + 1,
        };
    }
    findings
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

/// A word of ASCII letters and digits beginning at `at`: a link, an address, or nothing; the place behind it.
fn word(text: &str, at: usize, findings: &mut Findings) -> usize {
    if let Some((link, end)) = link::link(text, at) {
        if let Some(link) = link.filter(|_| findings.links.len() < MOST_OF_A_KIND) {
            path_addresses(text, link.span, findings);
            findings.links.push(link);
        }
        return end;
    }
    let bytes = &text.as_bytes()[at..];
    let end = at
        + bytes
            .iter()
            .position(|b| !b.is_ascii_alphanumeric())
            .unwrap_or(bytes.len());
    keep_address(text, Span { start: at, end }, findings);
    end
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

fn keep_address(text: &str, span: Span, findings: &mut Findings) {
    if findings.addresses.len() < MOST_OF_A_KIND
        && let Some(address) = address::address(text, span)
    {
        findings.addresses.push(address);
    }
}

#[cfg(test)]
mod tests;
