//! The regular expressions of a rule set: each compiled once, all of them within one budget, because few letters can
//! make a large program (`\w{200}`). No I/O.

use std::collections::HashMap;
use std::sync::Arc;

use regex_automata::meta::{BuildError, Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;

use super::compile::Problem;
use super::re2;
use crate::error::Fault;

/// Bytes of program that one pattern may take; what is refused for its size is tried with the next.
const SIZES: [usize; 5] = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];
/// Bytes of all patterns of a rule set as the engine counts them; it takes some three times as much.
const BUDGET: usize = 4 << 20;
/// Bytes that one pattern may remember of the texts it met.
const REMEMBERED: usize = 128 << 10;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    text: String,
    /// In the engine's syntax.
    translated: String,
    regex: Regex,
}

impl Pattern {
    /// As it was written.
    pub(super) fn as_str(&self) -> &str {
        &self.0.text
    }

    /// In the syntax of the `regex` crate, with the meaning it has here.
    pub(super) fn translated(&self) -> &str {
        &self.0.translated
    }

    /// Whether it is found in the text.
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.regex.is_match(text)
    }
}

/// The patterns compiled so far.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    known: HashMap<String, Pattern>,
    charged: usize,
}

impl Patterns {
    /// The compiled pattern, or why there can be none.
    pub(super) fn compile(&mut self, text: &str) -> Result<Pattern, Problem> {
        if let Some(known) = self.known.get(text) {
            return Ok(known.clone());
        }
        if self.charged > BUDGET {
            return Err(Fault::TooBig {
                what: "the size of all patterns in matches(), compiled,",
                limit: BUDGET,
            }
            .into());
        }
        let translated =
            re2::translated(text).map_err(|error| Problem::Says(format!("in matches(): {error}")))?;
        let regex = smallest(&translated)?;
        self.charged += regex.memory_usage();
        let text = text.to_owned();
        let pattern = Pattern(Arc::new(Compiled {
            text,
            translated,
            regex,
        }));
        self.known.insert(pattern.as_str().to_owned(), pattern.clone());
        Ok(pattern)
    }
}

fn smallest(pattern: &str) -> Result<Regex, Problem> {
    let mut problem = None;
    for size in SIZES {
        match build(pattern, size) {
            Ok(regex) => return Ok(regex),
            Err(error) if error.size_limit().is_some() => problem = Some(error),
            Err(error) => return Err(says(&error)),
        }
    }
    Err(problem.map_or_else(
        || Problem::Says("in matches(): is too big".to_owned()),
        |error| says(&error),
    ))
}

/// What a condition asks is whether a text matches, so nothing is captured; and automata that would be built ahead cost
/// more than most patterns ever match.
fn build(pattern: &str, size: usize) -> Result<Regex, Box<BuildError>> {
    let config = Config::new()
        .nfa_size_limit(Some(size))
        .hybrid_cache_capacity(REMEMBERED)
        .which_captures(WhichCaptures::None)
        .onepass(false)
        .dfa(false);
    Regex::builder()
        .configure(config)
        .build(pattern)
        .map_err(Box::new)
}

fn says(error: &BuildError) -> Problem {
    let why = match (error.syntax_error(), error.size_limit()) {
        (Some(syntax), _) => syntax.to_string(),
        (None, Some(limit)) => format!("the pattern takes more than {limit} bytes, compiled"),
        (None, None) => error.to_string(),
    };
    Problem::Says(format!("in matches(): {why}"))
}
