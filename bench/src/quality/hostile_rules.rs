//! What the worst rule files cost to load: time for each kilobyte, memory for each byte.

use super::report::{Row, Wanted};
use crate::process;
use ::rules::RuleSet;

/// Bytes of each file; half of what a file may have.
const SIZE: usize = 512 * 1024;

/// A file's name, what stands before, and what is repeated with a number for `#`.
const FILES: &[(&str, &str, &str)] = &[
    ("r.yml", "lists: {vip: [", "a, "),
    ("r.yml", "lists: {vip: [", "name#, "),
    ("r.yml", "", "k#: 1\n"),
    ("r.yml", "", "- "),
    ("r.yml", "", "["),
    ("r.yml", "", "a: &a [*a]\n"),
    ("r.yml", "", "\""),
    ("r.yml", "tables: {t: {", "k#: {a: 1}, "),
    (
        "r.yml",
        "groups:\n  - name: g\n    rules:\n",
        "      - {when: 'data.a > #', score: 1}\n",
    ),
    (
        "r.yml",
        "groups:\n  - name: g\n    rules:\n",
        "      - {when: 'data.a > # and data.b < # or data.c == #', score: 1}\n",
    ),
    (
        "r.yml",
        "groups:\n  - name: g\n    rules:\n",
        "      - {when: \"text.matches('a#.*')\", score: 1}\n",
    ),
    (
        "r.yml",
        "groups:\n  - name: g\n    rules:\n",
        "      - {when: 'cashtags.exists(x, x == author)', score: 1}\n",
    ),
    (
        "r.yml",
        "groups:\n  - name: g\n    rules:\n",
        "      - {when: 'txt > #', scor: 1}\n",
    ),
    (
        "r.yml",
        "groups:\n  - name: g\n    rules:\n",
        "      - {id: same, when: 'true', score: 1}\n",
    ),
    ("r.yml", "groups: [{name: g, rules: [{when: '", "true and "),
    ("r.yml", "derived: {", "d#: 'd# > 1', "),
    ("vip.txt", "", "a\n"),
    ("vip.txt", "", "name#\n"),
    ("tier.csv", "k,a\n", "k#,1\n"),
];

pub(crate) fn rows() -> Vec<Row> {
    let costs: Vec<(f64, f64)> = FILES
        .iter()
        .map(|(name, begin, piece)| cost(name, begin, piece))
        .collect();
    let worst = |of: fn(&(f64, f64)) -> f64| costs.iter().map(of).fold(0.0, f64::max);
    let row = |name, what, value, most| Row {
        name,
        what,
        on: "hostile rule files of 512 KiB",
        n: FILES.len(),
        value: Some(value),
        wanted: Wanted::AtMost(most),
    };
    vec![
        row(
            "worst_rules_us_per_kb",
            "µs of CPU a kilobyte, worst rule file",
            worst(|cost| cost.0),
            1_000.0,
        ),
        row(
            "worst_rules_memory_ratio",
            "memory to size, worst rule file",
            worst(|cost| cost.1),
            50.0,
        ),
    ]
}

/// Microseconds a kilobyte, and memory to size.
fn cost(name: &str, begin: &str, piece: &str) -> (f64, f64) {
    let mut text = begin.to_owned();
    for number in 0.. {
        if text.len() >= SIZE {
            break;
        }
        text.push_str(&piece.replace('#', &number.to_string()));
    }
    let own = std::process::id();
    process::forget_peak();
    let (peak, start) = (process::peak_mib(own), process::thread_seconds());
    let loaded = std::hint::black_box(RuleSet::parse(&[(name, &text)], &|_| None));
    let seconds = process::thread_seconds() - start;
    let grown = (process::peak_mib(own) - peak).max(0.0);
    drop(loaded);
    let size = text.len() as f64;
    (seconds * 1e6 / (size / 1024.0), grown * 1024.0 * 1024.0 / size)
}
