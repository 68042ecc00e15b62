//! A set of rule files, compiled: what the scorer and the enricher score with. No I/O, no clock.

use model::Reason as ModelReason;

use super::adjust::Adjust;
use super::cases::Case;
use super::draft::Draft;
use super::group::Group;
use super::index::Index;
use super::levels::Levels;
use super::outcome::{Coverage, Scoring, Shadow};
use super::reason::Reason;
use super::rule::Rule;
use super::tally::Tally;
use crate::condition::{Condition, Values, Variables};
use crate::error::RuleError;
use crate::fact::{Fact, Facts};
use crate::file::read_all;
use crate::names::Scope;

/// Compiled scoring rules.
#[derive(Debug)]
pub struct RuleSet {
    pub(crate) variables: Variables,
    pub(crate) groups: Vec<Group>,
    pub(crate) rules: Vec<Rule>,
    pub(super) missing: Vec<Missing>,
    pub(super) index: Index,
    pub(crate) levels: Levels,
    /// The file that the levels stand in, unless they are the usual ones.
    pub(super) levels_file: Option<String>,
    pub(super) adjust: Adjust,
    pub(super) version: String,
    pub(super) cases: Vec<Case>,
}

/// `missing_map`: a reason without points, for what is not known.
#[derive(Debug)]
pub(super) struct Missing {
    pub(crate) id: String,
    pub(super) condition: Condition,
    pub(crate) reason: Reason,
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
        let rules = Draft::read(&sources, &mut errors).finish(version);
        if errors.is_empty() { Ok(rules) } else { Err(errors) }
    }

    /// Decides the rules of one scope.
    pub fn score(&self, facts: &dyn Facts, scope: Scope) -> Scoring {
        let values = self.variables.over(facts);
        let mut scoring = Scoring::default();
        let mut trial = Trial::default();
        let subject = text(facts, "subject").unwrap_or_default();
        let rules = self.index.rules(scope, text(facts, "type"));
        for of_group in rules.chunk_by(|one, next| self.group_of(*one) == self.group_of(*next)) {
            let Some(group) = of_group
                .first()
                .and_then(|at| self.groups.get(self.group_of(*at)))
            else {
                continue;
            };
            let of_group = of_group.iter().filter_map(|at| self.rules.get(*at));
            let live = group.mode.counts_for(subject);
            let note = |rule: &Rule| {
                if live {
                    self.note_unknown(&rule.when.condition, &values, &mut scoring.unknown);
                }
            };
            let tally = Tally::of(group, of_group, &values, note);
            if live {
                scoring.add(tally);
            } else {
                trial.add(tally);
            }
        }
        self.note_missing(scope, &values, &mut scoring);
        scoring.shadow = trial.beside(scoring.score);
        if scope == Scope::Event {
            self.adjust.apply(facts, &mut scoring);
        }
        self.set_levels(&mut scoring);
        scoring
    }

    fn group_of(&self, rule: usize) -> usize {
        self.rules.get(rule).map_or(usize::MAX, |rule| rule.group)
    }

    fn set_levels(&self, scoring: &mut Scoring) {
        self.level_for(scoring.score).clone_into(&mut scoring.level);
        if let Some(shadow) = &mut scoring.shadow {
            self.level_for(shadow.score).clone_into(&mut shadow.level);
        }
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

    /// Whether any rule asks for the fact of this name.
    pub fn reads(&self, name: &str) -> bool {
        self.variables.has(name)
    }

    /// The level of a score.
    pub fn level_for(&self, score: f64) -> &str {
        self.levels.of(score)
    }

    /// The levels.
    pub fn levels(&self) -> &Levels {
        &self.levels
    }

    /// The file that the levels stand in; `otherwise` for the usual ones.
    pub(crate) fn levels_file<'a>(&'a self, otherwise: &'a str) -> &'a str {
        self.levels_file.as_deref().unwrap_or(otherwise)
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

    /// Whether there is a rule of this identifier; other reasons are notes, bounds and weights.
    pub(super) fn has_rule(&self, id: &str) -> bool {
        self.rules.iter().any(|rule| rule.id == id)
    }

    /// Identifiers of the rules of one scope, in the order they are decided.
    pub fn rule_ids(&self, scope: Scope) -> impl Iterator<Item = &str> {
        self.rules
            .iter()
            .filter(move |rule| rule.when.condition.scope == scope)
            .map(|rule| rule.id.as_str())
    }
}

impl Scoring {
    fn add(&mut self, tally: Tally) {
        self.score += tally.points;
        self.matched += tally.matched;
        self.reasons.extend(tally.reasons);
        self.verdict = self.verdict.max(tally.verdict);
        self.coverage.add(tally.coverage);
    }
}

impl Coverage {
    fn add(&mut self, more: Self) {
        self.decided += more.decided;
        self.undecided += more.undecided;
        self.could_add += more.could_add;
        self.could_take += more.could_take;
    }
}

/// The groups that do not count for this subject.
#[derive(Default)]
struct Trial {
    points: f64,
    reasons: Vec<ModelReason>,
}

impl Trial {
    fn add(&mut self, tally: Tally) {
        self.points += tally.points;
        self.reasons.extend(tally.reasons);
    }

    fn beside(self, score: f64) -> Option<Shadow> {
        (!self.reasons.is_empty()).then(|| Shadow {
            score: score + self.points,
            level: String::new(),
            reasons: self.reasons,
        })
    }
}

fn text<'a>(facts: &'a dyn Facts, name: &str) -> Option<&'a str> {
    match facts.get(name) {
        Some(Fact::Str(text)) => Some(text),
        _ => None,
    }
}
