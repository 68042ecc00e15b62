//! What rules say about an event or a signal.

use model::Reason;

use super::rule::Verdict;

/// What the rules of one scope say about an event or signal.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scoring {
    /// The points: those of the live rules that are true, weighted, within the bounds of their groups.
    pub score: f64,
    /// The level of that sum alone; across scopes use [`crate::RuleSet::level_for`] on the total.
    pub level: String,
    /// Why: rules in order of their group's priority, then of the file; notes on missing data last. The points of all
    /// reasons add up to the score.
    pub reasons: Vec<Reason>,
    /// Names that some condition needed and nobody knew.
    pub unknown: Vec<String>,
    /// How many live rules matched; 0 means that no rule has anything to say.
    pub matched: usize,
    /// How much of it rests on what is known.
    pub coverage: Coverage,
    /// What rules say about the signal's state; a downgrade outweighs an upgrade.
    pub verdict: Option<Verdict>,
    /// What rules on trial would have changed; `None` when none of them matched.
    pub shadow: Option<Shadow>,
}

/// How much of a score rests on what is known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Coverage {
    /// Rules that were true or false.
    pub decided: usize,
    /// Rules that were neither, because something they name is not known.
    pub undecided: usize,
    /// How many points the score could be higher, were everything known.
    pub could_add: f64,
    /// How many points it could be lower; not above 0.
    pub could_take: f64,
}

/// What a score would be if the groups in shadow and canary mode counted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shadow {
    /// The score with them.
    pub score: f64,
    /// The level of that score.
    pub level: String,
    /// Their reasons alone.
    pub reasons: Vec<Reason>,
}
