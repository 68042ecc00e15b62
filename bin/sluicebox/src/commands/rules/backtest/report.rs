//! What a backtest found, for people and for programs.

use super::compared::{Compared, Example, Tally};
use crate::output::{BAD, GOOD, STRONG, say, styled};
use serde_json::{Value as Json, json};
use std::time::Duration;

/// Prints it. One event of `every` was scored.
pub(super) fn show(compared: &Compared, every: u64, as_json: bool) {
    if as_json {
        return say(json(compared, every));
    }
    let sampled = if every > 1 {
        format!(" (one of {every})")
    } else {
        String::new()
    };
    say(format_args!(
        "{} events{sampled} and {} signals scored by both",
        compared.events.scored, compared.signals.scored
    ));
    if compared.undecodable > 0 {
        say(format_args!(
            "{} records could not be read and were left out",
            compared.undecodable
        ));
    }
    tell("events, by what they say alone", &compared.events, compared);
    tell(
        "signals, by the facts that were known last",
        &compared.signals,
        compared,
    );
    let (live, candidate) = (
        each(compared.live_cost, compared),
        each(compared.candidate_cost, compared),
    );
    say(format_args!(
        "\ncost: {live:.2} µs now, {candidate:.2} µs then, each"
    ));
    say(format_args!(
        "{} would change",
        styled(STRONG, format_args!("{:.2} %", compared.changed_percent()))
    ));
}

fn tell(what: &str, tally: &Tally, compared: &Compared) {
    if tally.scored == 0 {
        return;
    }
    say(format_args!("\n{}", styled(STRONG, what)));
    say(format_args!(
        "  {:<16} {:>10} {:>10} {:>10}",
        "level", "now", "then", "change"
    ));
    let levels = compared
        .levels
        .iter()
        .filter_map(|level| Some((level, tally.levels.get(level)?)));
    for (level, (before, after)) in levels {
        let change = i128::from(*after) - i128::from(*before);
        say(format_args!(
            "  {level:<16} {before:>10} {after:>10} {change:>+10}"
        ));
    }
    for (name, kind) in tally.kinds() {
        if kind.count == 0 {
            continue;
        }
        let style = if matches!(name, "gained" | "raised") {
            GOOD
        } else {
            BAD
        };
        say(format_args!("  {}: {}", styled(style, name), kind.count));
        for example in &kind.examples {
            tell_example(example);
        }
    }
}

fn tell_example(example: &Example) {
    let Example {
        subject,
        text,
        before,
        after,
        rules,
    } = example;
    say(format_args!(
        "    {subject}: {} {} -> {} {}  {}",
        before.0,
        before.1,
        after.0,
        after.1,
        rules.join(" ")
    ));
    if !text.is_empty() {
        say(format_args!("      {text}"));
    }
}

fn each(cost: Duration, compared: &Compared) -> f64 {
    cost.as_secs_f64() * 1e6 / compared.scored.max(1) as f64
}

fn json(compared: &Compared, every: u64) -> Json {
    json!({
        "every": every,
        "undecodable": compared.undecodable,
        "events": tally_json(&compared.events),
        "signals": tally_json(&compared.signals),
        "live_us": each(compared.live_cost, compared),
        "candidate_us": each(compared.candidate_cost, compared),
        "changed_percent": compared.changed_percent(),
    })
}

fn tally_json(tally: &Tally) -> Json {
    let levels: serde_json::Map<String, Json> = tally
        .levels
        .iter()
        .map(|(level, (before, after))| (level.clone(), json!({"now": before, "then": after})))
        .collect();
    let kinds: serde_json::Map<String, Json> = tally
        .kinds()
        .into_iter()
        .map(|(name, kind)| {
            let examples: Vec<Json> = kind.examples.iter().map(example_json).collect();
            (
                name.to_owned(),
                json!({"count": kind.count, "examples": examples}),
            )
        })
        .collect();
    json!({"scored": tally.scored, "levels": levels, "changes": kinds})
}

fn example_json(example: &Example) -> Json {
    json!({"subject": example.subject, "text": example.text, "rules": example.rules,
        "now": {"score": example.before.0, "level": example.before.1},
        "then": {"score": example.after.0, "level": example.after.1}})
}
