//! A set of detection rules, and asking them about one event. No I/O, no clock.

use std::collections::HashMap;

use super::alert::AlertRule;
use super::case::{self, DetectionCase};
use super::habit::{BaselineRule, RareRule};
use super::measure::{Brings, Measures};
use super::rule::{ANY_TYPE, DetectionRule};
use super::sequence::SequenceRule;
use crate::condition::{Values, Variables};
use crate::error::{Fault, RuleError};
use crate::fact::{Fact, Facts};
use crate::file::{Fields, Reader, read_all, vocabulary};
use crate::template::shown;

pub(crate) const FILE_KEYS: &[&str] = &[
    "version",
    "description",
    "lists",
    "tables",
    "derived",
    "detections",
    "alerts",
    "tests",
];
const MAX_RULES: usize = 1000;

/// Between the parts of a group's key; the cleaning of events leaves no such character in a subject.
const SEPARATOR: char = '\u{1f}';

/// Compiled detection rules.
#[derive(Debug, Default)]
pub struct DetectionRules {
    variables: Variables,
    rules: Vec<DetectionRule>,
    by_type: HashMap<String, Vec<usize>>,
    /// The rules that look at all types.
    of_any: Vec<usize>,
    has_patterns: bool,
    cases: Vec<DetectionCase>,
    version: String,
}

impl DetectionRules {
    /// Compiles detection files, given as names and texts; `env` answers `${VAR:default}`. Every mistake
    /// of every file is reported.
    pub fn parse(
        files: &[(&str, &str)],
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<RuleError>> {
        let mut errors = Vec::new();
        let (sources, version) = read_all(files, env, &mut errors);
        let mut roots = Vec::with_capacity(sources.len());
        for source in &sources {
            let mut reader = Reader {
                file: source.name,
                errors: &mut errors,
            };
            roots.extend(
                reader
                    .fields(&source.root, "a detection file", FILE_KEYS)
                    .map(|root| (source.name, root)),
            );
        }
        let mut set = Self {
            variables: vocabulary(&roots, &mut errors),
            version,
            ..Self::default()
        };
        for (file, root) in &roots {
            let errors = &mut errors;
            set.read(&mut Reader { file, errors }, root);
        }
        set.index();
        if errors.is_empty() { Ok(set) } else { Err(errors) }
    }

    fn index(&mut self) {
        let looks_at = |rule: &DetectionRule, name: &str| {
            rule.types.iter().any(|known| known == name || known == ANY_TYPE)
        };
        let rules = || self.rules.iter().enumerate();
        let of = |name: &str| {
            let looking = rules().filter(|(_, rule)| looks_at(rule, name));
            looking.map(|(at, _)| at).collect::<Vec<_>>()
        };
        let names = self.rules.iter().flat_map(|rule| &rule.types);
        self.by_type = names.map(|name| (name.clone(), of(name))).collect();
        self.of_any = of(ANY_TYPE);
        self.has_patterns = self.rules.iter().any(|rule| rule.pattern.is_some());
    }

    fn read(&mut self, reader: &mut Reader<'_>, root: &Fields<'_>) {
        let (detections, alerts) = (reader.list(root, "detections"), reader.list(root, "alerts"));
        for node in detections.iter().chain(alerts) {
            let Some(rule) = DetectionRule::read(reader, node, &mut self.variables) else {
                continue;
            };
            if let Some(first) = self.rules.iter().find(|known| known.name == rule.name) {
                let first = format!("{}:{}", first.file, first.place.line);
                reader.fail(
                    rule.place,
                    Fault::Duplicate {
                        what: "detection",
                        name: rule.name,
                        first,
                    },
                );
            } else if self.rules.len() == MAX_RULES {
                reader.fail(
                    rule.place,
                    Fault::TooBig {
                        what: "the number of detections",
                        limit: MAX_RULES,
                    },
                );
            } else {
                self.rules.push(rule);
            }
        }
        self.cases.extend(case::read(reader, root));
    }

    /// Asks the rules about one event.
    pub fn ask<'a>(&'a self, facts: &'a dyn Facts) -> Inquiry<'a> {
        let event_type = match facts.get("type") {
            Some(Fact::Str(name)) => name,
            _ => "",
        };
        let rules = self.by_type.get(event_type).unwrap_or(&self.of_any).as_slice();
        Inquiry {
            set: self,
            rules,
            values: (!rules.is_empty()).then(|| self.variables.over(facts)),
        }
    }

    /// Whether some rule looks at events of this type.
    pub fn watches(&self, event_type: &str) -> bool {
        !self.of_any.is_empty() || self.by_type.contains_key(event_type)
    }

    /// Whether some rule does more than count.
    pub fn has_patterns(&self) -> bool {
        self.has_patterns
    }

    /// The rule of this name.
    pub fn named(&self, name: &str) -> Option<&DetectionRule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// Whether the condition of an alert holds for what was measured; what is not known does not hold.
    pub fn holds(&self, alert: &AlertRule, measured: &dyn Facts) -> bool {
        alert.condition.decide(&self.variables.over(measured)) == Some(true)
    }

    /// The description of a detection that no single event tipped, or of one with values that the event does not have.
    pub fn describe(&self, rule: &DetectionRule, facts: &dyn Facts, extras: &[(&str, &str)]) -> String {
        rule.description.render(&self.variables.over(facts), extras)
    }

    /// Hash of the files and of what the environment put into them, as lower hex.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(crate) const fn variables(&self) -> &Variables {
        &self.variables
    }

    /// All rules, in the order of the files.
    pub fn rules(&self) -> &[DetectionRule] {
        &self.rules
    }

    /// The tests beside the rules.
    pub fn cases(&self) -> &[DetectionCase] {
        &self.cases
    }
}

/// The rules that look at one event.
pub struct Inquiry<'a> {
    set: &'a DetectionRules,
    rules: &'a [usize],
    values: Option<Values<'a>>,
}

/// What one rule says about one event.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// The rule.
    pub rule: &'a DetectionRule,
    /// Whether the event counts; for a streak, `false` ends it.
    pub counts: bool,
}

impl<'a> Inquiry<'a> {
    /// What each rule says; a rule whose condition is unknown says nothing.
    pub fn observations(&self) -> impl Iterator<Item = Observation<'a>> + use<'_, 'a> {
        let rules = self.rules.iter().filter_map(|at| self.set.rules.get(*at));
        rules.filter_map(|rule| {
            let values = self.values.as_ref()?;
            let counts = rule
                .condition
                .as_ref()
                .map_or(Some(true), |condition| condition.decide(values))?;
            Some(Observation { rule, counts })
        })
    }

    /// What the event brings to the measures of a rule, in the order of the aggregates.
    pub fn brings(&self, measures: &Measures) -> Vec<Brings> {
        let values = self.values.as_ref();
        values.map_or_else(Vec::new, |values| measures.brings(values))
    }

    /// The number of an event that a baseline judges; `None` where it has none, or windows give the numbers.
    pub fn number(&self, rule: &BaselineRule) -> Option<f64> {
        rule.number(self.values.as_ref()?)
    }

    /// The value of an event that may be rare; `None` where it is not known.
    pub fn item(&self, rule: &RareRule) -> Option<String> {
        rule.item(self.values.as_ref()?)
    }

    /// Whether an event is told of though too little is learnt to say what is rare.
    pub fn tells_unlearnt(&self, rule: &RareRule) -> bool {
        let values = self.values.as_ref();
        values.is_some_and(|values| rule.tells_unlearnt(values))
    }

    /// What an event of this type is to a sequence; 0 where it is nothing.
    pub fn roles(&self, rule: &SequenceRule, kind: &str) -> windows::Roles {
        let values = self.values.as_ref();
        values.map_or(0, |values| rule.roles(kind, values))
    }

    /// What the rule keeps apart within a subject: its `group_by` values, or nothing.
    pub fn group(&self, rule: &DetectionRule) -> String {
        let mut group = String::new();
        for slot in &rule.group_by {
            group.push(SEPARATOR);
            match self.values.as_ref().and_then(|values| values.get(*slot)) {
                None | Some(Fact::Null | Fact::StrList(_) | Fact::Addresses(_)) => {}
                Some(Fact::Bool(value)) => group.push_str(if value { "true" } else { "false" }),
                Some(Fact::Long(value)) => group.push_str(&value.to_string()),
                Some(Fact::Double(value)) => group.push_str(&value.to_string()),
                Some(Fact::Str(text) | Fact::Beginning(text)) => group.push_str(text),
                Some(fact @ (Fact::Decimal(_) | Fact::Moment(_) | Fact::Span(_))) => {
                    group.push_str(&shown(fact));
                }
            }
        }
        group
    }

    /// The rule's description with the values of the event and of the window.
    pub fn describe(&self, rule: &DetectionRule, count: usize) -> String {
        let (count, threshold) = (count.to_string(), rule.threshold.to_string());
        let extras = [
            ("count", count.as_str()),
            ("threshold", &threshold),
            ("window", &rule.window_text),
        ];
        self.values
            .as_ref()
            .map_or_else(String::new, |values| rule.description.render(values, &extras))
    }
}
