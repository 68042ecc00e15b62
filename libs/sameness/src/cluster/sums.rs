//! What some texts say together: how often each term, and the sum of their vectors. Whole numbers, so that the sum of
//! the same texts is the same in any order, until terms have to be cut.

use crate::reading::{CAPITAL, Reading, SubjectId};
use crate::vectors::VectorSum;
use crate::words::{Term, Weight};
use serde::{Deserialize, Serialize};

/// Terms that are kept when a sum is cut, and from which on it is: a story of hundreds of texts has no more that count.
const KEPT: usize = 96;
const CUT_AT: usize = 144;
/// Terms under which the index finds a cluster; the same as scoring all clusters on headlines.
const KEYS: usize = 12;
/// What a text adds to a term's mass: tenths, so that [`CAPITAL`] is a whole number.
const MASS: u32 = 10;
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0.7 becomes 7"
)]
const CAPITAL_MASS: u32 = (CAPITAL * 10.0) as u32;

/// One term of a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SumTerm {
    /// The stem.
    pub term: Term,
    /// Tenths: 10 for each text that has it, 17 where it was capitalised.
    pub mass: u32,
    /// What it weighs: as the last text had it, or the lower of two clusters that were merged.
    pub weight: Weight,
    /// The index finds the cluster under it.
    pub key: bool,
}

impl SumTerm {
    /// The term's number in the profile: weight × mass^0.75, from square roots, which every machine rounds alike.
    pub(crate) fn value(&self) -> f32 {
        let root = (self.mass as f32).sqrt();
        self.weight.value() * root * root.sqrt()
    }
}

/// The sum of some texts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// How many texts.
    pub texts: u32,
    /// In the order of the terms, at most 144.
    pub terms: Vec<SumTerm>,
    /// The sum of their vectors; `None` where none has one.
    pub vector: Option<VectorSum>,
    /// What they are about, as the first of them that says so has it.
    pub subject: Option<SubjectId>,
}

impl Sums {
    /// The sum of one text.
    pub fn of(reading: &Reading) -> Self {
        let mut sums = Self {
            terms: Vec::with_capacity(reading.terms.len()),
            ..Self::default()
        };
        sums.add(reading);
        sums
    }

    /// Adds a text.
    pub fn add(&mut self, reading: &Reading) {
        self.texts = self.texts.saturating_add(1);
        for read in &reading.terms {
            let mass = MASS + if read.capitalised { CAPITAL_MASS } else { 0 };
            self.entry(read.term, read.weight)
                .mass_and_weight(mass, read.weight);
        }
        self.add_vector(reading.vector.as_ref());
        self.subject = self.subject.or(reading.subject);
        self.cut();
    }

    /// Adds the texts of another sum.
    pub fn fold(&mut self, other: &Self) {
        self.texts = self.texts.saturating_add(other.texts);
        for from in &other.terms {
            let entry = self.entry(from.term, from.weight);
            let lower = entry.weight.min(from.weight);
            entry.mass_and_weight(from.mass, lower);
        }
        self.add_vector(other.vector.as_ref());
        self.subject = self.subject.or(other.subject);
        self.cut();
    }

    /// The term's place, made where there is none.
    fn entry(&mut self, term: Term, weight: Weight) -> &mut SumTerm {
        let at = self
            .terms
            .binary_search_by_key(&term.number(), |known| known.term.number());
        let at = at.unwrap_or_else(|at| {
            self.terms.insert(
                at,
                SumTerm {
                    term,
                    mass: 0,
                    weight,
                    key: false,
                },
            );
            at
        });
        &mut self.terms[at]
    }

    fn add_vector(&mut self, vector: Option<&VectorSum>) {
        match (&mut self.vector, vector) {
            (Some(sum), Some(vector)) => sum.add(vector),
            (none, vector) => *none = none.take().or_else(|| vector.cloned()),
        }
    }

    /// Keeps the strongest terms where there are too many.
    fn cut(&mut self) {
        if self.terms.len() <= CUT_AT {
            return;
        }
        self.terms = strongest(&self.terms, KEPT);
        self.terms.sort_unstable_by_key(|entry| entry.term);
        self.terms.shrink_to_fit();
    }

    /// Chooses anew under which terms the index finds the cluster: the strongest.
    pub(crate) fn choose_keys(&mut self) {
        let strong = strongest(&self.terms, KEYS);
        for entry in &mut self.terms {
            entry.key = strong.iter().any(|known| known.term == entry.term);
        }
    }

    /// The terms under which the index finds the cluster.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Term> {
        self.terms
            .iter()
            .filter(|entry| entry.key)
            .map(|entry| entry.term)
    }

    /// The term's number in the profile, where the sum has it.
    pub(crate) fn value(&self, term: Term) -> Option<f32> {
        let number = term.number();
        let at = self
            .terms
            .binary_search_by(|known| known.term.number().cmp(&number))
            .ok()?;
        self.terms.get(at).map(SumTerm::value)
    }

    /// The length of the profile.
    pub(crate) fn length(&self) -> f32 {
        self.terms
            .iter()
            .map(|entry| entry.value() * entry.value())
            .sum::<f32>()
            .sqrt()
    }
}

impl SumTerm {
    fn mass_and_weight(&mut self, more: u32, weight: Weight) {
        self.mass = self.mass.saturating_add(more);
        self.weight = weight;
    }
}

/// The terms of the highest values, the highest first; of equals the first in the order of terms.
pub(crate) fn strongest(terms: &[SumTerm], most: usize) -> Vec<SumTerm> {
    let mut ranked: Vec<(f32, SumTerm)> = terms.iter().map(|entry| (entry.value(), *entry)).collect();
    let order = |a: &(f32, SumTerm), b: &(f32, SumTerm)| b.0.total_cmp(&a.0).then(a.1.term.cmp(&b.1.term));
    if ranked.len() > most && most > 0 {
        ranked.select_nth_unstable_by(most - 1, order);
        ranked.truncate(most);
    }
    ranked.sort_unstable_by(order);
    ranked.into_iter().map(|(_, entry)| entry).collect()
}
