//! Copies of one text: retweets and posts of one page, and pairs of ours that are copies or only look like it.

mod pairs;
mod posts;

use super::report::{Row, Wanted};
use anyhow::Result;
use sameness::near::{NearText, compare};
use std::path::Path;

/// Pairs of ours.
const PAIRS: usize = 2_000;

pub(crate) fn rows(data: &Path) -> Result<Vec<Row>> {
    let mut rows = posts::rows(&data.join("posts/stocknet_2014-01_2015-06.jsonl.gz"))?;
    rows.push(Row {
        name: "near_pairs_f1",
        what: "copies of a text, F1",
        on: "pairs of ours: ten kinds of edits, and what looks alike",
        n: PAIRS,
        value: Some(pairs_f1()),
        wanted: Wanted::AtLeast(0.98),
    });
    Ok(rows)
}

pub(super) fn is_same(a: &str, b: &str) -> bool {
    compare(&NearText::of(a), &NearText::of(b)).is_same()
}

fn pairs_f1() -> f64 {
    let (mut right, mut called, mut true_ones) = (0, 0, 0);
    for pair in pairs::pairs(PAIRS, 1) {
        let found = is_same(&pair.a, &pair.b);
        right += usize::from(found && pair.same);
        called += usize::from(found);
        true_ones += usize::from(pair.same);
        if super::wants_details() && found != pair.same {
            crate::say(format_args!(
                "{} same {}\n  {}\n  {}",
                pair.kind, pair.same, pair.a, pair.b
            ));
        }
    }
    2.0 * f64::from(u32::try_from(right).unwrap_or(0)) / (called + true_ones).max(1) as f64
}
