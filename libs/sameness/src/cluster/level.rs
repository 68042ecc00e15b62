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
}

impl Threshold {
    /// What the size of the smaller of two clusters costs. The logarithm is exact at powers of two and straight between
    /// them, so that it does not depend on a mathematics library.
    pub(crate) fn cost(&self, texts: u32) -> f32 {
        let texts = texts.max(1);
        let power = 1_u32 << texts.ilog2();
        self.size_cost * (texts.ilog2() as f32 + (texts - power) as f32 / power as f32)
    }
}

/// Thresholds of one level: stories, or topics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Where words alone are compared.
    pub words: Threshold,
    /// Where both sides have vectors.
    pub vectors: Threshold,
}

impl Level {
    /// One thing in the world.
    pub const STORY: Self = Self {
        words: Threshold {
            join: 0.45,
            merge: 0.45,
            size_cost: 0.01,
        },
        vectors: Threshold {
            join: 0.50,
            merge: 0.50,
            size_cost: 0.02,
        },
    };
    /// Stories that belong together.
    pub const TOPIC: Self = Self {
        words: Threshold {
            join: 0.25,
            merge: 0.25,
            size_cost: 0.01,
        },
        vectors: Threshold {
            join: 0.34,
            merge: 0.35,
            size_cost: 0.02,
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
pub(super) fn grown(before: u32, after: u32) -> bool {
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
    fn the_cost_of_size_is_a_logarithm() {
        let threshold = Threshold {
            join: 0.0,
            merge: 0.0,
            size_cost: 1.0,
        };
        for (texts, cost) in [(0, 0.0), (1, 0.0), (2, 1.0), (3, 1.5), (4, 2.0), (1024, 10.0)] {
            assert!((threshold.cost(texts) - cost).abs() < f32::EPSILON, "{texts}");
        }
    }
}
