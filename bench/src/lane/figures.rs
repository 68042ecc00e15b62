//! The figures that are wanted, and whether they hold. Pure.

use crate::machine;
use serde_json::{Map, Value, json};

/// One figure of the last line.
struct Wanted {
    name: &'static str,
    says: &'static str,
    holds: fn(f64) -> bool,
    limit: &'static str,
}

const fn wanted(
    name: &'static str,
    says: &'static str,
    holds: fn(f64) -> bool,
    limit: &'static str,
) -> Wanted {
    Wanted {
        name,
        says,
        holds,
        limit,
    }
}

const WANTED: [Wanted; 13] = [
    wanted(
        "relay_vs_floor",
        "relay through a stage, of the floor's rate",
        |x| x >= 0.7,
        ">= 0.7",
    ),
    wanted(
        "keyed_vs_floor",
        "keyed count, of the floor's rate",
        |x| x >= 0.4,
        ">= 0.4",
    ),
    wanted(
        "eos_vs_alo",
        "exactly-once, of the rate of at-least-once",
        |x| x >= 0.85,
        ">= 0.85",
    ),
    wanted(
        "p50_ms",
        "latency of one stage at 1,000/s, p50",
        |x| x <= 15.0,
        "<= 15 ms",
    ),
    wanted("p99_ms", "the same, p99", |x| x <= 40.0, "<= 40 ms"),
    wanted(
        "restore_per_s",
        "records restored a second",
        |x| x >= 500_000.0,
        ">= 500,000, or the next",
    ),
    wanted(
        "restore_vs_consumer",
        "the same, of a bare consumer's rate",
        |x| x >= 0.8,
        ">= 0.8",
    ),
    wanted(
        "recovery_s",
        "SIGKILL to the first record elsewhere",
        |x| x <= 12.0,
        "<= 12 s",
    ),
    wanted(
        "stall_recovery_s",
        "the old rate, after a broker stopped for 30 s",
        |x| x <= 5.0,
        "<= 5 s",
    ),
    wanted("graceful_s", "graceful stop", |x| x <= 1.0, "<= 1 s"),
    wanted(
        "lane_rss_mib",
        "memory of a stateless lane, at its peak",
        |x| x <= 64.0,
        "<= 64 MiB",
    ),
    wanted(
        "rss_mib_per_million_keys",
        "memory of a million small keys",
        |x| x <= 150.0,
        "<= 150 MiB",
    ),
    wanted(
        "cpu_us_per_record",
        "CPU of a record, stateless stage",
        |x| x <= 6.0,
        "<= 6 us",
    ),
];

/// What was measured so far.
#[derive(Debug, Default)]
pub(super) struct Figures(Map<String, Value>);

impl Figures {
    /// Notes a figure, to three digits after the point.
    pub(super) fn note(&mut self, name: &str, figure: f64) {
        self.0
            .insert(name.to_owned(), json!((figure * 1000.0).round() / 1000.0));
    }

    /// Notes what is more than one number.
    pub(super) fn note_all(&mut self, name: &str, figures: Value) {
        self.0.insert(name.to_owned(), figures);
    }

    /// What was wanted, what was got.
    pub(super) fn table(&self) -> Vec<String> {
        let header = format!("{:44} {:>24} {:>12}", "figure", "wanted", "got");
        let row = |wanted: &Wanted| {
            let got = self.0.get(wanted.name)?.as_f64()?;
            let holds = if (wanted.holds)(got) {
                ""
            } else {
                "  does not hold"
            };
            Some(format!(
                "{:44} {:>24} {got:>12}{holds}",
                wanted.says, wanted.limit
            ))
        };
        std::iter::once(header)
            .chain(WANTED.iter().filter_map(row))
            .collect()
    }

    /// The last line.
    pub(super) fn json(&self, runs: u32, records: u64) -> Value {
        let mut line = Map::new();
        line.insert("bench".to_owned(), json!("runtime"));
        line.insert("date".to_owned(), json!(machine::date()));
        line.insert("commit".to_owned(), json!(machine::commit()));
        line.insert("runs".to_owned(), json!(runs));
        line.insert("records".to_owned(), json!(records));
        line.extend(self.0.clone());
        Value::Object(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_misses_is_said_to() {
        let mut figures = Figures::default();
        figures.note("p50_ms", 15.5);
        figures.note("p99_ms", 39.9);
        let table = figures.table();
        assert_eq!(table.len(), 3);
        assert!(table[1].contains("does not hold") && !table[2].contains("does not hold"));
    }
}
