//! A set of rule files, compiled: what the scorer and the enricher score with. No I/O, no clock.

use model::Reason as ModelReason;

use super::cases::Case;
use super::index::Index;
use super::levels::{self, Levels};
use super::rule::{self, Rule};
use crate::condition::{Condition, Values, Variables};
use crate::error::{Fault, RuleError};
use crate::fact::{Fact, Facts};
use crate::file::{Reader, Source, read_all};
use crate::names::Scope;

const FILE_KEYS: &[&str] = &[
    "version",
    "description",
    "groups",
    "levels",
    "scoring",
    "missing_map",
    "tests",
];
const MAX_RULES: usize = 10_000;

/// Compiled scoring rules.
#[derive(Debug)]
pub struct RuleSet {
    variables: Variables,
    rules: Vec<Rule>,
    missing: Vec<Missing>,
    index: Index,
    levels: Levels,
    version: String,
    pub(super) cases: Vec<Case>,
}

/// `missing_map`: a reason without points, for what is not known.
#[derive(Debug)]
struct Missing {
    id: String,
    condition: Condition,
    reason: rule::Reason,
}

/// What the rules of one scope say about an event or signal.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scoring {
    /// Sum of the points of the rules that matched.
    pub score: f64,
    /// The level of that sum alone; across scopes use [`RuleSet::level_for`] on the total.
    pub level: String,
    /// Why: rules in order of their group's priority, then of the file; notes on missing data last.
    pub reasons: Vec<ModelReason>,
    /// Names that some condition needed and nobody knew.
    pub unknown: Vec<String>,
    /// How many rules matched; 0 means that no rule has anything to say.
    pub matched: usize,
}

impl RuleSet {
    /// Compiles rule files, given as names and texts; `env` answers `${VAR:default}`.
    ///
    /// Every mistake of every file is reported, not only the first.
    pub fn parse(
        files: &[(&str, &str)],
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<RuleError>> {
        let mut errors = Vec::new();
        let (sources, version) = read_all(files, env, &mut errors);
        let mut draft = Draft::default();
        for source in &sources {
            draft.read(source, &mut errors);
        }
        draft.rules.sort_by(|a, b| b.priority.total_cmp(&a.priority));
        if !errors.is_empty() {
            return Err(errors);
        }
        let index = Index::new(&draft.rules);
        let levels = draft.levels.map_or_else(Levels::default, |(levels, _)| levels);
        let Draft {
            variables,
            rules,
            missing,
            cases,
            ..
        } = draft;
        Ok(Self {
            variables,
            rules,
            missing,
            index,
            levels,
            version,
            cases,
        })
    }

    /// Decides the rules of one scope.
    pub fn score(&self, facts: &dyn Facts, scope: Scope) -> Scoring {
        let values = self.variables.over(facts);
        let event_type = match facts.get("type") {
            Some(Fact::Str(name)) => Some(name),
            _ => None,
        };
        let mut scoring = Scoring::default();
        for rule in self
            .index
            .rules(scope, event_type)
            .iter()
            .filter_map(|at| self.rules.get(*at))
        {
            match rule.condition.decide(&values) {
                Some(true) => {
                    scoring.score += rule.points;
                    scoring.matched += 1;
                    let text = rule.reason.text(&values);
                    scoring.reasons.push(ModelReason {
                        rule: rule.id.clone(),
                        points: rule.points,
                        text,
                    });
                }
                Some(false) => {}
                None => self.note_unknown(&rule.condition, &values, &mut scoring.unknown),
            }
        }
        self.note_missing(scope, &values, &mut scoring);
        self.level_for(scoring.score).clone_into(&mut scoring.level);
        scoring
    }

    fn note_unknown(&self, condition: &Condition, values: &Values<'_>, unknown: &mut Vec<String>) {
        for slot in condition.named.iter().filter(|slot| values.is_null(**slot)) {
            let name = self.variables.name(*slot);
            if !unknown.iter().any(|known| known == name) {
                unknown.push(name.to_owned());
            }
        }
    }

    fn note_missing(&self, scope: Scope, values: &Values<'_>, scoring: &mut Scoring) {
        for missing in self
            .missing
            .iter()
            .filter(|missing| missing.condition.scope == scope)
        {
            if missing.condition.decide(values) == Some(true) {
                let text = missing.reason.text(values);
                scoring.reasons.push(ModelReason {
                    rule: missing.id.clone(),
                    points: 0.0,
                    text,
                });
            }
        }
    }

    /// The level of a score.
    pub fn level_for(&self, score: f64) -> &str {
        self.levels.of(score)
    }

    /// The levels.
    pub fn levels(&self) -> &Levels {
        &self.levels
    }

    /// Hash of the files and of what the environment put into them, as lower hex: which rules a score
    /// was made by.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is no rule at all.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Identifiers of the rules of one scope, in the order they are decided.
    pub fn rule_ids(&self, scope: Scope) -> impl Iterator<Item = &str> {
        self.rules
            .iter()
            .filter(move |rule| rule.condition.scope == scope)
            .map(|rule| rule.id.as_str())
    }
}

/// A rule set while its files are read.
#[derive(Default)]
struct Draft {
    variables: Variables,
    rules: Vec<Rule>,
    missing: Vec<Missing>,
    levels: Option<(Levels, String)>,
    cases: Vec<Case>,
}

impl Draft {
    fn read(&mut self, source: &Source<'_>, errors: &mut Vec<RuleError>) {
        let reader = &mut Reader {
            file: source.name,
            errors,
        };
        let Some(root) = reader.fields(&source.root, "a rule file", FILE_KEYS) else {
            return;
        };
        let rules = rule::read_groups(reader, &root, &mut self.variables);
        for rule in rules {
            self.add_rule(reader, rule);
        }
        if let Some(levels) = levels::read(reader, &root) {
            match &self.levels {
                Some((_, first)) => reader.fail(
                    root.place,
                    Fault::Duplicate {
                        what: "set of",
                        name: "levels".to_owned(),
                        first: first.clone(),
                    },
                ),
                None => self.levels = Some((levels, source.name.to_owned())),
            }
        }
        self.read_missing_map(reader, &root);
        self.cases.extend(super::cases::read(reader, &root));
    }

    fn add_rule(&mut self, reader: &mut Reader<'_>, rule: Rule) {
        if let Some(first) = self.rules.iter().find(|known| known.id == rule.id) {
            let first = format!("{}:{}", first.file, first.place.line);
            reader.fail(
                rule.place,
                Fault::Duplicate {
                    what: "rule",
                    name: rule.id,
                    first,
                },
            );
        } else if self.rules.len() == MAX_RULES {
            reader.fail(
                rule.place,
                Fault::TooBig {
                    what: "the number of rules",
                    limit: MAX_RULES,
                },
            );
        } else {
            self.rules.push(rule);
        }
    }

    fn read_missing_map(&mut self, reader: &mut Reader<'_>, root: &crate::file::Fields<'_>) {
        let Some(node) = root.get("missing_map") else {
            return;
        };
        let crate::node::Yaml::Map(entries) = &node.value else {
            let wanted = "a mapping of names to conditions with reasons";
            return reader.fail(
                node.place,
                Fault::WrongKind {
                    key: "missing_map".to_owned(),
                    wanted,
                },
            );
        };
        for (key, value) in entries {
            let known = &["when", "condition", "reason"];
            let Some(fields) = reader.fields(value, "an entry of `missing_map`", known) else {
                continue;
            };
            let condition = rule::read_condition(reader, &fields, &mut self.variables);
            let reason = match fields.get("reason") {
                Some(node) => rule::read_reason(reader, node, &mut self.variables),
                None => reader.missing(&fields, "reason"),
            };
            if let (Some(condition), Some(reason)) = (condition, reason) {
                let id = format!("missing.{}", key.text().unwrap_or_default());
                self.missing.push(Missing {
                    id,
                    condition,
                    reason,
                });
            }
        }
    }
}
