//! Pearson's r of pairs of numbers.

/// From -1 to 1; 0 where one side never varies.
pub(crate) fn pearson(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len().max(1) as f64;
    let (mean_x, mean_y) = (
        pairs.iter().map(|pair| pair.0).sum::<f64>() / n,
        pairs.iter().map(|pair| pair.1).sum::<f64>() / n,
    );
    let (mut both, mut x_alone, mut y_alone) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        let (x, y) = (x - mean_x, y - mean_y);
        both += x * y;
        x_alone += x * x;
        y_alone += y * y;
    }
    let spread = (x_alone * y_alone).sqrt();
    if spread == 0.0 { 0.0 } else { both / spread }
}

#[cfg(test)]
mod tests {
    use super::pearson;

    #[test]
    fn straight_lines_and_constants() {
        assert!((pearson(&[(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]) - 1.0).abs() < 1e-9);
        assert!((pearson(&[(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)]) + 1.0).abs() < 1e-9);
        assert!(pearson(&[(1.0, 5.0), (2.0, 5.0)]).abs() < 1e-9);
    }
}
