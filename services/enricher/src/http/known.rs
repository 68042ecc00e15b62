//! What a source once said stays known, with its age: a fact that spoke against a signal does not stop doing so because
//! the source is away, or because a later answer leaves it out. Time is passed in.
//!
//! It is known as long as the process runs, for as many questions as the source's cache holds answers.

use std::sync::Arc;
use std::time::Instant;

use model::{Facts, Value};

/// The name, behind the prefix, of the age in seconds of the oldest fact that is not from the newest answer.
const AGE: &str = "age_s";

/// Answers by question, each fact with the time at which it was learned. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Known(moka::sync::Cache<String, Arc<[Learned]>>);

/// The name of a fact, its value, and when it was learned.
type Learned = (String, Value, Instant);

impl Known {
    pub(super) fn new(most: u64) -> Self {
        Self(moka::sync::Cache::new(most))
    }

    /// The answer, and what earlier ones said beside it.
    pub(super) fn learn(&self, question: &str, prefix: &str, answer: &Facts, now: Instant) -> super::Found {
        let earlier = self.0.get(question).unwrap_or_else(|| Arc::from([]));
        let new = answer
            .iter()
            .map(|(name, value)| (name.clone(), value.clone(), now));
        let old = earlier
            .iter()
            .filter(|(name, ..)| !answer.contains_key(name))
            .cloned();
        let all: Vec<_> = new.chain(old).take(super::facts::MAX_FACTS * 2).collect();
        let facts = aged(prefix, &all, now);
        if !all.is_empty() {
            self.0.insert(question.to_owned(), all.into());
        }
        super::Found::Facts(facts)
    }

    /// What the source said earlier, if it ever said anything.
    pub(super) fn recall(&self, question: &str, prefix: &str, now: Instant) -> Option<Facts> {
        let known = self.0.get(question)?;
        Some(aged(prefix, &known, now))
    }
}

/// The facts, and how old the oldest of them is unless all are new.
fn aged(prefix: &str, known: &[Learned], now: Instant) -> Facts {
    let oldest = known.iter().map(|(.., learned)| *learned).min().unwrap_or(now);
    let mut facts: Facts = known
        .iter()
        .map(|(name, value, _)| (name.clone(), value.clone()))
        .collect();
    if oldest < now {
        let seconds = now.saturating_duration_since(oldest).as_secs();
        let age = i64::try_from(seconds).unwrap_or(i64::MAX);
        facts.insert(format!("{prefix}.{AGE}"), Value::Long(age));
    }
    facts
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Found;
    use super::*;

    fn facts(list: &[(&str, i64)]) -> Facts {
        let list = list.iter();
        list.map(|(name, value)| (format!("market.{name}"), Value::Long(*value)))
            .collect()
    }

    #[test]
    fn what_was_said_once_stays_known_with_its_age() {
        let (known, start) = (Known::new(10), Instant::now());
        assert_eq!(known.recall("q", "market", start), None);
        let first = facts(&[("honeypot", 1), ("price", 5)]);
        assert_eq!(
            known.learn("q", "market", &first, start),
            Found::Facts(first.clone())
        );
        let later = start + Duration::from_mins(1);
        let remembered = facts(&[("honeypot", 1), ("price", 5), ("age_s", 60)]);
        assert_eq!(known.recall("q", "market", later), Some(remembered));
        let Found::Facts(both) = known.learn("q", "market", &facts(&[("price", 7)]), later) else {
            panic!("no facts")
        };
        assert_eq!(both, facts(&[("honeypot", 1), ("price", 7), ("age_s", 60)]));
        let Found::Facts(nothing) = known.learn("q", "market", &Facts::new(), later) else {
            panic!("no facts")
        };
        assert_eq!(nothing["market.honeypot"], Value::Long(1), "a 404 unsays nothing");
    }
}
