//! Whom one trusts and how fast news ages: weights by source and author, decay by age. Ages are those of the event when
//! it came in, so that the same event always has the same score. No I/O, no clock.

use std::collections::HashMap;

use model::Reason;

use super::outcome::Scoring;
use crate::fact::{Fact, Facts};
use crate::file::{Fields, Reader};
use crate::node::Yaml;

pub(crate) const WEIGHT_KEYS: &[&str] = &["source", "author"];
pub(crate) const DECAY_KEYS: &[&str] = &["half_life", "least"];
/// Scores after weighting are kept to thousandths.
const GRAIN: f64 = 1000.0;

/// How an event's score is weighted.
#[derive(Debug, Default)]
pub(super) struct Adjust {
    sources: HashMap<String, f64>,
    authors: HashMap<String, f64>,
    decay: Option<Decay>,
}

#[derive(Debug, Clone, Copy)]
struct Decay {
    half_life_ms: f64,
    least: f64,
}

impl Adjust {
    /// Reads `weights:` and `decay:` of one file.
    pub(super) fn read(&mut self, reader: &mut Reader<'_>, root: &Fields<'_>) {
        if let Some(weights) = root
            .get("weights")
            .and_then(|node| reader.fields(node, "`weights`", WEIGHT_KEYS))
        {
            self.sources.extend(read_weights(reader, &weights, "source"));
            self.authors.extend(read_weights(reader, &weights, "author"));
        }
        let Some(decay) = root
            .get("decay")
            .and_then(|node| reader.fields(node, "`decay`", DECAY_KEYS))
        else {
            return;
        };
        let half_life = reader.span_ms(&decay, "half_life");
        if decay.get("half_life").is_none() {
            reader.missing::<()>(&decay, "half_life");
        }
        let least = reader.number(&decay, "least").unwrap_or(0.0);
        if let Some(half_life) = half_life.filter(|span| *span > 0) {
            self.decay = Some(Decay {
                half_life_ms: half_life as f64,
                least: least.clamp(0.0, 1.0),
            });
        }
    }

    /// Weights a score; each weight that changes it becomes a reason with the points it adds or takes.
    pub(super) fn apply(&self, facts: &dyn Facts, scoring: &mut Scoring) {
        for (rule, weight, text) in self.factors(facts) {
            let before = scoring.score;
            scoring.score = grained(before * weight);
            scoring.coverage.could_add = grained(scoring.coverage.could_add * weight);
            scoring.coverage.could_take = grained(scoring.coverage.could_take * weight);
            if let Some(shadow) = &mut scoring.shadow {
                shadow.score = grained(shadow.score * weight);
            }
            let points = grained(scoring.score - before);
            if points != 0.0 {
                scoring.reasons.push(Reason {
                    rule: rule.to_owned(),
                    points,
                    text,
                });
            }
        }
    }

    fn factors(&self, facts: &dyn Facts) -> Vec<(&'static str, f64, String)> {
        let mut factors = Vec::new();
        for (name, weights, rule) in [
            ("source", &self.sources, "weight.source"),
            ("author", &self.authors, "weight.author"),
        ] {
            if weights.is_empty() {
                continue;
            }
            if let Some((who, weight)) =
                text(facts, name).and_then(|who| weights.get(who).map(|weight| (who, *weight)))
            {
                factors.push((rule, weight, format!("{name} {who} counts {weight} times")));
            }
        }
        factors.extend(self.decay.and_then(|decay| decay.factor(facts)));
        factors
    }
}

impl Decay {
    fn factor(self, facts: &dyn Facts) -> Option<(&'static str, f64, String)> {
        let (Some(Fact::Long(time)), Some(Fact::Long(received))) =
            (facts.get("time"), facts.get("received_at"))
        else {
            return None;
        };
        let age = received.saturating_sub(time);
        if age <= 0 {
            return None;
        }
        let weight = grained((-(age as f64) / self.half_life_ms).exp2().max(self.least));
        Some((
            "decay",
            weight,
            format!("{} minutes old: counts {weight} times", age / 60_000),
        ))
    }
}

fn read_weights(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &'static str) -> HashMap<String, f64> {
    let Some(node) = fields.get(key) else {
        return HashMap::new();
    };
    let Yaml::Map(entries) = &node.value else {
        reader.wrong_kind(node, key, "a mapping of names to numbers");
        return HashMap::new();
    };
    let mut weights = HashMap::new();
    for (name, value) in entries {
        let weight = value.text().and_then(|text| text.trim().parse::<f64>().ok());
        match weight
            .filter(|weight| weight.is_finite() && *weight >= 0.0)
            .zip(name.text())
        {
            Some((weight, name)) => drop(weights.insert(name.to_owned(), weight)),
            None => reader.wrong_kind(value, name.text().unwrap_or(key), "a number from 0"),
        }
    }
    weights
}

fn text<'a>(facts: &'a dyn Facts, name: &str) -> Option<&'a str> {
    match facts.get(name) {
        Some(Fact::Str(text)) => Some(text),
        _ => None,
    }
}

fn grained(points: f64) -> f64 {
    let rounded = (points * GRAIN).round() / GRAIN;
    // Not -0.
    if rounded == 0.0 { 0.0 } else { rounded }
}
