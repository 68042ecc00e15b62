//! Expected and got, line by line. No I/O.

use crate::output::{BAD, GOOD, STRONG, styled};
use scenario::day::Truth;
use scenario::day::truth::Counts;
use std::collections::BTreeSet;

/// One line of the comparison.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    group: &'static str,
    name: String,
    expected: u64,
    /// The least that may come; `expected`, where nothing is left to the order in which records come.
    least: u64,
    got: u64,
}

impl Line {
    pub(super) fn is_equal(&self) -> bool {
        (self.least..=self.expected).contains(&self.got)
    }
}

/// Every line that either side knows.
pub(super) fn lines(expected: &Truth, got: &Truth) -> Vec<Line> {
    let one = |name: &str, expected, got| Line {
        group: "stream",
        name: name.to_owned(),
        expected,
        least: expected,
        got,
    };
    let mut lines = vec![
        one(
            "records on the ingest topic",
            expected.raw_records,
            got.raw_records,
        ),
        one("requests refused at the edge", expected.refused, got.refused),
        one("distinct events", expected.events, got.events),
        one("repeats counted once", expected.duplicates, got.duplicates),
        // Of two cut copies the one that came first decides whether the other is its copy.
        Line {
            least: expected.copies_folded - expected.copies_folded / 20,
            ..one(
                "copies folded into signals",
                expected.copies_folded,
                got.copies_folded,
            )
        },
    ];
    lines.extend(by_name("signals", &expected.signals, &got.signals));
    lines.extend(by_name("detections", &expected.detections, &got.detections));
    lines.extend(by_name("dead letters", &expected.dead_letters, &got.dead_letters));
    lines.extend(by_name(
        "notifications",
        &expected.notifications,
        &got.notifications,
    ));
    lines
}

fn by_name(group: &'static str, expected: &Counts, got: &Counts) -> Vec<Line> {
    let names: BTreeSet<_> = expected.keys().chain(got.keys()).collect();
    let count = |counts: &Counts, name: &String| counts.get(name).copied().unwrap_or_default();
    let line = |name: &String| Line {
        group,
        name: name.clone(),
        expected: count(expected, name),
        least: count(expected, name),
        got: count(got, name),
    };
    names.into_iter().map(line).collect()
}

/// The lines with aligned columns.
pub(super) fn table(lines: &[Line]) -> Vec<String> {
    let width = lines.iter().map(|line| line.name.len()).max().unwrap_or_default();
    let mut printed = vec![styled(
        STRONG,
        format_args!("{:13}  {:width$}  {:>8}  {:>8}", "", "", "expected", "got"),
    )];
    let mut group = "";
    for line in lines {
        let heading = if line.group == group { "" } else { line.group };
        group = line.group;
        let verdict = if line.is_equal() {
            styled(GOOD, "=")
        } else {
            styled(BAD, "DIFFERS")
        };
        printed.push(format!(
            "{heading:13}  {:width$}  {:>8}  {:>8}  {verdict}",
            line.name, line.expected, line.got
        ));
    }
    printed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_one_side_knows_differs() {
        let expected = Truth {
            detections: Counts::from([("a".to_owned(), 1)]),
            ..Truth::default()
        };
        let got = Truth {
            detections: Counts::from([("b".to_owned(), 2)]),
            ..Truth::default()
        };
        let differing: Vec<_> = lines(&expected, &got)
            .into_iter()
            .filter(|line| !line.is_equal())
            .collect();
        assert_eq!(differing.len(), 2);
        assert_eq!((differing[0].expected, differing[0].got), (1, 0));
        assert!(lines(&expected, &expected).iter().all(Line::is_equal));
    }

    #[test]
    fn columns_stand_below_each_other() {
        let truth = Truth {
            raw_records: 12,
            ..Truth::default()
        };
        let printed = table(&lines(&truth, &truth));
        assert_eq!(printed.len(), 6);
        assert!(printed[1].contains("records on the ingest topic"));
    }
}
