//! What a run has shown, for people.

use crate::feeder::Sent;
use crate::plan::Fault;
use oracle::Verdict;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A fault that happened.
pub(crate) struct Happened {
    pub(crate) fault: Fault,
    /// From its beginning to its end.
    pub(crate) lasted: Duration,
    /// When it was over.
    pub(crate) over: Instant,
    /// From then until everything was ready.
    pub(crate) ready: Option<Duration>,
}

/// What a run has shown.
pub struct Report {
    pub(crate) seed: u64,
    pub(crate) faults: Vec<Happened>,
    pub(crate) sent: Sent,
    pub(crate) flow: serde_json::Value,
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) story: Vec<String>,
    pub(crate) took: Duration,
}

impl Report {
    /// Whether every check holds.
    pub fn holds(&self) -> bool {
        self.verdicts.iter().all(Verdict::holds)
    }

    /// The tables: faults, stages, checks; and what is wrong, with the whole history of the first of it.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "seed {}: {} faults in {:.0} s, {} shipments sent, {} of them more than once",
            self.seed,
            self.faults.len(),
            self.took.as_secs_f64(),
            self.sent.shipments,
            self.sent.again
        )];
        lines.extend(self.faults_by_kind());
        lines.extend(self.records_by_stage());
        lines.extend(self.checks());
        if !self.story.is_empty() {
            lines.push("the first thing that is wrong, and everything in which it occurs".to_owned());
            lines.extend(self.story.iter().cloned());
        }
        lines
    }

    fn faults_by_kind(&self) -> Vec<String> {
        let mut kinds: BTreeMap<String, Vec<&Happened>> = BTreeMap::new();
        for happened in &self.faults {
            kinds.entry(happened.fault.kind()).or_default().push(happened);
        }
        let heading = format!(
            "\n{:34} {:>5} {:>10} {:>22} {:>8}",
            "fault", "times", "lasted", "then ready after", "longest"
        );
        let rows = kinds.into_iter().map(|(kind, happened)| {
            let lasted = median(happened.iter().map(|one| one.lasted));
            let ready: Vec<_> = happened.iter().filter_map(|one| one.ready).collect();
            format!(
                "{kind:34} {:>5} {:>8.1} s {:>20.1} s {:>6.1} s",
                happened.len(),
                lasted.as_secs_f64(),
                median(ready.iter().copied()).as_secs_f64(),
                ready.iter().max().copied().unwrap_or_default().as_secs_f64()
            )
        });
        std::iter::once(heading).chain(rows).collect()
    }

    fn records_by_stage(&self) -> Vec<String> {
        let heading = format!(
            "\n{:18} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "stage", "in", "out", "filtered", "duplicate", "dead"
        );
        let stages = self.flow["stages"].as_array().into_iter().flatten();
        let number = |value: &serde_json::Value| value.as_u64().unwrap_or_default();
        let sum = |value: &serde_json::Value| {
            value
                .as_object()
                .into_iter()
                .flatten()
                .map(|(_, one)| number(one))
                .sum::<u64>()
        };
        let rows = stages.map(|stage| {
            format!(
                "{:18} {:>9} {:>9} {:>9} {:>9} {:>9}",
                stage["stage"].as_str().unwrap_or_default(),
                number(&stage["in"]),
                number(&stage["out"]),
                sum(&stage["filtered"]),
                number(&stage["duplicate"]),
                sum(&stage["dead"])
            )
        });
        std::iter::once(heading).chain(rows).collect()
    }

    fn checks(&self) -> Vec<String> {
        let mut lines = vec![format!("\n{:64} {:>9}  verdict", "check", "looked at")];
        for verdict in &self.verdicts {
            let word = if verdict.holds() {
                "holds".to_owned()
            } else {
                format!("WRONG {} times", verdict.wrong)
            };
            lines.push(format!("{:64} {:>9}  {word}", verdict.check, verdict.seen));
            lines.extend(verdict.findings.iter().map(|finding| format!("    {finding}")));
        }
        lines
    }
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
