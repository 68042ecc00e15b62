//! `text.hasWord('listing', 'launch')`: whole words in a text, whatever their case. No I/O.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

/// A set of words or phrases, searched for in one pass over a text.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    search: AhoCorasick,
}

impl Words {
    /// Builds the search. Case is ignored, for any script that has case.
    pub(crate) fn new(words: &[&str]) -> Option<Self> {
        let forms: Vec<String> = words.iter().flat_map(|word| forms(word)).collect();
        if words.iter().any(|word| word.is_empty()) {
            return None;
        }
        let search = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(&forms)
            .ok()?;
        Some(Self { search })
    }

    /// Whether one of the words stands in the text as a word of its own.
    ///
    /// Scripts written without spaces have no word borders, so there any occurrence counts.
    pub(crate) fn found_in(&self, text: &str) -> bool {
        self.search.find_overlapping_iter(text).any(|found| {
            let before = border(
                text[..found.start()].chars().next_back(),
                text[found.start()..].chars().next(),
            );
            let after = border(
                text[..found.end()].chars().next_back(),
                text[found.end()..].chars().next(),
            );
            before && after
        })
    }
}

/// ASCII case is folded by the search; other scripts are searched for in the three usual forms.
fn forms(word: &str) -> Vec<String> {
    if word.is_ascii() {
        return vec![word.to_owned()];
    }
    let lower = word.to_lowercase();
    let mut rest = lower.chars();
    let title: String = rest
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(rest)
        .collect();
    let mut forms = vec![word.to_owned(), word.to_uppercase(), title, lower];
    forms.sort_unstable();
    forms.dedup();
    forms
}

fn border(left: Option<char>, right: Option<char>) -> bool {
    !(left.is_some_and(joins) && right.is_some_and(joins))
}

/// Letters and digits of scripts that put spaces between words.
fn joins(letter: char) -> bool {
    let spaceless = matches!(
        u32::from(letter),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x2E80..=0xD7FF | 0xF900..=0xFAFF | 0x2_0000..
    );
    (letter.is_alphanumeric() || letter == '_') && !spaceless
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &[&str], text: &str) -> bool {
        Words::new(words).expect("words").found_in(text)
    }

    #[test]
    fn whole_words_only() {
        assert!(found(&["hack"], "Big HACK today"));
        assert!(found(&["hack"], "hack"));
        assert!(found(&["rug pull"], "a Rug Pull!"));
        assert!(!found(&["hack"], "a hackathon"));
        assert!(!found(&["list"], "enlist listing"));
    }

    #[test]
    fn other_scripts() {
        assert!(found(&["взлом"], "ВЗЛОМ биржи"));
        assert!(found(&["взлом"], "Взлом"));
        assert!(!found(&["взлом"], "взломщик"));
        assert!(found(&["上线"], "币安上线新币"));
        assert!(found(&["listing"], "新币listing了"));
    }

    #[test]
    fn an_empty_word_is_refused() {
        assert!(Words::new(&["a", ""]).is_none());
    }
}
