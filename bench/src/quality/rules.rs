//! Rules of others: the reference system's files against their native form, and CEL against its conformance suite.

#[expect(dead_code, reason = "why a test is out is said by the suite's own test")]
#[path = "../../../libs/rules/tests/conformance/mod.rs"]
mod conformance;

use super::report::{Row, Wanted};
use ::rules::{FactList, OwnedFact, RuleSet, Scope};
use anyhow::{Context, Result, anyhow};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::Path;

const INPUTS: usize = 10_000;
const FILES: [&str; 7] = [
    "rules/rules.yml",
    "rules/onchain.yml",
    "rules/risk_rules.yml",
    "rules/risk_rules.example.yml",
    "rules/topic_merge.yml",
    "topic_blacklist.yml",
    "topic_whitelist.yml",
];
/// Values on both sides of every threshold of the files.
const VALUES: [f64; 14] = [
    -3.0, 0.0, 0.2, 0.3, 0.5, 0.7, 0.95, 1.0, 2.0, 10.0, 10.1, 30.0, 50_000.0, 500_000.0,
];
const NAMES: [&str; 12] = [
    "security.buy_tax",
    "security.sell_tax",
    "security.lp_lock_days",
    "market.liquidity_usd",
    "market.volume_1h_usd",
    "sentiment",
    "heat_slope",
    "onchain.active_addr_pctl",
    "onchain.growth_ratio",
    "onchain.top10_share",
    "onchain.self_loop_ratio",
    "onchain.window_min",
];

pub(crate) fn rows(data: &Path) -> Result<Vec<Row>> {
    let folder = data.join("reference/event-stream-starter");
    let equal = if folder.is_dir() {
        Some(equal_files(&folder)?)
    } else {
        None
    };
    let cel = conformance::run(&data.join("suites/cel"));
    let share = |suite: &conformance::Conformance| 1.0 - suite.failed.len() as f64 / suite.inside as f64;
    Ok(vec![
        Row {
            name: "reference_rules",
            what: "rule files that load and score as their native form, on 10,000 inputs each",
            on: "files of event-stream-starter",
            n: if equal.is_some() { FILES.len() } else { 0 },
            value: equal.map(|equal| equal as f64 / FILES.len() as f64),
            wanted: Wanted::AtLeast(1.0),
        },
        Row {
            name: "cel_subset",
            what: "conditions as CEL demands, of what rules can express",
            on: "CEL's conformance suite",
            n: cel.as_ref().map_or(0, |suite| suite.inside),
            value: cel.as_ref().map(share),
            wanted: Wanted::AtLeast(1.0),
        },
    ])
}

fn equal_files(folder: &Path) -> Result<usize> {
    let mut equal = 0;
    for name in FILES {
        let path = folder.join(name);
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        equal += usize::from(is_equal(name, &text).is_ok_and(|equal| equal));
    }
    Ok(equal)
}

fn is_equal(name: &str, text: &str) -> Result<bool> {
    let mistakes = |errors: Vec<::rules::RuleError>| anyhow!(::rules::explain(&errors));
    let native = ::rules::convert(name, text).map_err(mistakes)?;
    // A rule that shows what derived values came to.
    let asks =
        "groups: [{name: asks, rules: [{id: red, when: \"security.goplus_risk == 'red'\", score: 7}]}]";
    let parse = |text: &str| RuleSet::parse(&[(name, text), ("asks.yml", asks)], &|_| None).map_err(mistakes);
    let (theirs, ours) = (parse(text)?, parse(&native)?);
    let mut random = ChaCha8Rng::seed_from_u64(7);
    Ok((0..INPUTS).all(|_| {
        let facts = facts(&mut random);
        [Scope::Event, Scope::Signal]
            .into_iter()
            .all(|scope| theirs.score(&facts, scope) == ours.score(&facts, scope))
    }))
}

/// Each fact is unknown, known to be empty, or a number.
fn facts(random: &mut ChaCha8Rng) -> FactList {
    let mut facts = FactList::default();
    for name in NAMES {
        let fact = match random.random_range(0..6) {
            0 => continue,
            1 => OwnedFact::Null,
            _ => VALUES
                .choose(random)
                .map_or(OwnedFact::Null, |value| OwnedFact::Double(*value)),
        };
        facts = facts.with(name, fact);
    }
    match random.random_range(0..4) {
        0 => facts.with("security.honeypot", OwnedFact::Bool(true)),
        1 => facts.with("security.goplus_risk", OwnedFact::Str("green".to_owned())),
        _ => facts,
    }
}
