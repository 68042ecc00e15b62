//! The words of a text in lower case: what stands between signs, with numbers whole; by dictionary in scripts without
//! blanks. No I/O.

use text::words::is_unspaced;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Bytes of a text that are read: its subject stands at the beginning, and the cost must have a bound.
const READ: usize = 4_096;
/// Letters between the brackets of a listing, as in `(NASDAQ:MSFT)`.
const LISTING: usize = 24;

/// Hands each word of the first 4 KiB to `take`, with whether it began with a capital.
///
/// Links are left out, and listings (`(NYSE:T)`), possessive `'s` and accents; `U.S.` is one word, a tag in camel case
/// several.
pub(crate) fn each(text: &str, mut take: impl FnMut(&str, bool)) {
    let mut plain = String::new();
    for run in text::span::prefix(text, READ)
        .split_whitespace()
        .filter(|run| !is_link(run))
    {
        plain.push(' ');
        let run = initials(run);
        if run.is_ascii() {
            plain.push_str(&run);
        } else if run.contains(is_unspaced) {
            plain.extend(run.nfkc());
        } else {
            plain.extend(run.nfkd().filter(|c| !is_combining_mark(*c)).nfc().map(straight));
        }
    }
    scan(&without_listings(&plain), &mut take);
}

fn is_link(run: &str) -> bool {
    run.contains("://") || run.starts_with("www.")
}

fn straight(c: char) -> char {
    if text::words::is_apostrophe(c) { '\'' } else { c }
}

/// `U.S.` as `US`; other runs as they are.
fn initials(run: &str) -> std::borrow::Cow<'_, str> {
    let bare = run.trim_matches(|c: char| c.is_ascii_punctuation() && c != '.');
    let bare = bare
        .strip_suffix('s')
        .and_then(|name| name.strip_suffix(text::words::is_apostrophe))
        .unwrap_or(bare);
    let pairs = bare.as_bytes().chunks(2);
    let dotted = bare.len() >= 4 && pairs.clone().all(|pair| matches!(pair, [b'A'..=b'Z', b'.']));
    if dotted {
        bare.replace('.', "").into()
    } else {
        run.into()
    }
}

/// The text without `(NASDAQ:MSFT)` and the like, which only say that a company is listed.
fn without_listings(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains('(') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('(') {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        let close = from
            .find(')')
            .filter(|&close| is_listing(from.get(1..close).unwrap_or_default()));
        let end = close.map_or(1, |close| close + 1);
        out.push(' ');
        rest = from.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    out.into()
}

fn is_listing(inside: &str) -> bool {
    let letters =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
    inside.len() <= LISTING
        && inside
            .split_once(':')
            .is_some_and(|(market, symbol)| letters(market) && letters(symbol.trim()))
}

/// Hands out `[a-z0-9]+([.,][0-9]+)*('[a-z]+)?` without `'s`, and letters of other scripts likewise.
fn scan(text: &str, take: &mut impl FnMut(&str, bool)) {
    let mut word = String::new();
    let mut rest = text.chars().peekable();
    let mut in_tag = false;
    while let Some(c) = rest.next() {
        if !c.is_alphanumeric() {
            in_tag = c == '#';
            continue;
        }
        let capitalised = c.is_uppercase();
        word.clear();
        word.extend(c.to_lowercase());
        let mut last = c;
        while let Some(&next) = rest.peek() {
            if in_tag && last.is_lowercase() && next.is_uppercase() {
                break;
            }
            if !continues(&mut rest, last, next) {
                break;
            }
            rest.next();
            word.extend(next.to_lowercase());
            last = next;
        }
        if word.contains(is_unspaced) {
            for part in text::segments(&word) {
                take(part, false);
            }
        } else if !word.is_empty() {
            take(without_possessive(&word), capitalised);
        }
    }
}

/// Whether the next character belongs to the word: a letter or digit, a point or comma between digits, an apostrophe
/// between letters.
fn continues(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, last: char, next: char) -> bool {
    if next.is_alphanumeric() {
        return true;
    }
    let mut ahead = rest.clone();
    ahead.next();
    let after = ahead.next().unwrap_or(' ');
    match next {
        '.' | ',' => last.is_ascii_digit() && after.is_ascii_digit(),
        '\'' => last.is_alphanumeric() && after.is_alphabetic(),
        _ => false,
    }
}

fn without_possessive(word: &str) -> &str {
    word.strip_suffix("'s").unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        each(text, |word, capitalised| {
            all.push(if capitalised {
                format!("^{word}")
            } else {
                word.to_owned()
            });
        });
        all
    }

    #[test]
    fn words_as_people_mean_them() {
        assert_eq!(
            list("Fed\u{2019}s Plosser: 1,000.50 more..."),
            ["^fed", "^plosser", "1,000.50", "more"]
        );
        assert_eq!(list("U.S. stocks, the U.K.'s"), ["^us", "stocks", "the", "^uk"]);
        assert_eq!(list("Microsoft (NASDAQ:MSFT) (new)"), ["^microsoft", "new"]);
        assert_eq!(
            list("#XboxLaunch https://t.co/x don't"),
            ["^xbox", "^launch", "don't"]
        );
        assert_eq!(
            list("São Paulo ﬁnance iPhone"),
            ["^sao", "^paulo", "finance", "iphone"]
        );
    }

    #[test]
    fn words_of_other_scripts() {
        assert_eq!(list("交易所暂停提现"), ["交易所", "暂停", "提", "现"]);
        assert_eq!(list("거래소는 중단했습니다"), ["거래소는", "중단했습니다"]);
        assert_eq!(list("Биржа приостановила"), ["^биржа", "приостановила"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,100}|[#('.:,A-Za-z0-9 ]{0,60}") {
            prop_assert!(list(&text).iter().all(|word| !word.is_empty()));
        }
    }
}
