//! A text or a cluster as a question: how similar is it to a cluster?

use super::state::Cluster;
use super::sums::{Sums, strongest};
use crate::reading::{ReadTerm, Reading, SubjectId};
use crate::vectors::VectorSum;
use crate::words::Term;

/// Terms of a cluster that ask for others like it.
const ASKING: usize = 32;
/// Terms that are told of a match.
const TOLD: usize = 5;

/// By what two things were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tier {
    /// By words alone: one side has no vector.
    Words,
    /// By the mean of words and word vectors.
    WordsAndVectors,
}

/// A text or a cluster, of length 1.
pub(crate) struct Query<'q> {
    /// In the order of the terms.
    pub(crate) terms: Vec<(Term, f32)>,
    vector: Option<&'q VectorSum>,
    vector_length: f32,
    /// How many texts.
    pub(crate) texts: u32,
    /// What clusters that are like it are about.
    pub(crate) about: About,
}

/// What a cluster must be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// Anything.
    Any,
    /// This, or nothing that has a name.
    Unless(SubjectId),
    /// This.
    Only(SubjectId),
}

impl About {
    pub(crate) fn fits(self, cluster: Option<SubjectId>) -> bool {
        match self {
            Self::Any => true,
            Self::Unless(subject) => cluster.is_none_or(|known| known == subject),
            Self::Only(subject) => cluster == Some(subject),
        }
    }
}

impl<'q> Query<'q> {
    pub(crate) fn of_text(reading: &'q Reading) -> Self {
        let terms = reading
            .terms
            .iter()
            .map(|read| (read.term, ReadTerm::value(read)));
        // A part that was told of without a name may be of a story that has another, so it never gets one later.
        let about = reading.subject.map_or(About::Any, About::Only);
        Self::new(terms.collect(), reading.vector.as_ref(), 1).about(about)
    }

    pub(crate) fn of_cluster(sums: &'q Sums) -> Self {
        let mut terms: Vec<(Term, f32)> = strongest(&sums.terms, ASKING)
            .iter()
            .map(|entry| (entry.term, entry.value()))
            .collect();
        terms.sort_unstable_by_key(|(term, _)| *term);
        let about = sums.subject.map_or(About::Any, About::Unless);
        Self::new(terms, sums.vector.as_ref(), sums.texts).about(about)
    }

    fn about(self, about: About) -> Self {
        Self { about, ..self }
    }

    /// The same question to clusters of any subject.
    pub(crate) fn of_any_subject(self) -> Self {
        self.about(About::Any)
    }

    fn new(mut terms: Vec<(Term, f32)>, vector: Option<&'q VectorSum>, texts: u32) -> Self {
        let length = terms.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
        for (_, value) in &mut terms {
            *value /= length.max(f32::MIN_POSITIVE);
        }
        let vector_length = vector.map_or(0.0, VectorSum::length);
        Self {
            terms,
            vector,
            vector_length,
            texts,
            about: About::Any,
        }
    }

    /// How similar, 0 to 1, and by what.
    pub(crate) fn similarity(&self, cluster: &Cluster) -> (Tier, f32) {
        let words = self.words(cluster);
        match (self.vector, &cluster.sums.vector) {
            (Some(mine), Some(theirs)) => {
                let cosine = mine.cosine(theirs, self.vector_length);
                (Tier::WordsAndVectors, f32::midpoint(words, cosine))
            }
            _ => (Tier::Words, words),
        }
    }

    fn words(&self, cluster: &Cluster) -> f32 {
        let products = self
            .terms
            .iter()
            .filter_map(|(term, mine)| Some(mine * cluster.sums.value(*term)?));
        let sum: f32 = products.sum();
        if cluster.length() > 0.0 {
            sum / cluster.length()
        } else {
            0.0
        }
    }

    /// The terms that both have, what says most first.
    pub(crate) fn shared(&self, cluster: &Cluster) -> Vec<Term> {
        let mut shared: Vec<(f32, Term)> = self
            .terms
            .iter()
            .filter_map(|(term, mine)| Some((mine * cluster.sums.value(*term)?, *term)))
            .collect();
        shared.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        shared.truncate(TOLD);
        shared.into_iter().map(|(_, term)| term).collect()
    }
}
