//! A rule set while its files are read: first what they name, then the rules that use it. No I/O.

use super::adjust::Adjust;
use super::cases::{self, Case};
use super::group::{Group, read_groups};
use super::index::Index;
use super::levels::{self, Levels};
use super::named_rules::NamedRules;
use super::reason::read_reason;
use super::rule::read_condition;
use super::rule_set::{Missing, RuleSet};
use crate::condition::Variables;
use crate::error::{Fault, RuleError};
use crate::file::{Fields, Reader, Source, vocabulary};

pub(crate) const FILE_KEYS: &[&str] = &[
    "version",
    "description",
    "language",
    "mode",
    "lists",
    "tables",
    "derived",
    "weights",
    "decay",
    "groups",
    "levels",
    "scoring",
    "missing_map",
    "tests",
];
pub(crate) const MISSING_KEYS: &[&str] = &["when", "condition", "reason"];

/// A rule set while its files are read.
#[derive(Default)]
pub(super) struct Draft {
    variables: Variables,
    groups: Vec<Group>,
    rules: NamedRules,
    missing: Vec<Missing>,
    levels: Option<(Levels, String)>,
    adjust: Adjust,
    cases: Vec<Case>,
    language: Option<String>,
}

impl Draft {
    /// Reads all files; every mistake goes to `errors`.
    pub(super) fn read(sources: &[Source<'_>], errors: &mut Vec<RuleError>) -> Self {
        let mut roots = Vec::with_capacity(sources.len());
        for source in sources {
            let mut reader = Reader {
                file: source.name,
                errors,
            };
            roots.extend(
                reader
                    .fields(&source.root, "a rule file", FILE_KEYS)
                    .map(|root| (source.name, root)),
            );
        }
        let mut draft = Self {
            variables: vocabulary(&roots, errors),
            ..Self::default()
        };
        for (file, root) in &roots {
            draft.read_file(&mut Reader { file, errors }, root);
        }
        draft
    }

    fn read_file(&mut self, reader: &mut Reader<'_>, root: &Fields<'_>) {
        read_groups(
            reader,
            root,
            &mut self.variables,
            &mut self.groups,
            &mut self.rules,
        );
        self.read_levels(reader, root);
        self.read_missing_map(reader, root);
        self.adjust.read(reader, root);
        self.language = self.language.take().or_else(|| reader.text(root, "language"));
        self.cases.extend(cases::read(reader, root, &mut self.variables));
    }

    /// The rule set in the order in which it is decided.
    pub(super) fn finish(mut self, version: String) -> RuleSet {
        let mut rules = self.rules.into_rules();
        rules.sort_by(|a, b| b.priority.total_cmp(&a.priority));
        if let Some(language) = &self.language {
            let reasons = rules.iter_mut().map(|rule| &mut rule.reason);
            let notes = self.missing.iter_mut().map(|missing| &mut missing.reason);
            reasons.chain(notes).for_each(|reason| reason.prefer(language));
        }
        let (levels, levels_file) = self.levels.unzip();
        RuleSet {
            index: Index::new(&rules),
            variables: self.variables,
            groups: self.groups,
            rules,
            missing: self.missing,
            levels: levels.unwrap_or_default(),
            levels_file,
            adjust: self.adjust,
            version,
            cases: self.cases,
        }
    }

    fn read_levels(&mut self, reader: &mut Reader<'_>, root: &Fields<'_>) {
        let Some(levels) = levels::read(reader, root) else {
            return;
        };
        match &self.levels {
            Some((_, first)) => reader.fail(
                root.place,
                Fault::Duplicate {
                    what: "set of",
                    name: "levels".to_owned(),
                    first: first.clone(),
                },
            ),
            None => self.levels = Some((levels, reader.file.to_owned())),
        }
    }

    fn read_missing_map(&mut self, reader: &mut Reader<'_>, root: &Fields<'_>) {
        let wanted = "a mapping of names to conditions with reasons";
        for (key, value) in reader.entries(root, "missing_map", wanted) {
            let Some(fields) = reader.fields(value, "an entry of `missing_map`", MISSING_KEYS) else {
                continue;
            };
            let when = read_condition(reader, &fields, &mut self.variables);
            let reason = match fields.get("reason") {
                Some(node) => read_reason(reader, node, &mut self.variables),
                None => reader.missing(&fields, "reason"),
            };
            if let (Some(when), Some(reason)) = (when, reason) {
                self.missing.push(Missing {
                    id: format!("missing.{}", key.text().unwrap_or_default()),
                    condition: when.condition,
                    reason,
                });
            }
        }
    }
}
