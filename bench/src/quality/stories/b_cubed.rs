//! B-cubed (Bagga and Baldwin 1998): how pure and how whole the cluster of each item is, on average.

use std::collections::HashMap;
use std::hash::Hash;

/// The harmonic mean of precision and recall over items, each with its true and its found cluster; 0 of none.
pub(super) fn f1<T: Hash + Eq + Copy, C: Hash + Eq + Copy>(items: impl Iterator<Item = (T, C)>) -> f64 {
    let items: Vec<(T, C)> = items.collect();
    let (mut truths, mut clusters, mut both) = (HashMap::new(), HashMap::new(), HashMap::new());
    for &(truth, cluster) in &items {
        *truths.entry(truth).or_insert(0.0_f64) += 1.0;
        *clusters.entry(cluster).or_insert(0.0_f64) += 1.0;
        *both.entry((truth, cluster)).or_insert(0.0_f64) += 1.0;
    }
    let (mut precision, mut recall) = (0.0, 0.0);
    for (truth, cluster) in &items {
        let shared = both[&(*truth, *cluster)];
        precision += shared / clusters[cluster];
        recall += shared / truths[truth];
    }
    let count = items.len() as f64;
    if items.is_empty() {
        0.0
    } else {
        2.0 * precision * recall / (precision + recall) / count
    }
}

#[cfg(test)]
mod tests {
    use super::f1;

    #[test]
    fn of_a_small_table() {
        let found = f1([("a", 1), ("a", 1), ("b", 1), ("b", 2)].into_iter());
        // Precision (2/3 + 2/3 + 1/3 + 1) / 4 = 2/3, recall (1 + 1 + 1/2 + 1/2) / 4 = 3/4.
        assert!(
            (found - 2.0 * (2.0 / 3.0) * 0.75 / (2.0 / 3.0 + 0.75)).abs() < 1e-9,
            "{found}"
        );
        assert!((f1([("a", 1), ("b", 2)].into_iter()) - 1.0).abs() < 1e-9);
    }
}
