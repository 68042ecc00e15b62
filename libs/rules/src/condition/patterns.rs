//! The regular expressions of a rule set: each compiled once, all of them within one budget, because few letters can
//! make a large program (`\w{200}`). No I/O.

use std::collections::HashMap;

use regex::{Regex, RegexBuilder};

use super::compile::Problem;
use crate::error::Fault;

/// Bytes of program that one pattern may take: the first size that suffices is charged.
const SIZES: [usize; 5] = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];
/// Bytes of all patterns of a rule set.
const BUDGET: usize = 16 << 20;
/// Bytes that one pattern may remember of the texts it met.
const REMEMBERED: usize = 128 << 10;

/// The patterns compiled so far.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    known: HashMap<String, Regex>,
    charged: usize,
}

impl Patterns {
    /// The compiled pattern, or why there can be none.
    pub(super) fn compile(&mut self, pattern: &str) -> Result<Regex, Problem> {
        if let Some(known) = self.known.get(pattern) {
            return Ok(known.clone());
        }
        let (regex, size) = smallest(pattern)?;
        self.charged += size;
        if self.charged > BUDGET {
            return Err(Fault::TooBig {
                what: "the size of all patterns in matches(), compiled,",
                limit: BUDGET,
            }
            .into());
        }
        self.known.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    }
}

fn smallest(pattern: &str) -> Result<(Regex, usize), Problem> {
    let mut problem = None;
    for size in SIZES {
        let built = RegexBuilder::new(pattern)
            .size_limit(size)
            .dfa_size_limit(REMEMBERED)
            .build();
        match built {
            Ok(regex) => return Ok((regex, size)),
            Err(error @ regex::Error::CompiledTooBig(_)) => problem = Some(error),
            Err(error) => return Err(Problem::Says(format!("in matches(): {error}"))),
        }
    }
    let problem = problem.map_or_else(|| "is too big".to_owned(), |error| error.to_string());
    Err(Problem::Says(format!("in matches(): {problem}")))
}
