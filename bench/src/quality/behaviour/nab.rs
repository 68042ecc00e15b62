//! Baselines by the scoring of the Numenta Anomaly Benchmark, standard profile, as `nab/sweeper.py` has it.
//!
//! A detection within a labelled window counts by how early it is, once a window; one outside costs 0.11, less the nearer
//! it is behind a window; a window without one costs 1. A detection is at the row where it begins, since one that goes on
//! is not told again. Of the first rows of a series nothing counts. One threshold for
//! all series is the one that scores best, as NAB does it; 0 is a detector that says nothing, 100 a perfect one.

use crate::quality::report::{Row, Wanted};
use anyhow::{Context, Result, anyhow};
use chrono::NaiveDateTime;
use std::collections::BTreeMap;
use std::path::Path;
use windows::{Baseline, Habit};

const FALSE_ALARM: f64 = 0.11;
/// Of the first so many rows, or of this share where that is less, nothing counts.
const PROBATION: (f64, f64) = (0.15, 5000.0);

/// One row: its score, and what a detection there is worth.
struct Point {
    score: f64,
    /// The window that it is in, if any.
    window: Option<usize>,
    worth: f64,
}

struct Series {
    points: Vec<Point>,
    windows: usize,
}

pub(super) fn rows(folder: &Path) -> Result<Vec<Row>> {
    let series = all(folder)?;
    let values: usize = series.iter().map(|series| series.points.len()).sum();
    let default = Habit::default().beyond;
    let (best, shipped) = if series.is_empty() {
        (None, None)
    } else {
        (Some(best_of(&series)), Some(normalized(&series, default)))
    };
    let row = |name, what, value, wanted| Row {
        name,
        what,
        on: "series of NAB that are there; the library is tuned on some of these",
        n: values,
        value,
        wanted,
    };
    let standard = "unusual numbers, NAB's standard profile, the best threshold for all";
    let at_default = "the same, at the threshold that rules have unless they say another";
    Ok(vec![
        row("nab_standard", standard, best, Wanted::AtLeast(60.0)),
        row("nab_standard_at_default", at_default, shipped, Wanted::Nothing),
    ])
}

fn all(folder: &Path) -> Result<Vec<Series>> {
    let labels = super::super::read_if_there(&folder.join("labels/combined_windows.json"))?;
    let Some(labels) = labels else {
        return Ok(Vec::new());
    };
    let labels: BTreeMap<String, Vec<(String, String)>> = serde_json::from_str(&labels)?;
    let mut series = Vec::new();
    for (file, windows) in labels {
        let Some(text) = super::super::read_if_there(&folder.join(&file))? else {
            continue;
        };
        let windows: Result<Vec<(i64, i64)>> = windows
            .iter()
            .map(|(from, to)| Ok((time(from)?, time(to)?)))
            .collect();
        series.push(one(&text, &windows?).context(file)?);
    }
    Ok(series)
}

fn one(text: &str, windows: &[(i64, i64)]) -> Result<Series> {
    let lines = text.lines().skip(1).filter(|line| !line.is_empty());
    let rows: Result<Vec<(i64, f64)>> = lines.map(row).collect();
    let rows = rows?;
    let place = |at: i64| rows.partition_point(|(time, _)| *time < at);
    let limits: Vec<(usize, usize)> = windows
        .iter()
        .map(|(from, to)| {
            (
                place(*from),
                rows.partition_point(|(time, _)| time <= to).saturating_sub(1),
            )
        })
        .collect();
    let (habit, mut baseline) = (Habit::default(), Baseline::default());
    let probation = probation(rows.len());
    let mut points = Vec::new();
    for (at, (time, number)) in rows.iter().enumerate() {
        let score = baseline
            .judge(*time, *number, &habit)
            .map_or(0.0, |judged| judged.score);
        let (window, worth) = worth(at, &limits);
        if at >= probation {
            points.push(Point { score, window, worth });
        }
    }
    let windows = limits.len();
    Ok(Series { points, windows })
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rows of a file"
)]
fn probation(rows: usize) -> usize {
    (PROBATION.0 * (rows as f64).min(PROBATION.1)) as usize
}

fn row(line: &str) -> Result<(i64, f64)> {
    let (at, number) = line
        .split_once(',')
        .ok_or_else(|| anyhow!("no comma in `{line}`"))?;
    Ok((time(at)?, number.trim().parse()?))
}

fn time(text: &str) -> Result<i64> {
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f");
    Ok(time
        .with_context(|| text.to_owned())?
        .and_utc()
        .timestamp_millis())
}

/// What a detection at a row is worth, and the window that it is in.
#[expect(clippy::cast_precision_loss, reason = "rows of a file")]
fn worth(at: usize, windows: &[(usize, usize)]) -> (Option<usize>, f64) {
    let within = windows.iter().position(|(from, to)| (*from..=*to).contains(&at));
    if let Some((from, to)) = within.and_then(|place| windows.get(place)) {
        let left = -((to - at + 1) as f64) / (to - from + 1) as f64;
        return (within, sigmoid(left) / sigmoid(-1.0));
    }
    let before = windows.iter().rfind(|(_, to)| *to < at);
    let past = before.map_or(-1.0, |(from, to)| {
        sigmoid((at - to) as f64 / (to - from).max(1) as f64)
    });
    (None, FALSE_ALARM * past)
}

fn sigmoid(position: f64) -> f64 {
    if position > 3.0 {
        -1.0
    } else {
        2.0 / (1.0 + (5.0 * position).exp()) - 1.0
    }
}

/// 0 for a detector that says nothing, 100 for a perfect one.
#[expect(clippy::cast_precision_loss, reason = "a count of windows")]
fn normalized(series: &[Series], threshold: f64) -> f64 {
    let windows: usize = series.iter().map(|series| series.windows).sum();
    let raw: f64 = series.iter().map(|series| raw(series, threshold)).sum();
    let nothing = -(windows as f64);
    100.0 * (raw - nothing) / (windows as f64 - nothing)
}

fn raw(series: &Series, threshold: f64) -> f64 {
    let mut windows = vec![-1.0_f64; series.windows];
    let mut outside = 0.0;
    let mut held = false;
    for point in &series.points {
        let holds = point.score >= threshold;
        let begins = holds && !held;
        held = holds;
        if !begins {
            continue;
        }
        match point.window.and_then(|window| windows.get_mut(window)) {
            Some(best) => *best = best.max(point.worth),
            None => outside += point.worth,
        }
    }
    windows.iter().sum::<f64>() + outside
}

fn best_of(series: &[Series]) -> f64 {
    let points = series.iter().flat_map(|series| &series.points);
    let mut thresholds: Vec<f64> = points.map(|point| (point.score * 20.0).ceil() / 20.0).collect();
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup();
    let scores = thresholds.into_iter().filter(|threshold| *threshold > 0.0);
    scores
        .map(|threshold| normalized(series, threshold))
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(scores: &[(usize, f64)], windows: &[(usize, usize)]) -> Series {
        let points = (0..100).map(|at| {
            let (window, worth) = worth(at, windows);
            let score = scores
                .iter()
                .find(|(place, _)| *place == at)
                .map_or(0.0, |(_, score)| *score);
            Point { score, window, worth }
        });
        Series {
            points: points.collect(),
            windows: windows.len(),
        }
    }

    #[test]
    fn nothing_is_0_and_the_first_row_of_each_window_100() {
        let windows = [(20, 29), (60, 69)];
        assert!(normalized(&[series(&[], &windows)], 1.0).abs() < 1e-9);
        let perfect = series(&[(20, 2.0), (60, 2.0), (25, 2.0)], &windows);
        assert!((normalized(&[perfect], 1.0) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn late_is_worth_less_and_a_false_alarm_costs() {
        let windows = [(20, 29)];
        let late = normalized(&[series(&[(29, 2.0)], &windows)], 1.0);
        assert!((50.0..75.0).contains(&late), "{late}");
        let alarm = normalized(&[series(&[(20, 2.0), (5, 2.0)], &windows)], 1.0);
        assert!((alarm - 94.5).abs() < 1e-9, "{alarm}");
        let near = normalized(&[series(&[(20, 2.0), (30, 2.0)], &windows)], 1.0);
        assert!(near > alarm, "just behind a window costs less: {near}");
        assert!((best_of(&[series(&[(20, 2.0), (5, 1.0)], &windows)]) - 100.0).abs() < 1e-9);
    }
}
