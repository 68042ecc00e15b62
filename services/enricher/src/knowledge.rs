//! What a source said of one question, each fact with the time of its answer: a fact that spoke against a signal does not
//! stop doing so because the source is away, or because a later answer leaves it out. No I/O, no clock: time is passed in.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use model::{Facts, Millis, Value};
use serde::{Deserialize, Serialize};

/// Facts of one question at most.
const MOST: usize = 256;
/// Bytes of their names and values at most.
const LARGEST: usize = 64 * 1024;
/// The name, behind the prefix, of the age in seconds of the oldest fact, where not all are fresh.
const AGE: &str = "age_s";

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Knowledge(BTreeMap<String, Learned>);

/// A value, and when it was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Learned {
    value: Value,
    at: Millis,
}

impl Knowledge {
    /// What an answer says.
    pub(crate) fn of(answer: Facts, at: Millis) -> Self {
        let facts = answer.into_iter();
        Self(facts.map(|(name, value)| (name, Learned { value, at })).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over what the other knows beside, or knows from a later answer.
    pub(crate) fn join(&mut self, other: &Self) {
        for (name, theirs) in &other.0 {
            if self.0.get(name).is_none_or(|ours| ours.at < theirs.at) {
                self.0.insert(name.clone(), theirs.clone());
            }
        }
    }

    /// Hears an answer: what it says holds, whatever was said when.
    pub(crate) fn hear(&mut self, answer: &Self) {
        let said = answer.0.iter();
        self.0
            .extend(said.map(|(name, learned)| (name.clone(), learned.clone())));
    }

    /// Forgets what was said before `since`. What was said by a clock that was ahead counts as said now.
    pub(crate) fn forget(&mut self, since: Millis, now: Millis) {
        self.0.retain(|_, learned| {
            learned.at = learned.at.min(now);
            learned.at >= since
        });
    }

    /// Keeps as much as there is room for: what is `wanted` first, then what was said last. So nothing that an answer may
    /// hold beside it keeps out what is wanted.
    pub(crate) fn bound(&mut self, wanted: impl Fn(&str) -> bool) {
        let size = |name: &str, value: &Value| match value {
            Value::String(text) => name.len() + text.len(),
            _ => name.len() + size_of::<Value>(),
        };
        let (mut bytes, mut count) = (0, 0);
        let mut order: Vec<_> = self
            .0
            .iter()
            .map(|(name, learned)| {
                let size = size(name, &learned.value);
                (!wanted(name), Reverse(learned.at), name.clone(), size)
            })
            .collect();
        order.sort();
        for (_, _, name, size) in order {
            if count == MOST || bytes + size > LARGEST {
                self.0.remove(&name);
            } else {
                (count, bytes) = (count + 1, bytes + size);
            }
        }
    }

    /// Whether this says other things than `earlier`, or the same from answers that are later by more than `span`.
    pub(crate) fn is_news_to(&self, earlier: &Self, span: Millis) -> bool {
        let is_known = |(name, new): (&String, &Learned)| {
            let known = earlier.0.get(name);
            known.is_some_and(|old| old.value == new.value && new.at.saturating_sub(old.at) <= span)
        };
        self.0.len() != earlier.0.len() || !self.0.iter().all(is_known)
    }

    /// The facts; where one was said before `fresh`, with the age of the oldest at `now`.
    pub(crate) fn facts(&self, prefix: &str, fresh: Millis, now: Millis) -> Facts {
        let known = self.0.iter();
        let mut facts: Facts = known
            .map(|(name, learned)| (name.clone(), learned.value.clone()))
            .collect();
        let oldest = self.0.values().map(|learned| learned.at).min();
        if let Some(oldest) = oldest.filter(|oldest| *oldest < fresh) {
            let age = now.saturating_sub(oldest).max(0) / 1_000;
            facts.insert(format!("{prefix}.{AGE}"), Value::Long(age));
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Millis = 60_000;

    fn facts(list: &[(&str, i64)]) -> Facts {
        let list = list.iter();
        list.map(|(name, value)| (format!("market.{name}"), Value::Long(*value)))
            .collect()
    }

    fn said(list: &[(&str, i64)], at: Millis) -> Knowledge {
        Knowledge::of(facts(list), at)
    }

    #[test]
    fn what_was_said_once_stays_known_with_its_age() {
        let mut known = said(&[("honeypot", 1), ("price", 5)], 0);
        assert_eq!(
            known.facts("market", 0, 0),
            facts(&[("honeypot", 1), ("price", 5)])
        );
        known.join(&said(&[("price", 7)], MINUTE));
        let later = facts(&[("honeypot", 1), ("price", 7), ("age_s", 60)]);
        assert_eq!(known.facts("market", MINUTE, MINUTE), later);
        known.join(&said(&[("price", 5)], 0));
        assert_eq!(
            known.facts("market", MINUTE, MINUTE),
            later,
            "what is older is no news"
        );
        known.forget(MINUTE, MINUTE);
        assert_eq!(known.facts("market", MINUTE, MINUTE), facts(&[("price", 7)]));
    }

    #[test]
    fn a_clock_that_was_ahead_makes_no_fact_last() {
        let mut known = said(&[("price", 5), ("tax", 3)], 100 * MINUTE);
        known.forget(0, 2 * MINUTE);
        known.hear(&said(&[("price", 7)], MINUTE));
        known.forget(2 * MINUTE, 2 * MINUTE);
        assert_eq!(
            known.facts("market", 0, 0),
            facts(&[("tax", 3)]),
            "of the present"
        );
        known.forget(2 * MINUTE + 1, 3 * MINUTE);
        assert!(known.is_empty());
    }

    #[test]
    fn whatever_else_is_said_what_rules_ask_for_stays() {
        let junk = (0..1_000).map(|n| (format!("market.a{n}"), Value::Long(n)));
        let mut known = said(&[("honeypot", 1)], 0);
        known.join(&Knowledge::of(junk.collect(), MINUTE));
        let long = ("market.zz_tax".to_owned(), Value::from("x".repeat(1_000)));
        known.join(&Knowledge::of([long].into(), MINUTE));
        known.bound(|name| name.ends_with("honeypot") || name.ends_with("tax"));
        let facts = known.facts("market", 0, MINUTE);
        assert_eq!(facts.len(), MOST);
        assert!(facts.contains_key("market.honeypot") && facts.contains_key("market.zz_tax"));
    }

    #[test]
    fn the_bytes_are_bounded_too() {
        let long = (0..100).map(|n| (format!("market.a{n}"), Value::from("x".repeat(1_024))));
        let mut known = Knowledge::of(long.collect(), 0);
        known.bound(|_| false);
        assert!((50..64).contains(&known.0.len()), "{}", known.0.len());
    }

    #[test]
    fn the_same_said_again_is_news_after_a_while() {
        let old = said(&[("price", 5)], 0);
        assert!(old.is_news_to(&Knowledge::default(), MINUTE));
        assert!(!said(&[("price", 5)], MINUTE).is_news_to(&old, MINUTE));
        assert!(said(&[("price", 5)], MINUTE + 1).is_news_to(&old, MINUTE));
        assert!(said(&[("price", 6)], 1).is_news_to(&old, MINUTE));
        assert!(Knowledge::default().is_news_to(&old, MINUTE));
    }
}
