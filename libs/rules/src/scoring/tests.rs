use super::*;
use crate::{FactList, Fault, OwnedFact, Scope};

fn no_env(_: &str) -> Option<String> {
    None
}

fn parse(text: &str) -> RuleSet {
    RuleSet::parse(&[("rules.yml", text)], &no_env)
        .unwrap_or_else(|errors| panic!("{}", crate::explain(&errors)))
}

fn errors(text: &str) -> Vec<String> {
    let errors = RuleSet::parse(&[("rules.yml", text)], &no_env).expect_err("must not load");
    errors.iter().map(ToString::to_string).collect()
}

fn text(text: &str) -> OwnedFact {
    OwnedFact::Str(text.to_owned())
}

const FILE: &str = r#"
groups:
  - name: late
    priority: 1
    rules:
      - {id: amount, when: "type == 'buy' && data.amount > 10", score: 5, reason: "{{ data.amount }} spent"}
      - {when: "text.contains('x')", score: 1.5}
  - name: early
    priority: 9
    rules:
      - id: risky
        when: "security.risk == 'red'"
        score: -10
        reason: {zh: 高风险, en: risky}
      - {id: base, when: "text is not null", score: 2, reason: has a text}
levels:
  - {name: low}
  - {name: high, from: 6}
missing_map:
  security: {condition: "security.risk is null", reason: not scanned}
"#;

#[test]
fn each_scope_decides_its_own_rules_by_priority() {
    let rules = parse(FILE);
    assert_eq!(
        rules.rule_ids(Scope::Event).collect::<Vec<_>>(),
        ["base", "amount", "late.2"]
    );
    assert_eq!(rules.rule_ids(Scope::Signal).collect::<Vec<_>>(), ["risky"]);
    let facts = FactList::default()
        .with("type", text("buy"))
        .with("text", text("x y"))
        .with("data.amount", OwnedFact::Long(11));
    let event = rules.score(&facts, Scope::Event);
    assert!(
        (event.score - 8.5).abs() < 1e-9 && event.matched == 3 && event.level == "high",
        "{event:?}"
    );
    assert_eq!(event.reasons[1].text, "11 spent");
    assert!(event.unknown.is_empty());
    let signal = rules.score(&facts, Scope::Signal);
    assert_eq!(signal.unknown, ["security.risk"]);
    assert_eq!(
        (
            signal.matched,
            signal.reasons[0].rule.as_str(),
            signal.reasons[0].text.as_str()
        ),
        (0, "missing.security", "not scanned")
    );
    let facts = facts.with("security.risk", text("red"));
    let signal = rules.score(&facts, Scope::Signal);
    assert_eq!((signal.score, signal.reasons[0].text.as_str()), (-10.0, "risky"));
}

#[test]
fn rules_of_other_types_are_not_asked() {
    let facts = FactList::default().with("type", text("click"));
    let scoring = parse(FILE).score(&facts, Scope::Event);
    assert_eq!(scoring.unknown, ["text"], "data.amount belongs to `buy` alone");
    assert_eq!(scoring.matched, 0);
}

#[test]
fn versions_follow_content_and_environment() {
    let file = "groups: [{name: g, rules: [{when: 'data.x > ${MIN:1}', score: 1}]}]";
    let version = |env: &dyn Fn(&str) -> Option<String>| {
        RuleSet::parse(&[("a.yml", file)], env)
            .expect("parses")
            .version()
            .to_owned()
    };
    assert_eq!(version(&no_env), version(&no_env));
    assert_ne!(version(&no_env), version(&|_| Some("2".to_owned())));
}

#[test]
fn mistakes_have_places_and_hints() {
    let found = errors("groups:\n  - name: g\n    rules:\n      - {when: 'true', scor: 1, reason: x}\n");
    assert_eq!(
        found[0],
        "rules.yml:4:24: unknown key `scor` in a rule; did you mean `score`?"
    );
    let found = errors("groups:\n  - name: g\n    rules:\n      - when: 'txt == 1'\n        score: one\n");
    assert!(
        found[0].starts_with("rules.yml:4:16: unknown name `txt`; did you mean `text`"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("rules.yml:5:16: `score` must be a number"),
        "{found:?}"
    );
    assert!(errors("groups: [{name: g, rules: [{when: 'a >', score: 1}]}]")[0].contains("does not parse"));
    assert!(errors("groups: [{name: g, rules: [{score: 1}]}]")[0].contains("needs the key `when`"));
    assert!(errors("groups: 5")[0].contains("must be a list"));
    assert!(errors("rules: []")[0].contains("unknown key `rules` in a rule file"));
    assert!(errors("[1, 2]")[0].contains("must be a mapping"));
    assert!(errors("a: [")[0].contains("not valid YAML"));
}

#[test]
fn names_are_unique_across_files() {
    let file = "groups: [{name: g, rules: [{id: same, when: 'true', score: 1}]}]";
    let found = RuleSet::parse(&[("a.yml", file), ("b.yml", file)], &no_env).expect_err("two rules `same`");
    assert_eq!(
        found[0].to_string(),
        "b.yml:1:28: rule `same` is already defined in a.yml:1; names must be unique"
    );
}

#[test]
fn hostile_files_are_refused_shortly() {
    let bomb = "a: &a [1, 1]\nb: [*a, *a]\n";
    assert!(errors(bomb)[0].contains("anchors are not allowed"));
    assert!(
        errors(&"- ".repeat(5000))[0].contains("nesting"),
        "{:?}",
        errors(&"- ".repeat(5000))
    );
    assert!(
        errors(&"[".repeat(5000))[0].contains("over the limit")
            || errors(&"[".repeat(5000))[0].contains("YAML")
    );
    assert!(errors(&"a".repeat(10 << 20))[0].contains("size of a rule file"));
    assert!(errors("groups: []\n---\ngroups: []\n")[0].contains("several YAML documents"));
}

#[test]
fn many_mistakes_are_told_as_the_first_of_them() {
    let keys = (0..5000)
        .map(|at| format!("k{at}: 1\n"))
        .collect::<Vec<_>>()
        .concat();
    let found = errors(&keys);
    assert_eq!(found.len(), 101);
    assert!(
        found[99].starts_with("rules.yml:100:1: unknown key `k99`"),
        "{}",
        found[99]
    );
    assert_eq!(
        found[100],
        "rules.yml:101:1: there are more mistakes behind this one; mend those before it first"
    );
}

#[test]
fn values_that_take_far_more_memory_than_they_are_long_are_counted() {
    let items = |count: usize| format!("lists: {{vip: [{}]}}", "a, ".repeat(count));
    assert!(RuleSet::parse(&[("r.yml", &items(9_000))], &no_env).is_ok());
    assert!(errors(&items(30_000))[0].contains("number of values in a rule file is over the limit of 21"));
}

#[test]
fn conditions_that_would_be_slow_or_big_are_refused() {
    let nested = (0..6).fold("true".to_owned(), |inner, _| {
        format!("[1,2,3,4,5,6,7,8,9].all(x, {inner})")
    });
    let doubling = format!("['a']{} == ['b']", ".map(x, x + x)".repeat(40));
    for (condition, problem) in [
        (nested.as_str(), "rounds of a condition's loops is over the limit"),
        (&doubling, "is over the limit"),
        (
            "cashtags.exists(x, x.matches(author))",
            "takes a pattern in quotes",
        ),
        ("text.matches('(.{90}){90}')", "in matches()"),
        (
            "vip.exists(x, vip.exists(y, x == y))",
            "rounds of a condition's loops",
        ),
    ] {
        let vip = (0..2000)
            .map(|at| format!("n{at}, "))
            .collect::<Vec<_>>()
            .concat();
        let condition = serde_json::Value::from(condition);
        let file = format!(
            "lists: {{vip: [{vip}]}}\ngroups: [{{name: g, rules: [{{when: {condition}, score: 1}}]}}]"
        );
        let found = errors(&file);
        assert!(
            found[0].contains(problem) && found[0].starts_with("rules.yml:2:"),
            "{found:?}"
        );
    }
}

#[test]
fn patterns_share_one_budget_and_equal_ones_cost_once() {
    let rules = |pattern: &dyn Fn(usize) -> String| {
        let rules = (0..500)
            .map(|at| format!("{{when: \"text.matches('{}')\", score: 1}}, ", pattern(at)))
            .collect::<Vec<_>>()
            .concat();
        format!("groups: [{{name: g, rules: [{rules}]}}]")
    };
    assert!(RuleSet::parse(&[("r.yml", &rules(&|at| format!("lists? {at}")))], &no_env).is_ok());
    assert!(RuleSet::parse(&[("r.yml", &rules(&|_| "[a-z]{500}".to_owned()))], &no_env).is_ok());
    let found = errors(&rules(&|at| format!("[a-z]{{900}}{at}")));
    assert!(found[0].contains("the size of all patterns"), "{found:?}");
}

#[test]
fn a_list_is_held_once_however_many_conditions_loop_over_it() {
    let vip = (0..2000)
        .map(|at| format!("n{at}, "))
        .collect::<Vec<_>>()
        .concat();
    let rules = "{when: 'vip.exists(x, x == author)', score: 1}, ".repeat(500);
    let rules = parse(&format!(
        "lists: {{vip: [{vip}]}}\ngroups: [{{name: g, rules: [{rules}]}}]"
    ));
    let facts = FactList::default().with("author", text("n7"));
    assert_eq!(rules.score(&facts, Scope::Event).matched, 500);
}

#[test]
fn tests_beside_rules_pass_and_fail() {
    let file = format!(
        "{FILE}tests:\n  - {{name: good, given: {{type: buy, data: {{amount: 12}}, text: 'x'}}, expect: {{score: 8.5, level: high, rules: [base, amount, late.2]}}}}\n  - {{name: bad, given: {{type: buy}}, expect: {{score: 1, unknown: []}}}}\n"
    );
    let outcomes = run_tests(&parse(&file));
    assert!(outcomes[0].passed(), "{outcomes:?}");
    assert_eq!(outcomes[1].failures.len(), 2, "{outcomes:?}");
}

#[test]
fn no_files_are_no_rules() {
    let rules = RuleSet::parse(&[], &no_env).expect("nothing to be wrong");
    assert!(rules.is_empty());
    assert_eq!(rules.score(&FactList::default(), Scope::Event).level, "low");
}

#[test]
fn a_missing_environment_variable_is_a_mistake() {
    let file = "groups: [{name: g, rules: [{when: 'data.x > ${MIN}', score: 1}]}]";
    let found = RuleSet::parse(&[("a.yml", file)], &no_env).expect_err("MIN is not set");
    assert_eq!(found[0].fault, Fault::UnsetVariable("MIN".to_owned()));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[ -~\n]{0,200}") {
        let _ = RuleSet::parse(&[("a.yml", &text)], &no_env);
    }

    #[test]
    fn no_rule_file_makes_the_parser_panic(parts in proptest::collection::vec(proptest::sample::select(vec![
        "groups:", "- ", "  ", "\n", "name: g", "rules:", "when: ", "'true'", "score: ", "1", "levels:", "from: ",
        "tests:", "given:", "expect:", "{", "}", "[", "]", ": ", ", ", "missing_map:", "scoring:", "thresholds:",
    ]), 0..40)) {
        let _ = RuleSet::parse(&[("a.yml", &parts.concat())], &no_env);
    }
}
