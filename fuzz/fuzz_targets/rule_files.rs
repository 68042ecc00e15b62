//! Any text is a rule file or is refused with mistakes that say where; its form says what it said.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rules::{DetectionRules, RuleError, RuleSet, Scope};
use sluicebox_fuzz::{Counting, post, signal, within_bounds};

#[global_allocator]
static MEMORY: Counting = Counting;

fuzz_target!(|text: &str| {
    let env = |name: &str| (name == "SET").then(|| "5".to_owned());
    for name in ["rules.yml", "vip.txt", "tier.csv"] {
        let rules = within_bounds(text.len(), || RuleSet::parse(&[(name, text)], &env));
        let detections = within_bounds(text.len(), || DetectionRules::parse(&[(name, text)], &env));
        let formatted = within_bounds(text.len(), || rules::format(name, text));
        if let Ok(formatted) = &formatted {
            assert_eq!(rules::format(name, formatted).as_ref(), Ok(formatted), "the form of a form is another");
        }
        match (&rules, &formatted) {
            (Ok(rules), Ok(formatted)) => {
                let again = RuleSet::parse(&[(name, formatted)], &env);
                let again = again.unwrap_or_else(|errors| panic!("{}", rules::explain(&errors)));
                assert_eq!(scores(rules), scores(&again));
            }
            (Ok(_), Err(fault)) => assert!(fault.to_string().contains("indent it by hand"), "{fault}"),
            (Err(errors), _) => errors.iter().for_each(|error| points_into(text, error)),
        }
        if let Err(errors) = &detections {
            errors.iter().for_each(|error| points_into(text, error));
        }
    }
    let converted = within_bounds(text.len(), || rules::convert("rules.yml", text));
    if let Err(errors) = &converted {
        errors.iter().for_each(|error| points_into(text, error));
    }
    if text.len() < 2_000 {
        let _ = rules::lint(&[("rules.yml", text)], &env, None);
        let _ = rules::read_given(text);
    }
});

/// What an event and a signal get, without the hash of the text.
fn scores(rules: &RuleSet) -> String {
    format!("{:?}\n{:?}", rules.score(&post(), Scope::Event), rules.score(&signal(), Scope::Signal))
}

/// A mistake stands on a line of the text, or just behind its end.
fn points_into(text: &str, error: &RuleError) {
    let lines = text.split(['\n', '\r']).count();
    assert!(error.line >= 1 && error.line <= lines + 1, "{error}: there are {lines} lines");
    assert!(error.column >= 1, "{error}");
    assert!(!error.fault.to_string().is_empty());
}
