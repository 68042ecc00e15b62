//! Sentiment against the means of twenty human raters.

use super::correlation::pearson;
use super::read_if_there;
use super::report::{Row, Wanted};
use anyhow::Result;
use std::path::Path;

pub(crate) fn rows(folder: &Path) -> Result<Vec<Row>> {
    let nyt = rated(folder, "nytEditorialSnippets_GroundTruth.txt")?;
    let movies = rated(folder, "movieReviewSnippets_GroundTruth.txt")?;
    let row = |name, on, pairs: &[(f64, f64)], least| Row {
        name,
        what: "sentiment, Pearson's r with human means",
        on,
        n: pairs.len(),
        value: (!pairs.is_empty()).then(|| pearson(pairs)),
        wanted: Wanted::AtLeast(least),
    };
    Ok(vec![
        row(
            "sentiment_nyt_r",
            "sentences of New York Times editorials",
            &nyt,
            0.55,
        ),
        row("sentiment_movies_r", "sentences of movie reviews", &movies, 0.50),
    ])
}

/// Human mean and our score of each line `id, mean, text`.
fn rated(folder: &Path, file: &str) -> Result<Vec<(f64, f64)>> {
    let lines = read_if_there(&folder.join(file))?.unwrap_or_default();
    let rated = lines.lines().filter_map(|line| {
        let mut parts = line.splitn(3, '\t');
        let mean = parts.nth(1)?.trim().parse().ok()?;
        let text = parts.next()?;
        Some((mean, f64::from(text::sentiment::score(text).unwrap_or_default())))
    });
    Ok(rated.collect())
}
