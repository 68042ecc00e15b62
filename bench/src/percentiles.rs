//! Percentiles of what was measured. Pure.

/// Figures in order; at least one.
#[derive(Debug, Clone)]
pub(crate) struct Percentiles(Vec<f64>);

impl Percentiles {
    /// Of these figures; `None` of none.
    pub(crate) fn new(mut figures: Vec<f64>) -> Option<Self> {
        figures.sort_by(f64::total_cmp);
        (!figures.is_empty()).then_some(Self(figures))
    }

    /// The figure that this part of all does not exceed (nearest rank): 0.5 is the median, 1 the greatest.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank lies between 1 and their number"
    )]
    pub(crate) fn at(&self, part: f64) -> f64 {
        let rank = (part * self.0.len() as f64).ceil() as usize;
        self.0[rank.clamp(1, self.0.len()) - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::Percentiles;

    #[test]
    fn ranks_are_the_nearest() {
        let hundred = Percentiles::new((1..=100).rev().map(f64::from).collect()).unwrap();
        for (part, figure) in [(0.0, 1.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)] {
            assert!((hundred.at(part) - figure).abs() < f64::EPSILON);
        }
        assert!(Percentiles::new(Vec::new()).is_none());
    }
}
