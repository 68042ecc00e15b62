//! Any text is a condition or is refused; a condition is decided of everything, the same way each time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rules::{FactList, OwnedFact, RuleSet, Scope, evaluate};
use sluicebox_fuzz::{Counting, post, signal, within_bounds};

#[global_allocator]
static MEMORY: Counting = Counting;

/// What is decided of a fact that is not there: such conditions may change their mind once it is.
const ASKS_WHETHER: &[&str] = &[
    "null", "has", "contains", "With", "matches", "Word", "lower", "size", "type", "dyn", "[", "{",
];

fuzz_target!(|text: &str| {
    let computed = within_bounds(text.len(), || evaluate(text, &facts()));
    assert_eq!(format!("{computed:?}"), format!("{:?}", evaluate(text, &facts())), "computed twice");
    if let Ok(known) = &computed
        && !ASKS_WHETHER.iter().any(|word| text.contains(word))
        && let Ok(Some(sooner)) = evaluate(text, &FactList::default())
    {
        assert_eq!(format!("{:?}", Some(sooner)), format!("{known:?}"), "known before its facts were");
    }
    let Ok(rules) = within_bounds(text.len(), || parse(&file(text))) else {
        return;
    };
    for (facts, scope) in [(&post() as &dyn rules::Facts, Scope::Event), (&signal(), Scope::Signal)] {
        let scoring = rules.score(facts, scope);
        assert!(scoring.score == 0.0 || scoring.score == 1.0);
        assert_eq!(format!("{scoring:?}"), format!("{:?}", rules.score(facts, scope)));
    }
    let formatted = rules::format("r.yml", &file(text)).expect("a rule file has a form");
    let again = parse(&formatted).expect("the form is a rule file");
    assert_eq!(
        format!("{:?}", rules.score(&post(), Scope::Event)),
        format!("{:?}", again.score(&post(), Scope::Event)),
        "{formatted}"
    );
});

fn parse(file: &str) -> Result<RuleSet, Vec<rules::RuleError>> {
    RuleSet::parse(&[("r.yml", file)], &|_| None)
}

/// One rule, whose condition is written so that tidying it is tried too.
fn file(condition: &str) -> String {
    let when = if condition.contains(['\'', '\n', '\r']) {
        serde_json::Value::from(condition).to_string()
    } else {
        format!("'{condition}'")
    };
    format!("groups:\n  - name: g\n    rules:\n      - {{id: r, score: 1, when: {when}, reason: r}}\n")
}

fn facts() -> FactList {
    FactList::default()
        .with("type", OwnedFact::Str("post".to_owned()))
        .with("time", OwnedFact::Long(1_709_251_198_765))
        .with("text", OwnedFact::Str("Binance lists $UNI".to_owned()))
        .with("data.a", OwnedFact::Long(3))
        .with("data.b", OwnedFact::Double(0.5))
        .with("data.ok", OwnedFact::Bool(true))
        .with("data.s", OwnedFact::Str("x".to_owned()))
        .with("cashtags", OwnedFact::StrList(vec!["UNI".to_owned()]))
}
