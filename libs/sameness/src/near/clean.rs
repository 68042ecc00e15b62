//! What of a text is compared with its copies: without what copies change. No I/O.

use std::borrow::Cow;
use text::words::is_unspaced;

/// Bytes of a text that are compared.
const READ: usize = 4_096;
/// Words that must stay where the tags at the end are left out.
const LEAST_CORE: usize = 4;

/// The runs between blanks that are compared, and whether the end of the text was cut off.
pub(super) struct Core {
    pub(super) text: String,
    pub(super) cut: bool,
}

/// Leaves out links, mentions, `RT @name:`, `UPDATE 2-`, the word that `…` cut, and the tags after the last word.
pub(super) fn core(text: &str) -> Core {
    let text = unescaped(text::span::prefix(text, READ));
    let cut = ends_cut(&text);
    let mut runs: Vec<&str> = text.split_whitespace().filter(|run| !is_left_out(run)).collect();
    if runs.first().is_some_and(|run| is_update(run)) {
        runs.remove(0);
        if let Some(first) = runs.first_mut() {
            *first = without_number(first);
        }
    }
    if cut && !ends_with_link(&text) {
        runs.pop_if(|last| !last.contains(is_unspaced));
    }
    let runs = without_labels(runs);
    Core {
        text: runs.join(" "),
        cut,
    }
}

/// The runs without tags that only say under which subjects a text was posted: those at the end, a row of several, and
/// one before a text that is whole without it (`$AAPL - Stocks set for higher start`). A tag that is part of the
/// sentence stays (`$UNI breaks out`). Where little else is left, all stay.
fn without_labels(runs: Vec<&str>) -> Vec<&str> {
    let mut kept: Vec<&str> = Vec::with_capacity(runs.len());
    let mut at = 0;
    while let Some(rest) = runs.get(at..).filter(|rest| !rest.is_empty()) {
        let row = rest.iter().take_while(|run| is_tag(run) || is_sign(run)).count();
        let tags = rest.iter().take(row).filter(|run| is_tag(run)).count();
        let ends = row == rest.len();
        let begins = at == 0
            && rest
                .get(row)
                .is_some_and(|next| !next.starts_with(char::is_lowercase));
        if tags > 1 || tags == 1 && (ends || begins || row > 1 && at == 0) {
            at += row;
        } else {
            let step = row.max(1);
            kept.extend(rest.iter().take(step).copied());
            at += step;
        }
    }
    if kept.iter().filter(|run| !is_sign(run)).count() >= LEAST_CORE {
        kept
    } else {
        runs
    }
}

fn is_sign(run: &str) -> bool {
    !run.contains(char::is_alphanumeric)
}

/// Up to twice: some posts come escaped once too often.
fn unescaped(text: &str) -> Cow<'_, str> {
    let once = html_escape::decode_html_entities(text);
    match once {
        Cow::Owned(once) if once.contains('&') => {
            html_escape::decode_html_entities(&once).into_owned().into()
        }
        once => once,
    }
}

/// Links may follow the dots.
fn ends_cut(text: &str) -> bool {
    let last = text.split_whitespace().rev().find(|run| !is_link(run));
    last.is_some_and(|run| {
        let bare = run.trim_end_matches(['"', '\u{201d}', ')', ']']);
        bare.ends_with('\u{2026}') || bare.ends_with("...")
    }) || text
        .split_whitespace()
        .next_back()
        .is_some_and(|run| is_link(run) && run.ends_with('\u{2026}'))
}

/// Whether what was cut is a link, which is left out anyway.
fn ends_with_link(text: &str) -> bool {
    text.split_whitespace()
        .next_back()
        .is_some_and(|run| is_link(run) && run.ends_with('\u{2026}'))
        || text
            .split_whitespace()
            .rev()
            .find(|run| !is_link(run))
            .is_some_and(|run| !run.contains(char::is_alphanumeric))
}

fn is_left_out(run: &&str) -> bool {
    let bare = run.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '@' | '$' | '#' | '%'));
    is_link(run) || bare.starts_with('@') || matches!(*run, "RT" | "RT:" | "MT" | "via" | "Via")
}

fn is_link(run: &str) -> bool {
    run.contains("://") || run.contains("www.") || run.starts_with("http") && run.ends_with('\u{2026}')
}

/// What news agencies put before a headline that they send again.
fn is_update(run: &str) -> bool {
    let bare = run.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | ':'));
    matches!(
        bare,
        "UPDATE" | "WRAPUP" | "CORRECTED" | "REFILE" | "BREAKING" | "JUST IN" | "URGENT" | "ALERT"
    )
}

/// `2-Shares rise` is the second update of `Shares rise`.
fn without_number(run: &str) -> &str {
    let bare = run.trim_start_matches(|c: char| c.is_ascii_digit());
    bare.strip_prefix('-')
        .filter(|rest| bare.len() < run.len() && !rest.is_empty())
        .unwrap_or(run)
}

fn is_tag(run: &str) -> bool {
    let bare = run.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '#' | '$' | '@'));
    bare.starts_with(['#', '$', '@']) && bare.chars().nth(1).is_some_and(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_copies_change_is_left_out() {
        let of = |text: &str| {
            let core = core(text);
            (core.text, core.cut)
        };
        let whole = ("Epizyme shares rocket up on news".to_owned(), false);
        assert_eq!(
            of("RT @FierceBiotech: Epizyme shares rocket up on news http://t.co/p $EPZM #a @JohnCFierce"),
            whole
        );
        assert_eq!(
            of("UPDATE 2-Epizyme shares rocket up on news").0,
            "Epizyme shares rocket up on news"
        );
        assert_eq!(of("a b c d exch\u{2026}"), ("a b c d".to_owned(), true));
        assert_eq!(of("a b c d http://t.c\u{2026}"), ("a b c d".to_owned(), true));
        assert_eq!(of("Tom &amp;amp; Jerry $A"), ("Tom & Jerry $A".to_owned(), false));
        assert_eq!(of(""), (String::new(), false));
        assert_eq!(
            of("$AAPL - Stocks set for higher start").0,
            "Stocks set for higher start"
        );
        assert_eq!(
            of("$UNI breaks out of the range").0,
            "$UNI breaks out of the range"
        );
        assert_eq!(
            of("Great research on stocks $A $B, $C must see").0,
            "Great research on stocks must see"
        );
    }
}
