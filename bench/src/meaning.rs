//! `meaning`: what it costs to understand an event and to score it. Floor and ours in one run.

mod json;
mod normalize;
mod rules;

use crate::{machine, say};
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
    let parsing = json::measure(rounds)?;
    say(format_args!("{}.", machine::line()));
    say(format_args!("{:<52} {:>10} {:>10}", "what", "is", "wanted"));
    row(
        "normalize a post of 200 characters, µs of CPU",
        normalize.micros,
        "≤ 60",
    );
    row("resident memory of it, MiB", normalize.resident_mib, "≤ 64");
    row(
        "100 rules that all apply and match, µs an event",
        scoring.micros,
        "≤ 20",
    );
    row("the same 100 conditions by plain cel, µs", scoring.cel_micros, "");
    row("the rules that ship, µs a post", scoring.shipped_micros, "");
    row("JSON of events, MB/s", parsing.ours, "");
    row("the same by sonic-rs, MB/s", parsing.sonic, "");
    row("the same by simd-json, MB/s", parsing.simd, "");
    row("the same by serde_json, MB/s", parsing.serde, "");
    row(
        "JSON beside the faster of sonic-rs and simd-json",
        parsing.ratio,
        "≥ 0.8",
    );
    say(json!({
        "bench": "meaning",
        "date": machine::date(),
        "commit": machine::commit(),
        "normalize_us": round(normalize.micros),
        "normalizer_rss_mib": round(normalize.resident_mib),
        "rules100_us": round(scoring.micros),
        "rules100_cel_us": round(scoring.cel_micros),
        "rules_shipped_us": round(scoring.shipped_micros),
        "json_vs_floor": round(parsing.ratio),
        "json_mb_s": round(parsing.ours),
        "json_sonic_mb_s": round(parsing.sonic),
        "json_simd_mb_s": round(parsing.simd),
        "json_serde_mb_s": round(parsing.serde),
    }));
    Ok(())
}

fn row(what: &str, is: f64, wanted: &str) {
    say(format_args!("{what:<52} {is:>10.2} {wanted:>10}"));
}

fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
