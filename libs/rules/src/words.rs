//! `text.hasWord('listing', 'launch')`: whole words in a text, whatever their case. All sets of words that
//! are looked for in one variable are found in one pass over it. No I/O.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// The most sets that one variable is searched for.
const MAX_SETS: usize = 128;
/// Up to this many bytes of words the fast automaton is worth its memory (about 400 bytes a byte).
const FAST_BYTES: usize = 16 << 10;

/// Which sets have a word in a text, one bit a set.
pub(crate) type Found = u128;

/// The sets of words that are looked for in one variable.
#[derive(Debug, Default)]
pub(crate) struct WordSets {
    sets: Vec<Vec<String>>,
    search: OnceLock<Option<Search>>,
}

#[derive(Debug)]
struct Search {
    automaton: AhoCorasick,
    /// The sets that each pattern belongs to.
    sets: Vec<Found>,
}

impl WordSets {
    /// The bit of a set of words, which enters when it is new; `None` when there are too many.
    pub(crate) fn enter(&mut self, mut words: Vec<String>) -> Option<Found> {
        words.sort_unstable();
        words.dedup();
        let known = self.sets.iter().position(|set| *set == words);
        let place = known.unwrap_or_else(|| {
            self.sets.push(words);
            self.search = OnceLock::new();
            self.sets.len() - 1
        });
        (place < MAX_SETS).then(|| 1 << place)
    }

    /// The sets of which a word stands in the text as a word of its own.
    ///
    /// Scripts written without spaces have no word borders, so there any occurrence counts.
    pub(crate) fn found_in(&self, text: &str) -> Found {
        let Some(search) = self.search.get_or_init(|| Search::new(&self.sets)) else {
            return 0;
        };
        let mut found = 0;
        for hit in search.automaton.find_overlapping_iter(text) {
            let sets = search.sets.get(hit.pattern().as_usize()).copied().unwrap_or(0);
            if sets & !found != 0 && stands_alone(text, hit.start(), hit.end()) {
                found |= sets;
            }
        }
        found
    }
}

impl Search {
    fn new(sets: &[Vec<String>]) -> Option<Self> {
        let mut patterns: Vec<(String, Found)> = Vec::new();
        for (place, set) in sets.iter().enumerate().take(MAX_SETS) {
            patterns.extend(
                set.iter()
                    .flat_map(|word| forms(word))
                    .map(|form| (form, 1 << place)),
            );
        }
        patterns.sort_unstable();
        patterns.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 |= next.1;
            }
            same
        });
        let bytes: usize = patterns.iter().map(|(form, _)| form.len()).sum();
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind((bytes <= FAST_BYTES).then_some(AhoCorasickKind::DFA))
            .build(patterns.iter().map(|(form, _)| form))
            .ok()?;
        Some(Self {
            automaton,
            sets: patterns.into_iter().map(|(_, sets)| sets).collect(),
        })
    }
}

fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = border(text[..start].chars().next_back(), text[start..].chars().next());
    before && border(text[..end].chars().next_back(), text[end..].chars().next())
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
        let mut sets = WordSets::default();
        let bit = sets
            .enter(words.iter().map(|word| (*word).to_owned()).collect())
            .expect("few sets");
        sets.found_in(text) & bit != 0
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
    fn a_shorter_word_counts_where_a_longer_one_does_not() {
        assert!(found(&["rug", "rug pull"], "a rug pulled away"));
        assert!(found(&["a b", "b c"], "xa b c"));
    }

    #[test]
    fn sets_are_told_apart_and_shared() {
        let mut sets = WordSets::default();
        let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let first = sets.enter(set(&["hack", "theft"])).expect("few sets");
        let second = sets.enter(set(&["launch", "hack"])).expect("few sets");
        assert_eq!(
            sets.enter(set(&["theft", "hack"])),
            Some(first),
            "the same words are the same set"
        );
        assert_eq!(sets.found_in("a Hack"), first | second);
        assert_eq!(sets.found_in("the launch"), second);
        assert_eq!(sets.found_in("nothing"), 0);
    }
}
