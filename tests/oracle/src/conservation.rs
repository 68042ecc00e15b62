//! The stages' own flow counters, which are committed with their offsets, against the fold and among each other.

use crate::Verdict;
use crate::fold::Folded;
use serde_json::Value;
use stage::FlowCounts;
use std::collections::BTreeMap;

/// `sluicebox flow --json` says that everything is read, and that every stage and topic adds up.
pub fn flow_conserves(flow: &Value) -> Verdict {
    let mut verdict = Verdict::of("flow conserves and is drained");
    for claim in ["conserves", "drained"] {
        verdict.expect(flow[claim] == true, "", None, || {
            format!("{claim}: {}", flow[claim])
        });
    }
    for stage in flow["stages"].as_array().into_iter().flatten() {
        let counts = counts(stage);
        verdict.expect(counts.conserves(), "", None, || {
            format!("{}: {counts:?}", stage["stage"])
        });
    }
    verdict
}

/// The counters of a stage are those of the fold: not one record was counted twice or not at all.
pub fn counted_as_folded(flow: &Value, folded: &Folded) -> Verdict {
    let name = folded.stage().as_str();
    let mut verdict = Verdict::of(format!("{name}: counters are those of the fold"));
    let stages = flow["stages"].as_array().into_iter().flatten();
    let found = stages.filter(|stage| stage["stage"] == name).map(counts).next();
    let found = found.unwrap_or_default();
    verdict.expect(found == folded.counts, "", None, || {
        format!("counted {found:?}, folded {:?}", folded.counts)
    });
    verdict
}

fn counts(stage: &Value) -> FlowCounts {
    let number = |name: &str| stage[name].as_u64().unwrap_or_default();
    let reasons = |name: &str| -> BTreeMap<String, u64> {
        let object = stage[name].as_object().into_iter().flatten();
        object
            .map(|(reason, count)| (reason.clone(), count.as_u64().unwrap_or_default()))
            .collect()
    };
    FlowCounts {
        read: number("in"),
        out: number("out"),
        emitted: number("emitted"),
        emitted_to: reasons("emitted_to"),
        duplicate: number("duplicate"),
        filtered: reasons("filtered"),
        dead: reasons("dead"),
        // What waited and waits no more is counted among the others; how much did is not determined.
        parked: 0,
        resumed: 0,
        // None is a fate of its own: each of these records is among the others.
        dead_of_producers: 0,
        late: BTreeMap::new(),
        time_corrected: 0,
    }
}
