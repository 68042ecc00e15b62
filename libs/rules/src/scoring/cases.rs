//! `tests:` beside scoring rules: facts given, score, level, rules and unknown names expected. No I/O.

use super::rule_set::RuleSet;
use crate::condition::Variables;
use crate::error::RuleError;
use crate::fact::{FactList, OwnedFact};
use crate::file::{Fields, Reader, error};
use crate::given::{Given, Normalize, under};
use crate::names::Scope;
use crate::node::{self, Node, Place};
use crate::outcome::{TestOutcome, differs};

pub(crate) const TEST_KEYS: &[&str] = &["name", "given", "expect"];
const EXPECT_KEYS: &[&str] = &["score", "level", "rules", "unknown", "reasons"];

/// One test of a rule file.
#[derive(Debug)]
pub(super) struct Case {
    name: String,
    file: String,
    line: usize,
    pub(super) given: Given,
    refused: Option<String>,
    score: Option<f64>,
    level: Option<String>,
    matched: Option<Vec<String>>,
    unknown: Option<Vec<String>>,
    reasons: Option<Vec<String>>,
}

/// An event written by name, in JSON or YAML, as under `given:`; what every event has is filled in.
pub fn read_given(text: &str) -> Result<Given, Box<RuleError>> {
    let file = "event";
    let root = node::read(text).map_err(|(place, fault)| Box::new(error(file, place, fault)))?;
    let mut errors = Vec::new();
    let reader = &mut Reader {
        file,
        errors: &mut errors,
    };
    let given = given_of(reader, &root, root.place, &mut Variables::default());
    errors
        .into_iter()
        .next()
        .map_or(Ok(given), |first| Err(Box::new(first)))
}

fn given_of(reader: &mut Reader<'_>, node: &Node, place: Place, variables: &mut Variables) -> Given {
    let mut said = FactList::default();
    reader.facts(node, "", &mut said.0);
    for (name, fact) in &mut said.0 {
        if let Some(known) = reader.keep(place, variables.resolve(name)) {
            variables.name(known).clone_into(name);
        }
        if !read_time(name, fact) {
            reader.wrong_kind(
                node,
                name,
                "a time such as 2024-02-29T23:59:58Z, or milliseconds since 1970",
            );
        }
    }
    Given::new(said, FactList(defaults().collect()), under(node, "data"))
}

impl RuleSet {
    /// The events of the tests beside the rules.
    pub fn case_facts(&self) -> impl Iterator<Item = &Given> {
        self.cases.iter().map(|case| &case.given)
    }

    /// Puts the events of the tests through the normalizer, as those of the stream are. Tests whose event it refuses
    /// fail with its reason.
    pub fn normalize_cases(&mut self, normalize: Normalize<'_>) {
        for case in &mut self.cases {
            case.refused = case.given.normalize(normalize).err();
        }
    }
}

pub(super) fn read(reader: &mut Reader<'_>, root: &Fields<'_>, variables: &mut Variables) -> Vec<Case> {
    let mut cases = Vec::new();
    for item in reader.list(root, "tests") {
        let Some(case) = reader.fields(item, "a test", TEST_KEYS) else {
            continue;
        };
        let given = match case.get("given") {
            Some(node) => given_of(reader, node, case.place, variables),
            None => reader.missing(&case, "given").unwrap_or_default(),
        };
        let Some(expect) = case.get("expect") else {
            reader.missing::<()>(&case, "expect");
            continue;
        };
        let Some(expect) = reader.fields(expect, "`expect`", EXPECT_KEYS) else {
            continue;
        };
        cases.push(Case {
            name: reader.required_text(&case, "name").unwrap_or_default(),
            file: reader.file.to_owned(),
            line: case.place.line,
            given,
            refused: None,
            score: reader.number(&expect, "score"),
            level: reader.text(&expect, "level"),
            matched: expect
                .get("rules")
                .is_some()
                .then(|| reader.texts(&expect, "rules")),
            unknown: expect
                .get("unknown")
                .is_some()
                .then(|| reader.texts(&expect, "unknown")),
            reasons: expect
                .get("reasons")
                .is_some()
                .then(|| reader.texts(&expect, "reasons")),
        });
    }
    cases
}

/// Times are written as people do: `time: 2024-02-29T23:59:58Z`. Whether it is one, or no time at all.
fn read_time(name: &str, fact: &mut OwnedFact) -> bool {
    if !matches!(name, "time" | "received_at" | "first_seen" | "last_seen") {
        return true;
    }
    let OwnedFact::Str(text) = &*fact else {
        return matches!(fact, OwnedFact::Long(_) | OwnedFact::Null);
    };
    let read = chrono::DateTime::parse_from_rfc3339(text);
    read.is_ok_and(|time| {
        *fact = OwnedFact::Long(time.timestamp_millis());
        true
    })
}

/// What every event and signal has, unless the test says otherwise (the first fact of a name counts).
fn defaults() -> impl Iterator<Item = (String, OwnedFact)> {
    let empty = ["title", "text", "author", "lang", "url", "severity"].map(|name| (name, OwnedFact::Null));
    let lists = ["cashtags", "hashtags", "urls", "tags", "addresses"];
    let lists = lists.map(|name| (name, OwnedFact::StrList(Vec::new())));
    let counts = [("evidence_count", 1), ("source_count", 1), ("suppressed", 0)];
    let counts = counts.map(|(name, count)| (name, OwnedFact::Long(count)));
    let state = [("state", OwnedFact::Str("candidate".to_owned()))];
    empty
        .into_iter()
        .chain(lists)
        .chain(counts)
        .chain(state)
        .map(|(name, fact)| (name.to_owned(), fact))
}

/// Runs the `tests:` of the rule files: the rules of both scopes on the facts given, points added up.
pub fn run_tests(rules: &RuleSet) -> Vec<TestOutcome> {
    rules.cases.iter().map(|case| run(rules, case)).collect()
}

fn run(rules: &RuleSet, case: &Case) -> TestOutcome {
    let scorings = [Scope::Event, Scope::Signal].map(|scope| rules.score(&case.given, scope));
    let score: f64 = scorings.iter().map(|scoring| scoring.score).sum();
    let of_rules = scorings
        .iter()
        .flat_map(|scoring| &scoring.reasons)
        .filter(|reason| rules.has_rule(&reason.rule));
    let reasons: Vec<String> = of_rules.clone().map(|reason| reason.text.clone()).collect();
    let matched: Vec<String> = of_rules.map(|reason| reason.rule.clone()).collect();
    let unknown: Vec<String> = scorings
        .iter()
        .flat_map(|scoring| scoring.unknown.clone())
        .collect();
    let mut failures: Vec<String> = case
        .refused
        .iter()
        .map(|why| format!("there is no such event: {why}"))
        .collect();
    if let Some(wanted) = case.score.filter(|wanted| (wanted - score).abs() > 1e-9) {
        failures.push(format!("score is {score}, expected {wanted}"));
    }
    if let Some(wanted) = case
        .level
        .as_deref()
        .filter(|wanted| *wanted != rules.level_for(score))
    {
        failures.push(format!("level is {}, expected {wanted}", rules.level_for(score)));
    }
    failures.extend(differs("rules", &matched, case.matched.as_ref()));
    failures.extend(differs("unknown", &unknown, case.unknown.as_ref()));
    failures.extend(differs("reasons", &reasons, case.reasons.as_ref()));
    TestOutcome {
        file: case.file.clone(),
        line: case.line,
        name: case.name.clone(),
        failures,
    }
}
