//! The report as people read it. No I/O.

use super::report::{Report, StageReport};
use crate::output::{BAD, GOOD, STRONG, WARNING, styled};
use std::collections::BTreeMap;

/// A transaction that is open for so many seconds is told: a stage commits far sooner.
const HANGS: f64 = 5.0;

const HEADINGS: [&str; 10] = [
    "stage",
    "in",
    "out",
    "emitted",
    "filtered",
    "duplicate",
    "dead",
    "lag",
    "behind",
    "events/s",
];

/// The lines of the table, what was filtered and died, and the verdict.
pub(super) fn lines(report: &Report) -> Vec<String> {
    let rows: Vec<[String; 10]> = report.stages.iter().map(row).collect();
    let widths: [usize; 10] = std::array::from_fn(|at| {
        rows.iter()
            .map(|row| row[at].len())
            .chain([HEADINGS[at].len()])
            .max()
            .unwrap_or_default()
    });
    let mut lines = vec![styled(
        STRONG,
        format_args!("{}  conserves", aligned(&HEADINGS.map(str::to_owned), &widths)),
    )];
    for (row, stage) in rows.iter().zip(&report.stages) {
        let verdict = if stage.conserves {
            styled(GOOD, "yes")
        } else {
            styled(BAD, "NO")
        };
        lines.push(format!("{}  {verdict}", aligned(row, &widths)));
    }
    for stage in &report.stages {
        lines.extend(reasons(stage, "filtered", &stage.filtered));
        lines.extend(reasons(stage, "dead", &stage.dead));
        lines.extend(of_producers(stage));
        lines.extend(reasons(stage, "late for a rule", &stage.late));
        lines.extend(corrected(stage));
    }
    let open = report.open_transactions.iter();
    let hanging = open.filter(|open| open.seconds > HANGS);
    lines.extend(hanging.map(|open| styled(WARNING, open.told())));
    lines.push(closing(report));
    lines.extend(report.losses().into_iter().map(|loss| styled(BAD, loss)));
    lines
}

fn row(stage: &StageReport) -> [String; 10] {
    let sum = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>().to_string();
    [
        stage.stage.to_owned(),
        stage.read.to_string(),
        stage.out.to_string(),
        stage.emitted.to_string(),
        sum(&stage.filtered),
        stage.duplicate.to_string(),
        sum(&stage.dead),
        stage.lag.to_string(),
        format!("{:.1} s", stage.lag_seconds),
        stage
            .events_per_s
            .map_or_else(|| "-".to_owned(), |speed| format!("{speed:.0}")),
    ]
}

/// The name to the left, numbers to the right.
fn aligned(cells: &[String; 10], widths: &[usize; 10]) -> String {
    let mut cells = cells.iter().zip(widths);
    let name = cells
        .next()
        .map(|(cell, width)| format!("{cell:<width$}"))
        .unwrap_or_default();
    cells.fold(name, |line, (cell, width)| format!("{line}  {cell:>width$}"))
}

fn reasons(stage: &StageReport, what: &str, counts: &BTreeMap<String, u64>) -> Option<String> {
    let counts: Vec<_> = counts
        .iter()
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    (!counts.is_empty()).then(|| format!("  {} {what}: {}", stage.stage, counts.join(", ")))
}

/// What nobody here can mend is told apart from what somebody must.
fn of_producers(stage: &StageReport) -> Option<String> {
    let dead: u64 = stage.dead.values().sum();
    (dead > 0).then(|| {
        let ours = dead.saturating_sub(stage.dead_of_producers);
        let producers = stage.dead_of_producers;
        format!(
            "  {} dead by the fault of: producers {producers}, ours {ours}",
            stage.stage
        )
    })
}

fn corrected(stage: &StageReport) -> Option<String> {
    let records = stage.time_corrected;
    (records > 0).then(|| {
        format!(
            "  {} time ahead of the broker's and replaced: {records}",
            stage.stage
        )
    })
}

fn closing(report: &Report) -> String {
    let drained = if report.drained {
        styled(GOOD, "drained")
    } else {
        styled(WARNING, "not drained")
    };
    let conserves = if report.conserves {
        styled(GOOD, "every record accounted for")
    } else {
        styled(BAD, "records missing")
    };
    format!("{drained}, {conserves}")
}
