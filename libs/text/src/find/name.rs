//! Names with dots: e-mail addresses and ENS names. No I/O.

use super::Tag;
use crate::invisible::looks_latin;
use crate::span::Span;

/// Longest name that is read, in bytes: the longest e-mail address there is.
const LONGEST: usize = 254;

/// The e-mail address that begins at `at`, a letter or digit at the beginning of a word; in lower case.
pub(super) fn email(text: &str, at: usize) -> Option<Tag> {
    if text[..at].ends_with(looks_latin) {
        return None;
    }
    let rest = &text.as_bytes()[at..];
    let local = run(rest, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'%' | b'+' | b'-')
    });
    if local > 64 || rest.get(local) != Some(&b'@') || rest[local - 1] == b'.' {
        return None;
    }
    let host_at = local + 1;
    let host = run(&rest[host_at..], |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')
    });
    let host = text[at + host_at..at + host_at + host].trim_end_matches(['.', '-']);
    let (domain, top) = host.rsplit_once('.')?;
    let named = !domain.is_empty()
        && !domain.starts_with('.')
        && top.len() >= 2
        && top.bytes().all(|b| b.is_ascii_alphabetic())
        && !text[at + host_at + host.len()..].starts_with(looks_latin);
    named.then(|| tag(text, at, host_at + host.len()))
}

/// The ENS name (`vitalik.eth`, `pay.vitalik.eth`) that begins at `at`; in lower case.
pub(super) fn ens(text: &str, at: usize) -> Option<Tag> {
    // A name that begins in letters that only look Latin is another's.
    if text[..at].ends_with(['.', '@', '/', '-', '_', '$', '#']) || text[..at].ends_with(looks_latin) {
        return None;
    }
    let length = run(&text.as_bytes()[at..], |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')
    });
    let written = text[at..at + length].trim_end_matches(['.', '-', '_']);
    let name = written.get(..written.len().checked_sub(4)?)?;
    let is_ens = written[name.len()..].eq_ignore_ascii_case(".eth")
        && name.split('.').all(|label| !label.is_empty())
        && name.rsplit('.').next().is_some_and(|label| label.len() >= 3)
        && !text[at + length..].starts_with(['/', '@', ':'])
        && !text[at + length..].starts_with(looks_latin);
    is_ens.then(|| tag(text, at, written.len()))
}

fn run(bytes: &[u8], is_part: fn(u8) -> bool) -> usize {
    bytes.iter().take(LONGEST).take_while(|&&b| is_part(b)).count()
}

fn tag(text: &str, start: usize, length: usize) -> Tag {
    let span = Span {
        start,
        end: start + length,
    };
    Tag {
        name: text[span.range()].to_ascii_lowercase(),
        span,
    }
}
