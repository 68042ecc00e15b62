//! Words that turn the feeling of those after them: negations, and adverbs of degree.

const NEGATIONS: &[&str] = &[
    "ain't",
    "aint",
    "aren't",
    "arent",
    "barely",
    "can't",
    "cannot",
    "cant",
    "couldn't",
    "couldnt",
    "despite",
    "didn't",
    "didnt",
    "doesn't",
    "doesnt",
    "don't",
    "dont",
    "few",
    "hadn't",
    "hadnt",
    "hardly",
    "hasn't",
    "hasnt",
    "haven't",
    "havent",
    "isn't",
    "isnt",
    "lack",
    "lacking",
    "lacks",
    "neither",
    "never",
    "no",
    "none",
    "nor",
    "not",
    "nothing",
    "nowhere",
    "rarely",
    "scarcely",
    "seldom",
    "shouldn't",
    "shouldnt",
    "wasn't",
    "wasnt",
    "weren't",
    "werent",
    "without",
    "won't",
    "wont",
    "wouldn't",
    "wouldnt",
];
const MORE: &[&str] = &[
    "absolutely",
    "amazingly",
    "awfully",
    "completely",
    "considerably",
    "decidedly",
    "deeply",
    "enormously",
    "entirely",
    "especially",
    "exceptionally",
    "extremely",
    "fabulously",
    "fucking",
    "fully",
    "genuinely",
    "greatly",
    "highly",
    "hugely",
    "incredibly",
    "intensely",
    "majorly",
    "more",
    "most",
    "particularly",
    "purely",
    "quite",
    "really",
    "remarkably",
    "so",
    "substantially",
    "such",
    "super",
    "thoroughly",
    "too",
    "totally",
    "tremendously",
    "truly",
    "uber",
    "unbelievably",
    "unusually",
    "utterly",
    "very",
];
const LESS: &[&str] = &[
    "almost",
    "barely",
    "fairly",
    "hardly",
    "kinda",
    "less",
    "little",
    "marginally",
    "merely",
    "occasionally",
    "partly",
    "rather",
    "relatively",
    "scarcely",
    "slightly",
    "somewhat",
    "sorta",
];
/// Words that a negation reaches.
const REACH: u8 = 4;
/// What a negation makes of a feeling.
const NEGATED: f32 = -0.5;
/// What an adverb of degree adds or takes; the word before the last has nine tenths of it.
const DEGREE: f32 = 0.293;

/// The last words, as far as they matter for the next.
#[derive(Debug, Default)]
pub(super) struct Modifiers {
    /// Words that the last negation still reaches.
    negated: u8,
    /// It was `never`, of which `so` and `this` make the opposite: `never been so happy`.
    never: bool,
    last: f32,
    before_last: f32,
}

impl Modifiers {
    /// The feeling of a word that comes after what was heard.
    pub(super) fn turn(&self, feeling: f32) -> f32 {
        let degree = self.last + 0.9 * self.before_last;
        let felt = feeling + degree.copysign(degree * feeling);
        if self.negated > 0 { felt * NEGATED } else { felt }
    }

    /// Remembers a word.
    pub(super) fn hear(&mut self, word: &str) {
        self.before_last = self.last;
        self.last = if has(MORE, word) {
            DEGREE
        } else if has(LESS, word) {
            -DEGREE
        } else {
            0.0
        };
        self.negated = match word {
            "so" | "this" if self.never => 0,
            _ if has(NEGATIONS, word) => REACH,
            _ => self.negated.saturating_sub(1),
        };
        self.never = word == "never" || self.never && self.negated > 0;
    }

    /// Whether a negation reaches the next word.
    pub(super) fn negates(&self) -> bool {
        self.negated > 0
    }

    /// A negation does not reach into the next clause.
    pub(super) fn end_of_clause(&mut self) {
        *self = Self::default();
    }
}

/// Negations whose own feeling is not counted: they speak of the next word's.
pub(super) fn is_silent(word: &str) -> bool {
    has(NEGATIONS, word) && !matches!(word, "no" | "despite" | "lack" | "lacking" | "lacks")
}

fn has(sorted: &[&str], word: &str) -> bool {
    sorted.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        for list in [NEGATIONS, MORE, LESS] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }
}
