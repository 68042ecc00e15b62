//! What the words of a text say: terms, and how much each weighs in general language and in this stream.

mod ranks;
mod slow;
mod stop;
mod term;
mod tokens;
mod weight;

pub(crate) use ranks::place;
pub use slow::{Counted, Day, DayCount, Ended, Seen, SlowWeights};
pub(crate) use stop::is_english as is_stop_word;
pub use term::Term;
pub use weight::Weight;

use rust_stemmers::{Algorithm, Stemmer};

/// One word of a text.
pub(crate) struct Word<'t> {
    /// As it stands, in lower case.
    pub(crate) surface: &'t str,
    /// Its stem.
    pub(crate) term: Term,
    /// What it weighs in general language.
    pub(crate) prior: Weight,
    /// It began with a capital letter.
    pub(crate) capitalised: bool,
}

/// Hands each word that says something to `take`, in the order of the text. `english` decides on stems and function
/// words.
pub(crate) fn each(text: &str, english: bool, mut take: impl FnMut(Word<'_>)) {
    let stemmer = Stemmer::create(Algorithm::English);
    tokens::each(text, |surface, capitalised| {
        if stop::is_english(surface) || is_single_letter(surface) || !english && stop::is_other(surface) {
            return;
        }
        let term = if english {
            Term::of(&stemmer.stem(surface))
        } else {
            Term::of(surface)
        };
        // The ranks are those of English; a word of another language weighs as one that English does not have.
        let rank = place(surface).filter(|_| english);
        take(Word {
            surface,
            term,
            prior: ranks::weight(rank),
            capitalised,
        });
    });
}

/// Whether a function word of another language, or a letter that English does not have, stands in the text.
pub(crate) fn is_foreign(text: &str) -> bool {
    let mut foreign = text.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
    tokens::each(text, |surface, capitalised| {
        foreign |= !capitalised && stop::is_other(surface) && !stop::is_english(surface);
    });
    foreign
}

fn is_single_letter(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none()
}
