//! What a check found.

use crate::Place;
use std::fmt;

/// How many findings are kept whole; the others are counted.
const KEPT: usize = 20;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The id it is about, to be looked for everywhere; empty where there is none.
    pub id: String,
    /// The record it is about, if it is one record.
    pub place: Option<Place>,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) if self.id.is_empty() => write!(f, "{place}: {}", self.what),
            Some(place) => write!(f, "{} ({place}): {}", self.id, self.what),
            None if self.id.is_empty() => f.write_str(&self.what),
            None => write!(f, "{}: {}", self.id, self.what),
        }
    }
}

/// The outcome of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What was checked.
    pub check: String,
    /// How many things were looked at; zero means that the check proves nothing.
    pub seen: u64,
    /// The first things that are wrong.
    pub findings: Vec<Finding>,
    /// How many things are wrong.
    pub wrong: u64,
}

impl Verdict {
    /// A check that has looked at nothing yet.
    pub fn of(check: impl Into<String>) -> Self {
        Self {
            check: check.into(),
            seen: 0,
            findings: Vec::new(),
            wrong: 0,
        }
    }

    /// A check that somebody else made: of so many things these are wrong.
    pub fn told(check: impl Into<String>, seen: usize, wrong: &[String]) -> Self {
        let mut verdict = Self::of(check);
        verdict.saw(seen);
        for what in wrong {
            verdict.wrong("", None, what.as_str());
        }
        verdict
    }

    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.wrong == 0
    }

    pub(crate) fn saw(&mut self, things: usize) {
        self.seen += things as u64;
    }

    pub(crate) fn wrong(&mut self, id: impl Into<String>, place: Option<Place>, what: impl Into<String>) {
        self.wrong += 1;
        if self.findings.len() < KEPT {
            self.findings.push(Finding {
                id: id.into(),
                place,
                what: what.into(),
            });
        }
    }

    /// Counts one thing, and says what is wrong with it unless it is as it should be.
    pub(crate) fn expect(
        &mut self,
        right: bool,
        id: &str,
        place: Option<Place>,
        what: impl FnOnce() -> String,
    ) {
        self.saw(1);
        if !right {
            self.wrong(id, place, what());
        }
    }
}
