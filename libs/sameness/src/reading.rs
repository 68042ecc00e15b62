//! A text as it is compared with clusters: its terms with their weights, and the sum of its word vectors. No I/O.

use crate::vectors::{Meaning, VectorSum};
use crate::words::{self, SlowWeights, Term, Weight, Word};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Different terms of a text that count: a headline has ten, and what follows the beginning of an article repeats it.
const MOST_TERMS: usize = 64;
/// How much more a capitalised word says: names are what stories are about.
pub(crate) const CAPITAL: f32 = 0.7;

/// One term of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadTerm {
    /// The stem.
    pub term: Term,
    /// The lower of what it weighs in general language and in this stream.
    pub weight: Weight,
    /// One of its words began with a capital letter.
    pub capitalised: bool,
}

impl ReadTerm {
    /// What the term weighs in this text, before the text's length is made 1.
    pub(crate) fn value(&self) -> f32 {
        self.weight.value() * if self.capitalised { 1.0 + CAPITAL } else { 1.0 }
    }
}

/// By what a text is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Words and word vectors, where the program holds them and the text is English.
    #[default]
    WordsAndVectors,
    /// Words alone.
    Words,
}

/// A text as it is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Its terms, in their order, each once.
    pub(crate) terms: Vec<ReadTerm>,
    /// Its vector without what all texts of the stream have in common, of the length of every text's.
    pub(crate) vector: Option<VectorSum>,
    /// Its vector as it is.
    pub(crate) whole_vector: Option<VectorSum>,
    /// The common words of its stream are not known yet.
    pub(crate) of_new_stream: bool,
    /// What it is about, where somebody said so.
    pub(crate) subject: Option<SubjectId>,
}

/// What a text is about by name: a token, a user, a service. Texts of different subjects are never one story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SubjectId(u64);

impl SubjectId {
    /// The subject of this name.
    pub fn of(name: &str) -> Self {
        Self(xxh3_64(name.as_bytes()))
    }
}

impl Reading {
    /// Reads a text: the first 4 KiB, up to 64 different terms. `lang` is its language, ISO 639-1, where it is known; a
    /// text of a language other than English has no vector. The language of a headline is often guessed wrong, so a function
    /// word or a letter of the text must say so too.
    pub fn of(text: &str, lang: Option<&str>, slow: &SlowWeights, method: Method) -> Self {
        let english = lang.is_none_or(|lang| lang == "en") || !words::is_foreign(text);
        let mut terms: Vec<ReadTerm> = Vec::with_capacity(16);
        let mut meaning = (english && method == Method::WordsAndVectors).then(Meaning::new);
        words::each(text, english, |word| {
            let read = weighed(&word, slow);
            if let Some(known) = terms.iter_mut().find(|known| known.term == read.term) {
                known.capitalised |= read.capitalised;
                return;
            }
            if terms.len() >= MOST_TERMS {
                return;
            }
            if let Some(meaning) = &mut meaning {
                meaning.add(
                    word.surface,
                    read.weight.value() / word.prior.value().max(f32::EPSILON),
                );
            }
            terms.push(read);
        });
        terms.sort_unstable_by_key(|read| read.term);
        let whole_vector = meaning.and_then(|meaning| meaning.sum());
        let vector = match (&whole_vector, slow.common()) {
            (Some(vector), Some(common)) => vector.without(common),
            _ => whole_vector.clone(),
        };
        Self {
            terms,
            vector,
            whole_vector,
            of_new_stream: slow.is_new(),
            subject: None,
        }
    }

    /// The same text, of which it is said what it is about.
    #[must_use]
    pub fn about(mut self, subject: SubjectId) -> Self {
        self.subject = Some(subject);
        self
    }

    /// True for a text without a word that says something, which belongs to no story.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// False where it is compared by words alone: another language than English, no word with a vector, or a program
    /// without vectors.
    pub fn has_vector(&self) -> bool {
        self.vector.is_some()
    }

    /// The terms in their order.
    pub fn terms(&self) -> impl Iterator<Item = Term> {
        self.terms.iter().map(|read| read.term)
    }
}

fn weighed(word: &Word<'_>, slow: &SlowWeights) -> ReadTerm {
    let slow = slow.weight(word.term).unwrap_or(word.prior);
    ReadTerm {
        term: word.term,
        weight: word.prior.min(slow),
        capitalised: word.capitalised,
    }
}
