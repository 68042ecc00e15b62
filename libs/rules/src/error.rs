//! What can be wrong with a rule file: where it is, what it is, how to mend it.

use std::fmt;

use crate::node::{Node, Place};

/// One mistake in one rule file. Lines and columns count from 1, as editors do.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleError {
    /// The name the file was given to the parser under.
    pub file: String,
    /// Line of the mistake.
    pub line: usize,
    /// Column of the mistake, in characters.
    pub column: usize,
    /// The mistake.
    pub fault: Fault,
}

impl fmt::Display for RuleError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}: {}", self.file, self.line, self.column, self.fault)
    }
}

impl std::error::Error for RuleError {}

/// The kinds of mistakes a rule file can have.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Fault {
    /// Not YAML at all.
    #[error("not valid YAML: {0}")]
    Yaml(String),
    /// Bigger, deeper or longer than a rule file may be.
    #[error("{what} is over the limit of {limit}; split the rules into several files or rules")]
    TooBig {
        /// What was measured.
        what: &'static str,
        /// The most there may be.
        limit: usize,
    },
    /// YAML features that rule files do without, because they can grow without bound.
    #[error("{0} are not allowed in rule files; write the value out")]
    Forbidden(&'static str),
    /// A key nobody reads: usually a slip of the pen.
    #[error("unknown key `{key}` in {place}; {}", hint.as_deref().map_or_else(|| format!("known keys: {known}"), |hint| format!("did you mean `{hint}`?")))]
    UnknownKey {
        /// The key as written.
        key: String,
        /// What the mapping is, with its article ("a rule").
        place: &'static str,
        /// The nearest known key, if one is near.
        hint: Option<String>,
        /// All known keys.
        known: String,
    },
    /// The same key twice in one mapping.
    #[error("key `{0}` is given twice; keep one")]
    DuplicateKey(String),
    /// A key that must be there.
    #[error("{place} needs the key `{key}`")]
    MissingKey {
        /// The key that is not there.
        key: &'static str,
        /// What the mapping is, with its article.
        place: &'static str,
    },
    /// A value of the wrong kind.
    #[error("`{key}` must be {wanted}")]
    WrongKind {
        /// The key whose value is wrong.
        key: String,
        /// What it must be, with its article.
        wanted: &'static str,
    },
    /// A condition that does not parse or can never be a condition.
    #[error("condition `{condition}`: {problem}")]
    Condition {
        /// The condition as written.
        condition: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A variable that no event and no signal has.
    #[error("unknown name `{name}`; {}", hint.as_deref().map_or_else(|| "event fields are bare (`type`, `text`), payload fields start with `data.`".to_owned(), |hint| format!("did you mean `{hint}`?")))]
    UnknownName {
        /// The name as written.
        name: String,
        /// The nearest known name, if one is near.
        hint: Option<String>,
    },
    /// Sides that cannot be compared, or a text function asked of something that is no text.
    #[error("condition `{condition}`: {problem}")]
    Type {
        /// The condition as written.
        condition: String,
        /// What does not fit, and what would.
        problem: String,
    },
    /// Derived values that need each other.
    #[error("derived values go in a circle: {}; break it at one of them", .0.join(" needs "))]
    Cycle(Vec<String>),
    /// Data of a test that no event can have.
    #[error("no event has such data: {0}")]
    Data(String),
    /// A table file that is not a table.
    #[error("not a table: {0}; the first line names the columns, the first column is the key")]
    Table(String),
    /// Windows over several subjects: the events of one are in one partition, those of several are not.
    #[error(
        "`by` would put the events of several subjects together, which are in different partitions; keep `group_by` for parts of a subject, or send events whose subject is what they are to be grouped by"
    )]
    Regroups,
    /// A kind of detection that cannot be computed as it is written.
    #[error("`{key}`: {problem}")]
    Detection {
        /// The key.
        key: String,
        /// What is wrong with its value, and what would do.
        problem: String,
    },
    /// A `{{ … }}` or `${…}` that does not close or names nothing.
    #[error("in `{text}`: {problem}")]
    Template {
        /// The text as written.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An environment variable without a value and without a default.
    #[error("environment variable {0} is not set and has no default; set it or write `${{{0}:default}}`")]
    UnsetVariable(String),
    /// Two rules, levels or detections of one name.
    #[error("{what} `{name}` is already defined in {first}; names must be unique")]
    Duplicate {
        /// What is defined twice.
        what: &'static str,
        /// Its name.
        name: String,
        /// File and line of the first.
        first: String,
    },
    /// Bounds of a group between which there is nothing.
    #[error("`cap` {cap} is below `floor` {floor}; a group's points lie between its floor and its cap")]
    Bounds {
        /// The most points.
        cap: f64,
        /// The least points.
        floor: f64,
    },
    /// There are too many mistakes to tell them all.
    #[error("there are more mistakes behind this one; mend those before it first")]
    More,
    /// Levels that contradict each other.
    #[error("levels: {0}")]
    Levels(&'static str),
}

impl Fault {
    /// Where the mistake stands within a condition's node, as near as it can be told.
    pub(crate) fn place_in(&self, node: &Node) -> Place {
        match self {
            Fault::UnknownName { name, .. } => node.place_of(name),
            _ => node.place,
        }
    }
}

/// All mistakes as one text, one a line.
pub fn explain(errors: &[RuleError]) -> String {
    errors
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
