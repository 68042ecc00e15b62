//! What of a text is compared: words in one case, without what copies change. No I/O.
//!
//! Copies get a new shortened link, a leading `RT @name:`, mentions of other people, a cut end. Numbers and
//! symbols stay: `$UNI` and `$ETH`, 5 and 50 million are different news.

/// Words beyond this number are not compared.
const MOST_WORDS: usize = 2_000;

/// Hands each comparable word of `text`, in lower case, to `take`. Runs of a script without blanks are handed out
/// as single characters.
pub(crate) fn words(text: &str, mut take: impl FnMut(&str)) {
    let mut word = String::new();
    let mut taken = 0;
    for run in text.split_whitespace() {
        if taken >= MOST_WORDS {
            return;
        }
        if is_changed_by_copies(run) {
            continue;
        }
        let whole = run.trim_end_matches(['\u{2026}', '.']);
        let cut = run[whole.len()..].contains('\u{2026}') || run.ends_with("...");
        for c in whole.chars() {
            if c.is_alphanumeric() && !is_unspaced(c) {
                word.extend(c.to_lowercase());
            } else if is_unspaced(c) {
                flush(&mut word, &mut taken, &mut take);
                word.push(c);
                flush(&mut word, &mut taken, &mut take);
            } else if !joins(c, &word) {
                flush(&mut word, &mut taken, &mut take);
            }
        }
        if cut {
            // The last word of a cut text is half a word.
            word.clear();
        }
        flush(&mut word, &mut taken, &mut take);
    }
}

fn flush(word: &mut String, taken: &mut usize, take: &mut impl FnMut(&str)) {
    if !word.is_empty() {
        take(word);
        *taken += 1;
        word.clear();
    }
}

/// Links, mentions and the mark of a repost.
fn is_changed_by_copies(run: &str) -> bool {
    let bare = run.trim_start_matches(|c: char| c.is_ascii_punctuation() && c != '@' && c != '$');
    bare.starts_with('@')
        || bare.contains("://")
        || bare.starts_with("www.")
        || matches!(bare, "RT" | "RT:" | "via")
}

/// Apostrophes and the separators inside a number belong to the word: `don't`, `1,000.50`.
fn joins(c: char, word: &str) -> bool {
    match c {
        '\'' | '\u{2019}' => true,
        ',' | '.' => word.ends_with(|last: char| last.is_ascii_digit()),
        _ => false,
    }
}

/// Ideographs, syllables and letters of scripts that put no blanks between words.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{e01}'..='\u{e5b}'
        | '\u{e80}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{20000}'..='\u{2ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        words(text, |word| all.push(word.to_owned()));
        all
    }

    #[test]
    fn what_copies_change_is_left_out() {
        assert_eq!(
            list("RT @a: $UNI Rose 1,000.50%! https://t.co/x via @b"),
            ["uni", "rose", "100050"]
        );
        assert_eq!(list("the exchange pau\u{2026}"), ["the", "exchange"]);
        assert_eq!(list("Don't (stop)"), ["dont", "stop"]);
        assert_eq!(list("以太坊 V4"), ["以", "太", "坊", "v4"]);
    }

    #[test]
    fn a_megabyte_is_cut() {
        assert!(list(&"a ".repeat(500_000)).len() <= MOST_WORDS);
        assert!(list(&"以".repeat(300_000)).len() <= 300_000);
    }
}
