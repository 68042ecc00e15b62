//! `meaning`: what it costs to understand an event and to score it. Floor and ours in one run.

mod normalize;
mod rules;

use crate::say;
use anyhow::Result;
use clap::Args;
use serde_json::json;

/// What understanding and scoring an event cost
#[derive(Args)]
pub(crate) struct MeaningArgs {
    /// Rounds of each measurement; the middle one counts
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

pub(crate) fn run(args: &MeaningArgs) -> Result<()> {
    let rounds = args.rounds.max(1);
    // Memory first, before others add theirs.
    let normalize = normalize::measure(rounds)?;
    let scoring = rules::measure(rounds)?;
    say(format_args!("{:<52} {:>10} {:>10}", "what", "is", "wanted"));
    say(format_args!(
        "{:<52} {:>10.1} {:>10}",
        "normalize a post of 200 characters, µs", normalize.micros, "60"
    ));
    say(format_args!(
        "{:<52} {:>10.1} {:>10}",
        "resident memory of it, MiB", normalize.resident_mib, "64"
    ));
    say(format_args!(
        "{:<52} {:>10.1} {:>10}",
        "100 rules that all apply and match, µs an event", scoring.micros, "20"
    ));
    say(format_args!(
        "{:<52} {:>10.1}",
        "the same 100 conditions by plain cel, µs", scoring.cel_micros
    ));
    say(format_args!(
        "{:<52} {:>10.2}",
        "the rules that ship, µs a post", scoring.shipped_micros
    ));
    say(json!({
        "normalize_us": normalize.micros,
        "normalizer_rss_mib": normalize.resident_mib,
        "rules100_us": scoring.micros,
        "rules100_cel_us": scoring.cel_micros,
        "rules_shipped_us": scoring.shipped_micros,
    }));
    Ok(())
}
