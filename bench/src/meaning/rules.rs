//! A hundred rules that all apply, and the same conditions evaluated by the `cel` crate alone: the floor.

use crate::median;
use crate::process::thread_seconds;
use ::rules::{RuleSet, Scope};
use anyhow::{Context as _, Result, anyhow};
use cel::{Context, Program};
use model::{Event, Value};
use std::hint::black_box;
use std::path::Path;

const EVENTS: u32 = 5_000;

/// Microseconds an event.
pub(super) struct Scoring {
    pub(super) micros: f64,
    pub(super) cel_micros: f64,
    pub(super) shipped_micros: f64,
}

pub(super) fn measure(rounds: usize) -> Result<Scoring> {
    let hundred = compiled(&[("hundred.yml".to_owned(), hundred())])?;
    let shipped = compiled(&shipped()?)?;
    let event = post();
    let matched = hundred.score(&event, Scope::Event).matched;
    anyhow::ensure!(matched == 100, "{matched} of 100 rules match");
    Ok(Scoring {
        micros: middle(rounds, || {
            _ = black_box(hundred.score(black_box(&event), Scope::Event));
        }),
        cel_micros: plain_cel(rounds)?,
        shipped_micros: middle(rounds, || {
            _ = black_box(shipped.score(black_box(&event), Scope::Event));
        }),
    })
}

/// Conditions as people write them: comparisons, membership, words, a missing value beside one that is there.
fn conditions() -> impl Iterator<Item = (String, String)> {
    (0..100).map(|at| {
        let ours = match at % 5 {
            0 => format!("data.amount > {at} and data.success == true"),
            1 => format!("type in ['post', 'news{at}']"),
            2 => format!("data.amount * 2 > {at} or lang == 'x{at}'"),
            3 => format!("text.contains('PEPE') and lang != 'x{at}'"),
            _ => format!("size(cashtags) > 0 and data.count >= {}", at / 10),
        };
        let theirs = ours
            .replace("data.", "data_")
            .replace(" and ", " && ")
            .replace(" or ", " || ");
        (ours, theirs)
    })
}

fn hundred() -> String {
    let rules = conditions()
        .map(|(condition, _)| format!("      - {{when: \"{condition}\", score: 1, reason: it holds}}\n"));
    format!("groups:\n  - name: g\n    rules:\n{}", rules.collect::<String>())
}

fn plain_cel(rounds: usize) -> Result<f64> {
    let programs = conditions()
        .map(|(_, theirs)| Program::compile(&theirs).map_err(|error| anyhow!("{theirs}: {error}")));
    let programs = programs.collect::<Result<Vec<_>>>()?;
    let mut context = Context::default();
    context.add_variable_from_value("type", "post");
    context.add_variable_from_value("lang", "en");
    context.add_variable_from_value("text", post().text.unwrap_or_default());
    context.add_variable_from_value("data_amount", 5000.0);
    context.add_variable_from_value("data_success", true);
    context.add_variable_from_value("data_count", 12_i64);
    context.add_variable_from_value("cashtags", vec!["PEPE"]);
    Ok(middle(rounds, || {
        for program in &programs {
            let _ = black_box(program.execute(&context));
        }
    }))
}

fn shipped() -> Result<Vec<(String, String)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/scoring");
    settings::texts(&folder).with_context(|| folder.display().to_string())
}

fn compiled(texts: &[(String, String)]) -> Result<RuleSet> {
    RuleSet::parse(&::rules::rule_files(texts), &|_| None)
        .map_err(|errors| anyhow!(::rules::explain(&errors)))
}

fn middle(rounds: usize, mut once: impl FnMut()) -> f64 {
    let round = |_| {
        let start = thread_seconds();
        for _ in 0..EVENTS {
            once();
        }
        (thread_seconds() - start) * 1e6 / f64::from(EVENTS)
    };
    median((0..rounds).map(round).collect())
}

fn post() -> Event {
    let text = "Just spotted $PEPE breaking out! Volume is up 250% in the last hour and more exchanges are \
                looking at it. Contract below, do your own research before you ape in, friends. #crypto #meme";
    let attributes = [
        ("amount".to_owned(), Value::Double(5000.0)),
        ("success".to_owned(), Value::Bool(true)),
        ("count".to_owned(), Value::Long(12)),
    ];
    Event {
        kind: "post".to_owned(),
        subject: "symbol:PEPE".to_owned(),
        text: Some(text.to_owned()),
        lang: Some("en".to_owned()),
        cashtags: vec!["PEPE".to_owned()],
        attributes: attributes.into_iter().collect(),
        ..Event::default()
    }
}
