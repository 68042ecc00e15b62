//! The checks by name. Each has a page in docs/rules/lint.

/// A check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What it finds.
    pub finds: &'static str,
}

/// All checks.
pub const CHECKS: &[Check] = &[
    Check {
        name: "never-true",
        finds: "a condition that no event can make true",
    },
    Check {
        name: "always-true",
        finds: "a condition that no event can make false, and that is not simply `true`",
    },
    Check {
        name: "same-condition",
        finds: "two rules of one group with the same condition",
    },
    Check {
        name: "shadowed",
        finds: "a rule of an exclusive group that an earlier one always comes before",
    },
    Check {
        name: "never-tested",
        finds: "a rule that no test sees true",
    },
    Check {
        name: "never-refused",
        finds: "a rule that no test sees false",
    },
    Check {
        name: "half-tested",
        finds: "a side of a condition that tests see only one way",
    },
    Check {
        name: "no-points",
        finds: "a rule without points and without a verdict",
    },
    Check {
        name: "no-reason",
        finds: "a rule that does not say why",
    },
    Check {
        name: "missing-language",
        finds: "a reason without a language that other reasons have",
    },
    Check {
        name: "value-may-be-unknown",
        finds: "a reason with a value that its condition does not ask for",
    },
    Check {
        name: "no-id",
        finds: "a rule called after its place, which changes when rules move",
    },
    Check {
        name: "unused-name",
        finds: "a list, table or derived value that nothing names",
    },
    Check {
        name: "unreachable-level",
        finds: "a level that no sum of points reaches",
    },
    Check {
        name: "idle-bound",
        finds: "a cap or floor that the group's points never reach",
    },
    Check {
        name: "split-group",
        finds: "a bounded or exclusive group that two stages decide",
    },
    Check {
        name: "old-name",
        finds: "a flat name of the reference system where ours says more",
    },
    Check {
        name: "slow-condition",
        finds: "a condition that is decided by the slow way",
    },
    Check {
        name: "plain-pattern",
        finds: "a regular expression that is a plain text",
    },
    Check {
        name: "repeated-item",
        finds: "an item that a list has twice",
    },
    Check {
        name: "exact-fraction",
        finds: "a fraction that something must equal exactly",
    },
    Check {
        name: "empty-group",
        finds: "a group without rules",
    },
];
