//! Weights, bounds, exclusive groups, trials, lists, derived values: what files say beyond conditions and points.

#![expect(
    clippy::float_cmp,
    clippy::format_collect,
    reason = "points are exact; a test's texts are short"
)]

use super::*;
use crate::{FactList, OwnedFact, RuleError, Scope};

fn try_parse(files: &[(&str, &str)]) -> Result<RuleSet, Vec<RuleError>> {
    RuleSet::parse(files, &|_| None)
}

fn parse(text: &str) -> RuleSet {
    try_parse(&[("rules.yml", text)]).unwrap_or_else(|errors| panic!("{}", crate::explain(&errors)))
}

fn error(text: &str) -> String {
    let errors = try_parse(&[("rules.yml", text)]).expect_err("must not load");
    errors
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

fn given(pairs: &[(&str, &str)]) -> FactList {
    pairs.iter().fold(FactList::default(), |facts, (name, value)| {
        let fact = value
            .parse()
            .map_or_else(|_| OwnedFact::Str((*value).to_owned()), OwnedFact::Long);
        facts.with(name, fact)
    })
}

fn score(rules: &RuleSet, pairs: &[(&str, &str)]) -> Scoring {
    rules.score(&given(pairs), Scope::Event)
}

fn points(scoring: &Scoring) -> f64 {
    scoring.reasons.iter().map(|reason| reason.points).sum()
}

#[test]
fn groups_weigh_and_bound_their_points() {
    let rules = parse(
        "groups: [{name: g, weight: 2, cap: 25, floor: -5, rules: [
           {id: a, when: 'data.a == 1', score: 10}, {id: b, when: 'data.b == 1', score: 5},
           {id: c, when: 'data.c == 1', score: -40}]}]",
    );
    let both = score(&rules, &[("data.a", "1"), ("data.b", "1"), ("data.c", "0")]);
    assert_eq!(
        (both.score, both.reasons[2].rule.as_str(), both.reasons[2].points),
        (25.0, "g.cap", -5.0)
    );
    let low = score(&rules, &[("data.a", "0"), ("data.b", "0"), ("data.c", "1")]);
    assert_eq!((low.score, points(&low)), (-5.0, -5.0));
    assert!(error("groups: [{name: g, cap: 1, floor: 2, rules: []}]").contains("below `floor`"));
}

#[test]
fn the_first_true_rule_of_an_exclusive_group_counts() {
    let rules = parse(
        "groups: [{name: g, exclusive: true, rules: [
           {id: huge, when: 'data.x > 100', score: 30}, {id: large, when: 'data.x > 10', score: 20}]}]",
    );
    let huge = score(&rules, &[("data.x", "500")]);
    assert_eq!((huge.score, huge.matched), (30.0, 1));
    assert_eq!(score(&rules, &[("data.x", "50")]).score, 20.0);
    let unknown = score(&rules, &[]);
    assert_eq!(
        (unknown.coverage.could_add, unknown.coverage.undecided),
        (30.0, 2),
        "not 50: one of them counts"
    );
}

#[test]
fn coverage_says_what_the_unknown_could_move() {
    let rules = parse(
        "groups: [{name: g, cap: 12, rules: [
           {id: a, when: 'data.a == 1', score: 10}, {id: b, when: 'data.b == 1', score: 5},
           {id: c, when: 'data.c == 1', score: -40}]}]",
    );
    let scoring = score(&rules, &[("data.a", "1")]);
    let coverage = scoring.coverage;
    assert_eq!((coverage.decided, coverage.undecided), (1, 2));
    assert_eq!((coverage.could_add, coverage.could_take), (2.0, -40.0));
    assert_eq!(scoring.unknown, ["data.b", "data.c"]);
}

#[test]
fn shadow_points_stand_beside_the_score() {
    let rules = parse(
        "mode: shadow
groups:
  - {name: live, mode: live, rules: [{id: a, when: 'data.a == 1', score: 10}]}
  - {name: trial, rules: [{id: b, when: 'data.a == 1', score: 15}, {id: c, when: 'data.z == 1', score: 99}]}",
    );
    let scoring = score(&rules, &[("data.a", "1")]);
    assert_eq!(
        (scoring.score, scoring.matched, scoring.level.as_str()),
        (10.0, 1, "low")
    );
    let shadow = scoring.shadow.expect("a rule on trial matched");
    assert_eq!(
        (shadow.score, shadow.level.as_str(), shadow.reasons.len()),
        (25.0, "medium", 1)
    );
    assert!(
        scoring.unknown.is_empty(),
        "what only rules on trial need is not missing"
    );
    assert!(error("groups: [{name: g, mode: half, rules: []}]").contains("`mode` must be `live`"));
}

#[test]
fn a_canary_counts_for_its_share_of_the_subjects() {
    let rules = parse("groups: [{name: g, mode: {canary: 25%}, rules: [{id: a, when: 'true', score: 8}]}]");
    let counted = (0..4000).filter(|user| {
        let scoring = score(&rules, &[("subject", &format!("user:{user}"))]);
        assert_eq!(
            scoring.score + scoring.shadow.map_or(0.0, |shadow| shadow.score),
            8.0
        );
        scoring.score > 0.0
    });
    let counted = counted.count();
    assert!((900..1100).contains(&counted), "{counted}");
}

#[test]
fn lists_and_tables_are_asked_by_name() {
    let text = "
lists: {vip: [alice, bob]}
tables: {people: {alice: {tier: gold, weight: 3}}, limit: {EUR: 1000}}
groups: [{name: g, rules: [
  {id: vip, when: 'author in vip', score: 1},
  {id: gold, when: \"people.tier[author] == 'gold' and people.weight[author] > 2\", score: 2},
  {id: large, when: 'data.amount > limit[data.currency]', score: 4},
  {id: any, when: 'cashtags.exists(tag, tag in blocked)', score: 8},
  {id: other, when: 'author not in vip', score: 16}]}]";
    let files = [("rules.yml", text), ("blocked.txt", "# words\nSCAM\n")];
    let rules = try_parse(&files).unwrap_or_else(|errors| panic!("{}", crate::explain(&errors)));
    let facts = given(&[
        ("author", "alice"),
        ("data.amount", "1001"),
        ("data.currency", "EUR"),
    ])
    .with("cashtags", OwnedFact::StrList(vec!["SCAM".to_owned()]));
    assert_eq!(rules.score(&facts, Scope::Event).score, 15.0);
    assert_eq!(score(&rules, &[("author", "carol")]).score, 16.0);
    assert!(
        error("lists: {vip: [a]}\ngroups: [{name: g, rules: [{when: 'vip == 1', score: 1}]}]")
            .contains("is a list")
    );
    assert!(error("lists: {author: [a]}").contains("no event or signal field"));
    assert!(
        error("lists: {vip: [a]}\ngroups: [{name: g, rules: [{when: 'author in vib', score: 1}]}]")
            .contains("did you mean `vip`")
    );
}

#[test]
fn derived_values_build_on_each_other_and_never_in_a_circle() {
    let rules = parse(
        "derived:
  whale: data.usd > 1000000
  data.usd: data.amount * rate[data.currency]
  security.goplus_risk: \"security.sell_tax > 10 ? 'red' : 'green'\"
tables: {rate: {EUR: 1.1, USD: 1}}
groups: [{name: g, rules: [
  {id: a, when: 'whale and author != null', score: 5, reason: '{{ data.usd }} dollars'},
  {id: b, when: \"goplus_risk == 'red'\", score: -7}]}]",
    );
    let facts = given(&[
        ("author", "x"),
        ("data.amount", "2000000"),
        ("data.currency", "USD"),
    ]);
    let scoring = rules.score(&facts, Scope::Event);
    assert_eq!(
        (scoring.score, scoring.reasons[0].text.as_str()),
        (5.0, "2000000 dollars")
    );
    assert_eq!(
        score(&rules, &[("author", "x")]).unknown,
        ["data.amount", "data.currency"],
        "what they rest on is told"
    );
    let later = rules.score(&given(&[("security.sell_tax", "20")]), Scope::Signal);
    assert_eq!(later.score, -7.0);
    let given_wins = rules.score(
        &given(&[("security.sell_tax", "20"), ("security.goplus_risk", "green")]),
        Scope::Signal,
    );
    assert_eq!(given_wins.score, 0.0);
    let circle = error("derived: {a: b and true, b: 'not c', c: a}");
    assert!(circle.contains("a needs b needs c needs a"), "{circle}");
    assert_eq!(circle.lines().count(), 1);
}

#[test]
fn weights_and_age_change_the_score_and_say_so() {
    let rules = parse(
        "weights: {source: {rumours: 0.5}, author: {alice: 2}}
decay: {half_life: 1h, least: 0.1}
groups: [{name: g, rules: [{id: a, when: 'true', score: 40}]}]",
    );
    assert_eq!(score(&rules, &[("source", "wire")]).score, 40.0);
    let weighted = score(
        &rules,
        &[
            ("source", "rumours"),
            ("author", "alice"),
            ("time", "0"),
            ("received_at", "7200000"),
        ],
    );
    assert_eq!((weighted.score, points(&weighted)), (10.0, 10.0));
    let names: Vec<_> = weighted
        .reasons
        .iter()
        .map(|reason| reason.rule.as_str())
        .collect();
    assert_eq!(names, ["a", "weight.source", "weight.author", "decay"]);
    let old = score(&rules, &[("time", "0"), ("received_at", "360000000")]);
    assert_eq!(old.score, 4.0);
}

#[test]
fn reasons_come_in_the_language_the_files_wish() {
    let rules = parse(
        "language: zh\ngroups: [{name: g, rules: [{when: 'true', score: 1, reason: {en: one, zh: 一}}]}]",
    );
    assert_eq!(score(&rules, &[]).reasons[0].text, "一");
}

#[test]
fn hostile_vocabularies_are_refused_or_harmless() {
    let doubling: String = (1..16)
        .map(|at| format!("  d{at}: d{} + d{}\n", at - 1, at - 1))
        .collect();
    let rules = parse(&format!(
        "derived:\n  d0: text + text\n{doubling}groups: [{{name: g, rules: [{{when: \"d15 == 'x'\", score: 1}}]}}]"
    ));
    let long = "a".repeat(100_000);
    assert_eq!(score(&rules, &[("text", &long)]).matched, 0);
    let chain: String = (1..40).map(|at| format!("  d{at}: d{}\n", at - 1)).collect();
    assert!(error(&format!("derived:\n  d0: text != null\n{chain}")).contains("in a chain"));
}
