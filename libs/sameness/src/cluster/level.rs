//! From which similarity on two things are the same. The numbers were chosen on headlines; docs/SAMENESS.md has the table.

use super::query::Tier;

/// Thresholds of one method of comparing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// A text joins a cluster above this similarity.
    pub join: f32,
    /// Two clusters merge above this one, less what their size costs.
    pub merge: f32,
    /// What each doubling of the smaller of two clusters costs: large clusters are alike by their common words.
    pub size_cost: f32,
    /// What each doubling of the larger one is worth, up to six, where the other has one or two texts: a single headline
    /// has few of a large cluster's words.
    pub small_gain: f32,
}

/// Texts of a cluster that [`Threshold::small_gain`] is for, and doublings that count.
const SMALL: u32 = 2;
const MOST_DOUBLINGS: u32 = 6;

impl Threshold {
    /// What the sizes of two clusters cost; less than 0 for a small one beside a large one.
    pub(crate) fn cost(&self, a: u32, b: u32) -> f32 {
        let (small, large) = (a.min(b), a.max(b));
        let doublings = large.checked_ilog2().unwrap_or(0).min(MOST_DOUBLINGS);
        let gain = if small <= SMALL {
            self.small_gain * doublings as f32
        } else {
            0.0
        };
        self.size_cost * logarithm(small) - gain
    }
}

/// The binary logarithm, exact at powers of two and straight between them, so that it does not depend on a mathematics
/// library.
fn logarithm(texts: u32) -> f32 {
    let texts = texts.max(1);
    let power = 1_u32 << texts.ilog2();
    texts.ilog2() as f32 + (texts - power) as f32 / power as f32
}

/// Thresholds of one level: stories, or topics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Where words alone are compared.
    pub words: Threshold,
    /// Where both sides have vectors.
    pub vectors: Threshold,
}

/// Stories hardly merge: what is alike enough has joined, and what is less alike is a topic.
const fn story(join: f32) -> Threshold {
    Threshold {
        join,
        merge: 0.8,
        size_cost: 0.01,
        small_gain: 0.0,
    }
}

impl Level {
    /// One thing in the world.
    pub const STORY: Self = Self {
        words: story(0.45),
        vectors: story(0.50),
    };
    /// The same in a stream whose common words are not known yet: what is in every headline chains stories.
    pub const NEW_STREAM: Self = Self {
        words: story(0.65),
        vectors: story(0.70),
    };
    /// Stories that belong together.
    pub const TOPIC: Self = Self {
        words: Threshold {
            join: 0.24,
            merge: 0.23,
            size_cost: 0.01,
            small_gain: 0.005,
        },
        vectors: Threshold {
            join: 0.33,
            merge: 0.35,
            size_cost: 0.02,
            small_gain: 0.0125,
        },
    };

    pub(crate) fn of(&self, tier: Tier) -> &Threshold {
        match tier {
            Tier::Words => &self.words,
            Tier::WordsAndVectors => &self.vectors,
        }
    }
}

/// Whether a cluster that grew from `before` to `after` texts passed one of 2, 3, 4, 6, 8, 12, 16, 24 and so on.
pub(crate) fn grown(before: u32, after: u32) -> bool {
    steps(after) > steps(before)
}

/// How many of these sizes are at most `texts`.
fn steps(texts: u32) -> u32 {
    texts.checked_ilog2().map_or(0, |log| {
        let three_quarters = log > 0 && texts >= 3 << (log - 1);
        2 * log + u32::from(three_quarters)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_noticed_at_half_doublings() {
        let due: Vec<u32> = (1..=24).filter(|n| grown(n - 1, *n)).collect();
        assert_eq!(due, [2, 3, 4, 6, 8, 12, 16, 24]);
        assert!(grown(5, 7) && !grown(8, 11) && grown(0, u32::MAX));
    }

    #[test]
    fn large_clusters_merge_less_easily_and_small_ones_into_large_ones_more() {
        let threshold = Threshold {
            join: 0.0,
            merge: 0.0,
            size_cost: 1.0,
            small_gain: 0.5,
        };
        let expected = [
            (0, 0, 0.0),
            (4, 4, 2.0),
            (6, 100, 2.5),
            (1024, 1024, 10.0),
            (1, 16, -2.0),
            (2, 1_000_000, -2.0),
        ];
        for (a, b, cost) in expected {
            assert!((threshold.cost(a, b) - cost).abs() < f32::EPSILON, "{a} {b}");
            assert!((threshold.cost(b, a) - cost).abs() < f32::EPSILON, "{b} {a}");
        }
    }
}
