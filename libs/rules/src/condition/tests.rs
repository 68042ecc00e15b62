use super::*;
use crate::fact::{FactList, OwnedFact};

fn decide(condition: &str, facts: &FactList) -> Option<bool> {
    let mut variables = Variables::default();
    let condition = Condition::compile(condition, &mut variables).unwrap_or_else(|fault| panic!("{fault}"));
    condition.decide(&variables.over(facts))
}

fn facts() -> FactList {
    let text = |text: &str| OwnedFact::Str(text.to_owned());
    FactList::default()
        .with("type", text("user.login"))
        .with("text", text("Binance lists $UNI tomorrow"))
        .with("data.amount", OwnedFact::Double(1000.5))
        .with("data.count", OwnedFact::Long(3))
        .with("data.ok", OwnedFact::Bool(true))
        .with("data.empty", OwnedFact::Null)
        .with("data.odd-name", text("x"))
        .with(
            "cashtags",
            OwnedFact::StrList(vec!["UNI".to_owned(), "ETH".to_owned()]),
        )
}

fn check(rows: &[(&str, Option<bool>)]) {
    for (condition, wanted) in rows {
        assert_eq!(decide(condition, &facts()), *wanted, "{condition}");
    }
}

#[test]
fn known_values_are_decided() {
    check(&[
        ("type == 'user.login'", Some(true)),
        ("data.amount > 1000", Some(true)),
        ("data.amount > 1000.5", Some(false)),
        ("data.count * 2 + 1 == 7", Some(true)),
        ("data.count / 2 == 1", Some(true)),
        ("data.count in [1, 2, 3]", Some(true)),
        ("'UNI' in cashtags", Some(true)),
        ("'BTC' in cashtags", Some(false)),
        ("size(cashtags) == 2 && cashtags.size() > 1", Some(true)),
        ("text.contains('$UNI') and text.startsWith('Binance')", Some(true)),
        ("text.lowerAscii().contains('binance')", Some(true)),
        ("text.matches('(?i)LISTS?')", Some(true)),
        ("text.hasWord('launch', 'lists')", Some(true)),
        ("text.hasWord(['list'])", Some(false)),
        ("data.ok ? data.count == 3 : false", Some(true)),
        ("-data.count < 0", Some(true)),
        ("not data.ok or data.count == 3", Some(true)),
        ("data.amount != 'many'", Some(true)),
        ("data['odd-name'] == 'x' and data.`odd-name` == 'x'", Some(true)),
        ("data.count not in [1, 2] and 'BTC' not in cashtags", Some(true)),
        ("true", Some(true)),
    ]);
}

#[test]
fn a_missing_value_is_unknown_and_logic_works_around_it() {
    check(&[
        ("market.x > 5", None),
        ("market.x > 5 or data.ok", Some(true)),
        ("data.ok || market.x > 5", Some(true)),
        ("market.x > 5 and data.count == 4", Some(false)),
        ("market.x > 5 and data.ok", None),
        ("not (market.x > 5)", None),
        ("market.x == 'a' ? data.ok : data.ok", None),
        ("market.x in [1, 2]", None),
        ("data.empty > 5", None),
        ("data.count > 'text'", None),
        ("data.count / 0 == 1", None),
        ("data.count", None),
    ]);
}

#[test]
fn null_tests_are_never_unknown() {
    check(&[
        ("market.x is null", Some(true)),
        ("market.x is not null", Some(false)),
        ("market.x == null and data.empty == null", Some(true)),
        ("null != data.count", Some(true)),
        ("has(data.count) && !has(data.nothing)", Some(true)),
    ]);
}

#[test]
fn the_rest_of_cel_is_there() {
    check(&[
        ("cashtags.exists(tag, tag == 'ETH')", Some(true)),
        ("cashtags.all(tag, tag.size() == 3)", Some(true)),
        ("cashtags.exists(tag, tag == type)", Some(false)),
        ("cashtags.filter(tag, tag != 'ETH').size() == 1", Some(true)),
        ("cashtags[0] == 'UNI'", Some(true)),
        ("cashtags[9] == 'UNI'", None),
        ("mentions.exists(x, x == 'a')", None),
        ("mentions.exists(x, x == 'a') || data.ok", Some(true)),
        ("int('5') == data.count + 2", Some(true)),
        ("{'a': data.count}['a'] == 3", Some(true)),
    ]);
}

#[test]
fn times_have_parts() {
    let text = |text: &str| OwnedFact::Str(text.to_owned());
    let facts = FactList::default()
        .with("time", OwnedFact::Long(1_709_251_198_765))
        .with("data.at", text("2024-02-29T00:00:00Z"))
        .with("data.wait", text("90s"));
    for (condition, wanted) in [
        ("hour == 23 and weekday == 'thu'", true),
        ("time.getHours() >= 22 or time.getHours() < 6", true),
        ("time.getHours('Asia/Shanghai') == 7", true),
        ("time.getDayOfWeek('+02:00') == 5", true),
        ("weekday in ['sat', 'sun']", false),
        ("timestamp('2024-02-29T23:00:00Z').getHours() == 23", true),
        ("time >= timestamp('2024-02-29T23:59:58.765Z')", true),
        ("time < timestamp('2024-02-29T23:59:58.765000001Z')", true),
        (
            "time == timestamp('2024-03-01T00:59:58.765+01:00') and time == 1709251198765",
            true,
        ),
        (
            "time - timestamp('2024-02-29T00:00:00Z') > duration('23h59m')",
            true,
        ),
        (
            "time - duration('1m') < time and duration('1m') + time > time",
            true,
        ),
        (
            "time - duration('1h') == 1709247598765 and time - 3600000 == time - duration('1h')",
            true,
        ),
        (
            "(time - timestamp('2024-02-29T00:00:00Z')).getMinutes() == 1439",
            true,
        ),
        ("time > timestamp(1709251198) and timestamp(data.at) < time", true),
        (
            "duration(data.wait) >= duration('90s') and duration(data.wait) == 90000",
            true,
        ),
        ("time in [timestamp('2024-02-29T23:59:58.765Z')] or false", true),
        (
            "['a'].exists(x, time > timestamp('2024-02-29T23:59:58Z') and data.wait == '90s')",
            true,
        ),
        (
            "['a'].exists(x, time - timestamp('2024-02-29T23:59:58Z') > duration('1s'))",
            false,
        ),
    ] {
        assert_eq!(decide(condition, &facts), Some(wanted), "{condition}");
    }
    assert_eq!(decide("hour < 6", &FactList::default()), None);
}

#[test]
fn parts_that_do_not_fit_are_mistakes() {
    for (condition, problem) in [
        ("text > 5", "`text` is a text, 5 is a number"),
        (
            "time > '2026-01-01T00:00:00Z'",
            "a time in a text is written timestamp('",
        ),
        ("time > duration('5m')", "`time` is a time"),
        ("received_at - time > '5m'", "written duration('5m')"),
        ("time + received_at > 5", "cannot be computed with so"),
        ("time > timestamp('2026-01-01')", "timestamp() is written"),
        (
            "received_at - time > duration('5 minutes')",
            "duration() is written",
        ),
        (
            "(received_at - time).getMonth() == 1",
            "a part of a time cannot be asked of",
        ),
        (
            "text.getHours() == 1",
            "a part of a time cannot be asked of `text`",
        ),
        (
            "cashtags.exists(t, time > 1700000000000)",
            "compared with timestamp(",
        ),
        ("5 in cashtags", "cannot be asked of 5"),
        ("'admin' in data.roles", "lists in data are not kept"),
        (
            "data.roles.exists(r, r == 'admin')",
            "`data.roles` is never a list",
        ),
        (
            "cashtags.exists(t, t in data.roles)",
            "`data.roles` is never a list",
        ),
        ("data.roles[0] == 'admin'", "`data.roles` is never a list"),
        ("market.pairs.all(p, p != '')", "`market.pairs` is never a list"),
        ("'a' in text", "write text.contains('a')"),
        (
            "cashtags.hasWord('UNI')",
            "hasWord() cannot be asked of `cashtags`",
        ),
        ("-text == 1", "a minus cannot be asked of `text`"),
        ("text + 5 == 'a5'", "they cannot be computed with so"),
        ("author == 3", "cannot be compared"),
        ("cashtags.contains('UNI')", "write 'UNI' in cashtags"),
        ("cashtags == 'UNI'", "`cashtags` is a list"),
        ("text and data.ok", "not true or false"),
        ("time", "not true or false"),
        ("not source_count", "not true or false"),
        ("lang in [1, 2]", "equals nothing in that list"),
        ("size(time) > 1", "size() cannot be asked"),
        ("text * 2 > 1", "cannot be computed with"),
    ] {
        let fault = Condition::compile(condition, &mut Variables::default()).expect_err(condition);
        assert!(matches!(fault, Fault::Type { .. }), "{condition}: {fault:?}");
        assert!(fault.to_string().contains(problem), "{fault}");
    }
    for fine in [
        "data.x > 5 and data.x == 'a'",
        "author == null",
        "title != text",
        "data.flag or data.other",
    ] {
        assert!(
            Condition::compile(fine, &mut Variables::default()).is_ok(),
            "{fine}"
        );
    }
}

#[test]
fn types_are_read_off_the_condition() {
    let types = |condition: &str| {
        Condition::compile(condition, &mut Variables::default())
            .map(|condition| condition.types)
            .expect("compiles")
    };
    let one = |name: &str| Some(vec![name.to_owned()]);
    assert_eq!(types("type == 'a' && data.x > 1"), one("a"));
    assert_eq!(types("data.x > 1 and 'a' == type"), one("a"));
    assert_eq!(
        types("type in ['a', 'b']"),
        Some(vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!(
        types("type == 'a' or type == 'b' and data.x"),
        Some(vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!(types("type == 'a' or data.x > 1"), None);
    assert_eq!(types("!(type == 'a')"), None);
}

#[test]
fn mistakes_are_told() {
    let fault = |text: &str| {
        Condition::compile(text, &mut Variables::default())
            .expect_err(text)
            .to_string()
    };
    assert!(
        fault("data.amount >").contains("does not parse"),
        "{}",
        fault("data.amount >")
    );
    assert!(fault("5").contains("not a condition"));
    assert!(fault("txt == 'a'").contains("did you mean `text`"));
    assert!(fault("text.hasWord()").contains("hasWord"));
    assert!(fault("text.matches('(')").contains("matches"));
    assert!(fault(&"(".repeat(500)).contains("brackets"));
    assert!(
        fault(&format!("1{}", "+1".repeat(1500))).contains("nesting"),
        "{}",
        fault(&format!("1{}", "+1".repeat(1500)))
    );
    assert!(fault(&"x".repeat(5000)).contains("length"));
    assert!(fault("text.startWith('a')").contains("did you mean `startsWith`"));
    assert!(fault("").contains("does not parse"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_condition_panic(text in ".{0,80}") {
        let mut variables = Variables::default();
        if let Ok(condition) = Condition::compile(&text, &mut variables) {
            condition.decide(&variables.over(&facts()));
        }
    }

    #[test]
    fn no_mixture_of_operators_panics(parts in proptest::collection::vec(
        proptest::sample::select(vec![
            "data.count", "market.x", "'a'", "1", "2.5", "null", "(", ")", "[", "]", "and", "or", "not", "is",
            "&&", "||", "!", "==", "<", "+", "-", "/", "%", "in", "?", ":", ",", ".", "size", "has", "exists",
        ]), 0..12))
    {
        let mut variables = Variables::default();
        if let Ok(condition) = Condition::compile(&parts.join(" "), &mut variables) {
            condition.decide(&variables.over(&facts()));
        }
    }
}

#[test]
fn patterns_mean_the_same_inside_loops() {
    for bad in ["text.matches('(?!x)y')", "tags.exists(t, t.matches('(?!x)y'))"] {
        let fault = Condition::compile(bad, &mut Variables::default()).expect_err(bad);
        assert!(fault.to_string().contains("look-around"), "{fault}");
    }
    let text = |text: &str| OwnedFact::Str(text.to_owned());
    let facts = FactList::default()
        .with("text", text("٢"))
        .with("tags", OwnedFact::StrList(vec!["٢".to_owned()]));
    for (pattern, wanted) in [(r"^\\d$", false), ("(?u)^\\\\d$", true)] {
        for asked in ["text.matches", "tags.exists(t, t.matches"] {
            let condition = format!(
                "{asked}('{pattern}'){}",
                if asked.starts_with("tags") { ")" } else { "" }
            );
            assert_eq!(decide(&condition, &facts), Some(wanted), "{condition}");
        }
    }
}

/// What a signal knows of a text that was longer.
struct Beginning(&'static str);

impl Facts for Beginning {
    fn get(&self, name: &str) -> Option<crate::fact::Fact<'_>> {
        (name == "text").then_some(crate::fact::Fact::Beginning(self.0))
    }
}

#[test]
fn what_is_not_in_the_beginning_of_a_text_may_follow() {
    for (condition, wanted) in [
        ("text.contains('beginning')", Some(true)),
        ("text.contains('end')", None),
        ("text.hasWord('the')", Some(true)),
        ("text.hasWord('end')", None),
        ("text.startsWith('the')", Some(true)),
        ("text.startsWith('an')", Some(false)),
        ("text.endsWith('beginning')", None),
        ("text.matches('begin+ing')", Some(true)),
        ("text.matches('beginning$')", None),
        ("text == 'another'", Some(false)),
        ("text == 'the beginning and the end'", None),
        ("text in ['another', 'the beginning and the end']", None),
        ("size(text) > 5", None),
        ("text.lower().contains('begin')", Some(true)),
        ("not text.contains('end') or true", Some(true)),
    ] {
        let mut variables = Variables::default();
        let compiled =
            Condition::compile(condition, &mut variables).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(
            compiled.decide(&variables.over(&Beginning("the beginning"))),
            wanted,
            "{condition}"
        );
    }
}

#[test]
fn every_digit_of_a_number_counts() {
    let decimal = |text: &str| OwnedFact::from(&model::Value::of_number(text).expect("a number"));
    let facts = FactList::default()
        .with("data.wei", decimal("1000000000000000000001"))
        .with("data.other", decimal("1000000000000000000002"))
        .with("data.p", decimal("0.1234567890123456781"))
        .with("data.u", decimal("18446744073709551615"))
        .with("data.text", OwnedFact::Str("1000.50".to_owned()))
        .with("data.n", OwnedFact::Long(5));
    for (condition, wanted) in [
        ("data.wei == 1000000000000000000001", Some(true)),
        (
            "data.wei == 1000000000000000000002 or data.wei == data.other",
            Some(false),
        ),
        ("data.wei < data.other and data.other > data.wei", Some(true)),
        (
            "data.wei > 1000000000000000000000 and data.wei > 1e21",
            Some(true),
        ),
        ("data.wei in [1, 1000000000000000000001]", Some(true)),
        ("data.wei > 9223372036854775807 and data.n < data.wei", Some(true)),
        ("-data.wei < -1000000000000000000000.5", Some(true)),
        (
            "data.p == 0.1234567890123456781 and data.p < 0.1234567890123456782",
            Some(true),
        ),
        (
            "data.u == 18446744073709551615u and data.u == 18446744073709551615",
            Some(true),
        ),
        ("data.wei / 1e18 > 999", Some(true)),
        (
            "decimal(data.text) == 1000.5 and decimal(data.text) > decimal('1e3')",
            Some(true),
        ),
        ("decimal(data.n) == 5 and decimal('5.0') == data.n", Some(true)),
        ("data.wei != 'many'", Some(true)),
    ] {
        assert_eq!(decide(condition, &facts), wanted, "{condition}");
    }
}
