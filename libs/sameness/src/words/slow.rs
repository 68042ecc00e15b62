//! What a word weighs in this stream in the long run: a word that stands in every headline of the domain says little.
//! No clock: the caller says which day it is.
//!
//! Of each UTC day the share of texts with a term is kept; its weight is the negated logarithm of the *median* of the
//! last days' shares. A burst of some days cannot move a median, so a big story never erases its own words. The
//! weights of a day come from the days before it alone.

use super::{Term, Weight};
use crate::reading::Reading;
use crate::vectors::{DIMENSIONS, VectorSum};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, VecDeque};
use xxhash_rust::xxh3::xxh3_64;

/// Days since 1970-01-01, UTC.
pub type Day = i32;

/// Days whose shares count.
const DAYS: usize = 28;
/// Days before there is a median to speak of.
const LEAST_DAYS: usize = 7;
/// Texts of a day that are all counted; with each doubling beyond, half as many are, by the hash of their number, and
/// count twice. So a day of any size costs some thousand counts, and shares stay what they are.
const COUNTED: u32 = 4_096;
/// Terms of a day that are kept once it is over: the most frequent. A rarer one would need a share that the median of
/// half of the days has too before it weighed less than in general language.
const KEPT: usize = 4_096;
/// Different terms of the day that runs; beyond it, those that came once are forgotten.
const MOST: usize = 131_072;

/// What was counted of a day. This is the state, as plain values, each with a key of its own: the day, and which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    /// The day.
    pub day: Day,
    /// What was counted.
    pub counted: Counted,
}

/// One number of a day, or one sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counted {
    /// All texts.
    Texts(u32),
    /// Texts with a term.
    Term(Term, u32),
    /// The sum of the texts' vectors, one number for each dimension.
    Vector(Vec<i64>),
}

/// What counting a text changed of the state, for whoever keeps it as values by day and kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The day that was over, where another began.
    pub ended: Option<Ended>,
    /// What was counted of the day that runs.
    pub changed: Vec<Counted>,
    /// Terms of the day that runs that were forgotten, since there were too many.
    pub forgotten: Vec<Term>,
}

/// A day that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The day.
    pub day: Day,
    /// The terms that were counted of it.
    pub terms: Vec<Term>,
    /// What is kept of it.
    pub kept: Vec<Counted>,
    /// Days that count no more.
    pub dropped: Vec<Day>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Counts {
    day: Day,
    texts: u32,
    terms: BTreeMap<Term, u32>,
    /// The sum of the vectors; empty where no text had one.
    vector: Vec<i64>,
}

/// The slow weights of one stream. Memory: at most 28 × 4,096 counts of days that are over and 131,072 of the one that
/// runs.
#[derive(Debug, Clone, Default)]
pub struct SlowWeights {
    over: VecDeque<Counts>,
    today: Counts,
    weights: HashMap<Term, Weight>,
    common: Option<Box<[f32; DIMENSIONS]>>,
}

impl SlowWeights {
    /// Whether there are too few days to know the common words.
    pub fn is_new(&self) -> bool {
        self.over.len() < LEAST_DAYS
    }

    /// What the vectors of all texts of this stream have in common; `None` before there are days enough.
    pub(crate) fn common(&self) -> Option<&[f32; DIMENSIONS]> {
        self.common.as_deref()
    }

    /// What a term weighs in this stream; `None` before there are days enough, and for a term that is rare.
    pub fn weight(&self, term: Term) -> Option<Weight> {
        self.weights.get(&term).copied()
    }

    /// Counts a text with these terms, each once. A day that is over is never counted again: a late text counts for
    /// the day that runs.
    pub fn see(&mut self, day: Day, reading: &Reading) -> Seen {
        let terms: Vec<Term> = reading.terms().collect();
        self.count(day, &terms, reading.whole_vector.as_ref())
    }

    fn count(&mut self, day: Day, terms: &[Term], vector: Option<&VectorSum>) -> Seen {
        let mut seen = Seen {
            ended: self.begin(day),
            ..Seen::default()
        };
        let step = step(self.today.texts);
        let counted = xxh3_64(&self.today.texts.to_le_bytes()).is_multiple_of(u64::from(step));
        self.today.texts = self.today.texts.saturating_add(1);
        seen.changed.push(Counted::Texts(self.today.texts));
        if !counted {
            return seen;
        }
        for term in terms {
            let count = self.today.terms.entry(*term).or_default();
            *count = count.saturating_add(step);
            seen.changed.push(Counted::Term(*term, *count));
        }
        if let Some(vector) = vector {
            self.today.vector.resize(DIMENSIONS, 0);
            for (sum, number) in self.today.vector.iter_mut().zip(vector.numbers()) {
                *sum = sum.saturating_add(i64::from(*number) * i64::from(step));
            }
            seen.changed.push(Counted::Vector(self.today.vector.clone()));
        }
        if self.today.terms.len() > MOST {
            let gone = self.today.terms.extract_if(.., |_, count| *count <= step);
            seen.forgotten.extend(gone.map(|(term, _)| term));
        }
        seen
    }

    /// Ends the day that runs where another begins.
    fn begin(&mut self, day: Day) -> Option<Ended> {
        if self.today.texts == 0 {
            self.today.day = day;
            return None;
        }
        if day <= self.today.day {
            return None;
        }
        let mut over = std::mem::take(&mut self.today);
        let terms = over.terms.keys().copied().collect();
        over.keep_most_frequent();
        let ended = Ended {
            day: over.day,
            terms,
            kept: over.export().map(|count| count.counted).collect(),
            dropped: Vec::new(),
        };
        self.over.push_back(over);
        self.today.day = day;
        let dropped = self.weigh();
        Some(Ended { dropped, ..ended })
    }

    /// The day that runs.
    pub fn day(&self) -> Day {
        self.today.day
    }

    /// Drops days that no longer count, and gives them; weighs every term anew.
    fn weigh(&mut self) -> Vec<Day> {
        let mut dropped = Vec::new();
        while self.over.len() > DAYS {
            dropped.extend(self.over.pop_front().map(|day| day.day));
        }
        self.weights.clear();
        self.common = None;
        if self.over.len() < LEAST_DAYS {
            return dropped;
        }
        self.common = common(&self.over);
        let mut shares: BTreeMap<Term, Vec<f32>> = BTreeMap::new();
        for day in &self.over {
            for (term, count) in &day.terms {
                let share = *count as f32 / day.texts.max(1) as f32;
                shares.entry(*term).or_default().push(share.min(1.0));
            }
        }
        for (term, mut shares) in shares {
            if let Some(median) = median(&mut shares, self.over.len()) {
                self.weights.insert(term, Weight::of(-median.ln()));
            }
        }
        dropped
    }

    /// The state as plain values: days in order, a day's terms in order between the number of its texts and their vector.
    pub fn export(&self) -> impl Iterator<Item = DayCount> {
        let days = self.over.iter().chain(std::iter::once(&self.today));
        days.filter(|counts| counts.texts > 0).flat_map(Counts::export)
    }

    /// The weights that were exported, in any order of the values. The latest day is the one that runs.
    pub fn restore(values: impl IntoIterator<Item = DayCount>) -> Self {
        let mut days: BTreeMap<Day, Counts> = BTreeMap::new();
        for value in values {
            let counts = days.entry(value.day).or_default();
            counts.day = value.day;
            match value.counted {
                Counted::Texts(texts) => counts.texts = texts,
                Counted::Term(term, texts) => {
                    counts.terms.insert(term, texts);
                }
                Counted::Vector(vector) => counts.vector = vector,
            }
        }
        let today = days.pop_last().map(|(_, counts)| counts).unwrap_or_default();
        let mut restored = Self {
            over: days.into_values().collect(),
            today,
            weights: HashMap::new(),
            common: None,
        };
        restored.weigh();
        restored
    }
}

impl Counts {
    fn keep_most_frequent(&mut self) {
        if self.terms.len() <= KEPT {
            return;
        }
        let mut ranked: Vec<(Term, u32)> = std::mem::take(&mut self.terms).into_iter().collect();
        ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked.truncate(KEPT);
        self.terms = ranked.into_iter().collect();
    }

    fn export(&self) -> impl Iterator<Item = DayCount> {
        let texts = std::iter::once(Counted::Texts(self.texts));
        let terms = self
            .terms
            .iter()
            .map(|(term, texts)| Counted::Term(*term, *texts));
        let vector = (!self.vector.is_empty()).then(|| Counted::Vector(self.vector.clone()));
        let day = self.day;
        texts
            .chain(terms)
            .chain(vector)
            .map(move |counted| DayCount { day, counted })
    }
}

/// The middle of the days' mean vectors, number by number.
fn common(days: &VecDeque<Counts>) -> Option<Box<[f32; DIMENSIONS]>> {
    let means: Vec<Vec<f32>> = days
        .iter()
        .filter(|day| !day.vector.is_empty())
        .map(|day| {
            day.vector
                .iter()
                .map(|sum| *sum as f32 / day.texts.max(1) as f32)
                .collect()
        })
        .collect();
    if means.len() < LEAST_DAYS {
        return None;
    }
    let mut common = Box::new([0.0; DIMENSIONS]);
    for (at, number) in common.iter_mut().enumerate() {
        let mut column: Vec<f32> = means.iter().filter_map(|mean| mean.get(at)).copied().collect();
        column.sort_by(f32::total_cmp);
        let middle = |place: usize| column.get(place).copied().unwrap_or_default();
        *number = f32::midpoint(middle((column.len() - 1) / 2), middle(column.len() / 2));
    }
    Some(common)
}

/// For how many texts a counted one stands, after so many of a day: 1, then 2, 4, 8.
fn step(texts: u32) -> u32 {
    1 << (texts / COUNTED)
        .checked_ilog2()
        .map_or(0, |doublings| doublings + 1)
        .min(24)
}

/// The middle of so many days' shares, where a day without the term has none; `None` where the middle is such a day.
fn median(shares: &mut [f32], days: usize) -> Option<f32> {
    shares.sort_by(|a, b| b.total_cmp(a));
    let at = |place: usize| shares.get(place).copied().unwrap_or_default();
    let middle = f32::midpoint(at((days - 1) / 2), at(days / 2));
    (middle > 0.0).then_some(middle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(words: &str) -> Vec<Term> {
        words.split_whitespace().map(Term::of).collect()
    }

    fn read(text: &str) -> Reading {
        Reading::of(text, None, &SlowWeights::default(), crate::Method::default())
    }

    #[test]
    fn a_domain_word_loses_weight_and_a_burst_does_not() {
        let mut slow = SlowWeights::default();
        for day in 0..10 {
            for text in 0..10 {
                slow.count(
                    day,
                    &terms(if text < 5 { "bitcoin price" } else { "other" }),
                    None,
                );
            }
            // A story of two days that is in every text.
            if day >= 8 {
                (0..100).for_each(|_| drop(slow.count(day, &terms("hack"), None)));
            }
            assert_eq!(slow.weight(Term::of("bitcoin")).is_some(), day >= 7, "{day}");
        }
        slow.count(10, &[], None);
        assert_eq!(
            slow.weight(Term::of("bitcoin")),
            Some(Weight::of(0.5_f32.recip().ln()))
        );
        assert_eq!(slow.weight(Term::of("hack")), None);
    }

    #[test]
    fn a_large_day_is_sampled_and_shares_stay() {
        let mut slow = SlowWeights::default();
        for day in 0..8 {
            for text in 0..40_000_u32 {
                slow.count(day, &terms(if text % 10 < 3 { "a" } else { "b" }), None);
            }
        }
        let weight = slow.weight(Term::of("a")).map(Weight::value).unwrap_or_default();
        assert!((weight + 0.3_f32.ln()).abs() < 0.1, "{weight}");
    }

    #[test]
    fn memory_is_bounded() {
        let mut slow = SlowWeights::default();
        for text in 0..40_000_u32 {
            let terms: Vec<Term> = (0..100).map(|term| Term::of(&format!("{text}x{term}"))).collect();
            slow.count(1, &terms, None);
        }
        assert!(slow.export().count() <= MOST + 1);
        slow.count(2, &[], None);
        assert!(slow.export().count() <= KEPT + 2);
    }

    proptest! {
        #[test]
        fn what_is_restored_goes_on_alike(texts in prop::collection::vec((0..12_i32, "(alpha|bravo|charlie)( (delta|echo|golf)){0,3}"), 0..200)) {
            let mut slow = SlowWeights::default();
            for (day, words) in &texts {
                slow.see(*day, &read(words));
            }
            let mut values: Vec<DayCount> = slow.export().collect();
            values.reverse();
            let mut restored = SlowWeights::restore(values);
            for day in 12..15 {
                for slow in [&mut slow, &mut restored] {
                    slow.see(day, &read("alpha bravo"));
                }
                prop_assert_eq!(&slow.weights, &restored.weights);
                prop_assert_eq!(&slow.today, &restored.today);
                prop_assert_eq!(&slow.common, &restored.common);
            }
        }
    }
}
