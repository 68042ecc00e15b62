//! What scoring costs an event: `cargo run --release -p sluicebox-rules --example rules_cost [FILE…]`.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    reason = "a measuring program prints, and stops where it cannot go on"
)]

use std::hint::black_box;
use std::time::Instant;

use model::{Event, Value};
use rules::{RuleSet, Scope, explain};

const ROUNDS: u32 = 200_000;

fn main() {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let names = [
        "rules/scoring/tokens.yml",
        "rules/scoring/behaviour.yml",
        "rules/scoring/news.yml",
    ];
    let paths = if given.is_empty() {
        names.map(str::to_owned).to_vec()
    } else {
        given
    };
    let texts: Vec<(String, String)> = paths
        .into_iter()
        .map(|path| (path.clone(), std::fs::read_to_string(path).expect("a rule file")))
        .collect();
    let files: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    measure(
        "the files",
        &RuleSet::parse(&files, &|_| None).unwrap_or_else(|errors| panic!("{}", explain(&errors))),
    );
    for count in [10, 100] {
        let rules: Vec<String> = (0..count)
            .map(|at| {
                format!(
                    "{{when: \"data.amount > {at} and data.success == false or lang == 'x{at}'\", score: 1}}"
                )
            })
            .collect();
        let file = format!("groups: [{{name: g, rules: [{}]}}]", rules.join(", "));
        let rules = RuleSet::parse(&[("generated", &file)], &|_| None).expect("generated rules parse");
        measure(&format!("{count} rules that all apply"), &rules);
    }
}

fn measure(what: &str, rules: &RuleSet) {
    for (name, event) in [
        ("post", post()),
        ("login", behaviour("user.login")),
        ("click", behaviour("user.click")),
    ] {
        let start = Instant::now();
        let mut matched = 0;
        for _ in 0..ROUNDS {
            matched += rules.score(black_box(&event), Scope::Event).matched;
        }
        let nanos = start.elapsed().as_nanos() / u128::from(ROUNDS);
        println!(
            "{what:<28} {name:<6} {nanos:>6} ns an event, {} matched",
            matched / ROUNDS as usize
        );
    }
}

fn post() -> Event {
    let text = "Just spotted $PEPE breaking out! Volume is up 250% in the last hour and more exchanges are \
                looking at it. Contract below, do your own research before you ape in, friends. #crypto #meme";
    Event {
        kind: "post".to_owned(),
        text: Some(text.to_owned()),
        lang: Some("en".to_owned()),
        cashtags: vec!["PEPE".to_owned()],
        ..Event::default()
    }
}

fn behaviour(kind: &str) -> Event {
    let attributes = [
        ("amount", Value::Double(5000.0)),
        ("success", Value::Bool(true)),
        ("login_method", Value::String("password".to_owned())),
    ];
    let attributes = attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Event {
        kind: kind.to_owned(),
        attributes,
        ..Event::default()
    }
}
