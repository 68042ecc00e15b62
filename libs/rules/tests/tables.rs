//! Lists and tables, in rule files and beside them, whoever wrote them.

#![expect(clippy::panic, reason = "a failing test says enough")]

use rules::{FactList, OwnedFact, RuleSet, Scope, explain};

const LEVELS: &str = "levels: [{name: low}]\n";

fn rule(condition: &str) -> String {
    format!("groups: [{{name: g, rules: [{{id: r, when: \"{condition}\", score: 1, reason: r}}]}}]\n")
}

fn mistakes(files: &[(&str, &str)]) -> String {
    let condition = rule("tier[author] == 'gold'");
    let mut all = vec![("r.yml", condition.as_str()), ("levels.yml", LEVELS)];
    all.extend(files);
    RuleSet::parse(&all, &|_| None).map_or_else(|errors| explain(&errors), |_| "no mistake".to_owned())
}

fn matches(files: &[(&str, &str)], condition: &str, name: &str, value: OwnedFact) -> bool {
    let condition = rule(condition);
    let mut all = vec![("r.yml", condition.as_str()), ("levels.yml", LEVELS)];
    all.extend(files);
    let rules = RuleSet::parse(&all, &|_| None).unwrap_or_else(|errors| panic!("{}", explain(&errors)));
    let facts = FactList::default().with(name, value);
    let matched = |scope| rules.score(&facts, scope).score > 0.0;
    matched(Scope::Event) || matched(Scope::Signal)
}

fn text(text: &str) -> OwnedFact {
    OwnedFact::Str(text.to_owned())
}

#[test]
fn a_key_that_stands_twice_is_named() {
    for (name, table) in [
        (
            "t.yml",
            "tables: {tier: {alice: gold, bob: silver, alice: none}}\n",
        ),
        ("tier.csv", "who,tier\nalice,gold\nbob,silver\nalice,none\n"),
        ("tier.csv", "who,tier\ncaf\u{e9},gold\ncafe\u{301},none\n"),
    ] {
        let told = mistakes(&[(name, table)]);
        assert!(
            told.starts_with(&format!("{name}:")) && told.contains("is given twice"),
            "{told}"
        );
    }
    assert_eq!(
        mistakes(&[("tier.csv", "who,tier\nalice,gold\nbob,gold\n")]),
        "no mistake"
    );
}

#[test]
fn keys_and_items_are_found_in_any_normal_form() {
    let (composed, parted) = ("caf\u{e9}", "cafe\u{301}");
    for (kept, asked) in [(composed, parted), (parted, composed), (parted, parted)] {
        let list = format!("\u{feff}{kept}\r\nbar\r\n");
        assert!(matches(
            &[("vip.txt", &list)],
            "data.place in vip",
            "data.place",
            text(asked)
        ));
        let table = format!("\u{feff}place,tier\r\n{kept},gold\r\n");
        assert!(matches(
            &[("tier.csv", &table)],
            "tier[data.place] == 'gold'",
            "data.place",
            text(asked)
        ));
        let yaml = format!("tables: {{tier: {{{kept}: gold}}}}\nlists: {{vip: [{kept}]}}\n");
        assert!(matches(
            &[("t.yml", &yaml)],
            "tier[data.place] == 'gold' and data.place in vip",
            "data.place",
            text(asked)
        ));
    }
}

#[test]
fn numbers_are_found_by_their_plain_spelling() {
    for five in [OwnedFact::Long(5), OwnedFact::Double(5.0), text("5")] {
        assert!(matches(
            &[("codes.txt", "5\n7\n")],
            "data.code in codes",
            "data.code",
            five.clone()
        ));
        assert!(matches(
            &[("name.csv", "code,name\n5,five\n")],
            "name[data.code] == 'five'",
            "data.code",
            five
        ));
    }
    assert!(!matches(
        &[("codes.txt", "05\n")],
        "data.code in codes",
        "data.code",
        OwnedFact::Long(5)
    ));
}

#[test]
fn a_table_of_texts_is_not_compared_with_numbers() {
    let zip = ("zip.csv", "city,code\nDresden,01067\nBonn,53111\n");
    assert!(matches(
        &[zip],
        "zip[data.city] == '53111'",
        "data.city",
        text("Bonn")
    ));
    let condition = rule("zip[data.city] == 53111");
    let told =
        RuleSet::parse(&[("r.yml", &condition), ("l.yml", LEVELS), zip], &|_| None).expect_err("never true");
    assert!(
        explain(&told).contains("they cannot be compared"),
        "{}",
        explain(&told)
    );
}
