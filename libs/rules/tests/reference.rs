//! The reference system's rule file loads byte for byte and scores as its own comments say.

#![expect(clippy::panic, reason = "a test that cannot go on fails")]

use std::path::PathBuf;

use rules::{FactList, OwnedFact, RuleSet, Scope};

fn shared_data() -> Option<PathBuf> {
    let given = std::env::var_os("SLUICEBOX_SHARED_DATA").map(PathBuf::from);
    let data =
        given.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    data.is_dir().then_some(data)
}

fn load(env: &dyn Fn(&str) -> Option<String>) -> Option<RuleSet> {
    let path = shared_data()?.join("reference/event-stream-starter/rules/rules.yml");
    let text = std::fs::read_to_string(path).ok()?;
    let rules = RuleSet::parse(&[("rules.yml", &text)], env);
    Some(rules.unwrap_or_else(|errors| panic!("{}", rules::explain(&errors))))
}

fn token(risk: &str, liquidity: i64, volume: i64) -> FactList {
    FactList::default()
        .with("security.goplus_risk", OwnedFact::Str(risk.to_owned()))
        .with("market.liquidity_usd", OwnedFact::Long(liquidity))
        .with("market.volume_1h_usd", OwnedFact::Long(volume))
}

#[test]
fn the_reference_rules_load_and_score() {
    let Some(rules) = load(&|_| None) else {
        eprintln!("skipped: the reference data is not there");
        return;
    };
    assert_eq!(rules.len(), 25);
    let good = rules.score(&token("green", 600_000, 120_000), Scope::Signal);
    assert!((good.score - 21.0).abs() < 1e-9, "{good:?}");
    assert_eq!(good.level, "opportunity");
    let bad = rules.score(&token("red", 9_000, 600_000), Scope::Signal);
    // red -10, thin liquidity -5, volume 10, MR01 -15, MR02 -12, MR03 -18, MR05 -20
    assert!((bad.score + 70.0).abs() < 1e-9, "{bad:?}");
    assert_eq!(bad.level, "caution");
    assert_eq!(
        bad.reasons[0].rule, "MR01",
        "the group of the highest priority comes first"
    );
    assert!(
        bad.reasons
            .iter()
            .any(|reason| reason.text == "成交量异常放大（1h ≥$500000）"),
        "{bad:?}"
    );
    assert!(
        bad.unknown.iter().any(|name| name == "security.sell_tax"),
        "{:?}",
        bad.unknown
    );
}

#[test]
fn nothing_known_gives_its_notes_and_no_points() {
    let Some(rules) = load(&|_| None) else {
        eprintln!("skipped: the reference data is not there");
        return;
    };
    let nothing = FactList::default();
    let scorings = [Scope::Event, Scope::Signal].map(|scope| rules.score(&nothing, scope));
    let notes: Vec<&str> = scorings
        .iter()
        .flat_map(|scoring| &scoring.reasons)
        .map(|reason| reason.text.as_str())
        .collect();
    assert_eq!(notes, ["情绪分析不可用", "DEX 数据不足", "安全扫描未完成"]);
    assert_eq!(scorings[1].matched, 0);
    assert_eq!(rules.level_for(0.0), "observe");
}

#[test]
fn its_environment_variables_count() {
    let Some(rules) = load(&|name| (name == "THETA_LIQ").then(|| "700000".to_owned())) else {
        eprintln!("skipped: the reference data is not there");
        return;
    };
    let scoring = rules.score(&token("green", 600_000, 0), Scope::Signal);
    assert!(
        scoring
            .reasons
            .iter()
            .any(|reason| reason.text == "流动性不足（<$700000）"),
        "{scoring:?}"
    );
}

fn folder() -> Option<Vec<(String, String)>> {
    let folder = shared_data()?.join("reference/event-stream-starter");
    let names = [
        "rules/rules.yml",
        "rules/onchain.yml",
        "rules/risk_rules.yml",
        "rules/topic_merge.yml",
        "topic_blacklist.yml",
        "topic_whitelist.yml",
    ];
    let read = |name: &str| Some((name.to_owned(), std::fs::read_to_string(folder.join(name)).ok()?));
    names.into_iter().map(read).collect()
}

fn parse(texts: &[(String, String)]) -> RuleSet {
    let rules = RuleSet::parse(&rules::rule_files(texts), &|_| None);
    rules.unwrap_or_else(|errors| panic!("{}", rules::explain(&errors)))
}

fn known(pairs: &[(&str, f64)]) -> FactList {
    pairs.iter().fold(FactList::default(), |facts, (name, value)| {
        facts.with(name, OwnedFact::Double(*value))
    })
}

#[test]
fn all_its_files_load_together_and_mean_what_they_say() {
    let Some(texts) = folder() else {
        eprintln!("skipped: the reference data is not there");
        return;
    };
    let rules = parse(&texts);
    let verdict = |facts: &FactList| rules.score(facts, Scope::Signal).verdict;
    let onchain = |active: f64, growth: f64, top: f64, loops: f64| {
        known(&[
            ("onchain.active_addr_pctl", active),
            ("onchain.growth_ratio", growth),
            ("onchain.top10_share", top),
            ("onchain.self_loop_ratio", loops),
        ])
    };
    assert_eq!(
        verdict(&onchain(0.95, 2.0, 0.1, 0.0)),
        Some(rules::Verdict::Upgrade)
    );
    assert_eq!(
        verdict(&onchain(0.99, 3.0, 0.7, 0.2)),
        Some(rules::Verdict::Downgrade),
        "caution comes first"
    );
    assert_eq!(
        verdict(&onchain(0.5, 3.0, 0.7, 0.1)),
        None,
        "a verdict needs all of its conditions"
    );
    assert_eq!(verdict(&onchain(1.2, 3.0, 0.1, 0.0)), None, "out of range");
    let odd_window = onchain(0.95, 2.0, 0.1, 0.0).with("onchain.window_min", OwnedFact::Long(45));
    assert_eq!(verdict(&odd_window), None);
    let taxed = rules.score(&known(&[("security.sell_tax", 10.0)]), Scope::Signal);
    assert!(
        taxed
            .reasons
            .iter()
            .any(|reason| reason.text == "高风险代币（GoPlus Red）"),
        "{taxed:?}"
    );
}

/// A generator whose numbers are the same on every machine.
struct Generator(u64);

impl Generator {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// Each fact is unknown, known to be empty, or has one of a few values on both sides of every threshold.
    fn facts(&mut self) -> FactList {
        let numbers: [(&str, &[f64]); 12] = [
            ("security.buy_tax", &[0.0, 9.9, 10.0, 10.1, 50.0]),
            ("security.sell_tax", &[0.0, 9.9, 10.0, 10.1, 50.0]),
            ("security.lp_lock_days", &[0.0, 29.0, 30.0, 180.0, 365.0]),
            (
                "market.liquidity_usd",
                &[0.0, 9_999.0, 10_000.0, 49_999.0, 50_000.0, 500_000.0],
            ),
            (
                "market.volume_1h_usd",
                &[0.0, 9_999.0, 10_000.0, 99_999.0, 100_000.0, 500_000.0],
            ),
            ("sentiment", &[-1.0, 0.29, 0.3, 0.69, 0.7, 1.0]),
            ("heat_slope", &[-3.0, -2.0, -0.1, 0.0, 0.5, 1.0, 9.0]),
            ("onchain.active_addr_pctl", &[0.5, 0.94, 0.95, 1.0, 1.1]),
            ("onchain.growth_ratio", &[0.5, 1.9, 2.0, 5.0]),
            ("onchain.top10_share", &[0.1, 0.69, 0.7, 1.0]),
            ("onchain.self_loop_ratio", &[0.0, 0.19, 0.2, 0.9]),
            ("onchain.window_min", &[30.0, 45.0, 60.0]),
        ];
        let mut facts = FactList::default();
        for (name, values) in numbers {
            let fact = match self.below(6) {
                0 => continue,
                1 => OwnedFact::Null,
                _ => {
                    let at = self.below(values.len() as u64);
                    OwnedFact::Double(values[usize::try_from(at).unwrap_or_default()])
                }
            };
            facts = facts.with(name, fact);
        }
        match self.below(5) {
            0 => facts,
            1 => facts.with("security.honeypot", OwnedFact::Bool(true)),
            at => facts.with(
                "security.goplus_risk",
                OwnedFact::Str(
                    ["red", "yellow", "green"][usize::try_from(at - 2).unwrap_or_default()].to_owned(),
                ),
            ),
        }
    }
}

#[test]
fn native_forms_score_the_same_on_ten_thousand_inputs() {
    let Some(texts) = folder() else {
        eprintln!("skipped: the reference data is not there");
        return;
    };
    let native: Vec<(String, String)> = texts
        .iter()
        .map(|(name, text)| {
            let native =
                rules::convert(name, text).unwrap_or_else(|errors| panic!("{}", rules::explain(&errors)));
            (name.clone(), native)
        })
        .collect();
    let (theirs, ours) = (parse(&texts), parse(&native));
    assert!(
        native[0].1.contains("when:") && !native[0].1.contains("condition:"),
        "{}",
        native[0].1
    );
    let mut generator = Generator(7);
    let mut levels = std::collections::BTreeSet::new();
    for _ in 0..10_000 {
        let facts = generator.facts();
        for scope in [Scope::Event, Scope::Signal] {
            let (one, other) = (theirs.score(&facts, scope), ours.score(&facts, scope));
            assert_eq!(one, other, "{facts:?}");
            levels.insert(one.level);
        }
        let score = theirs.score(&facts, Scope::Event).score + theirs.score(&facts, Scope::Signal).score;
        assert!(
            (score - by_hand(&facts)).abs() < 1e-9,
            "{score} is not {} for {facts:?}",
            by_hand(&facts)
        );
    }
    assert_eq!(levels.len(), 3, "all levels are reached: {levels:?}");
}

/// The score of `rules.yml`, worked out from its table rather than from its conditions.
fn by_hand(facts: &FactList) -> f64 {
    let number = |name: &str| {
        facts
            .0
            .iter()
            .find(|(known, _)| known == name)
            .and_then(|(_, fact)| match fact {
                OwnedFact::Double(value) => Some(*value),
                _ => None,
            })
    };
    let within =
        |name: &str, from: f64, below: f64| number(name).is_some_and(|value| value >= from && value < below);
    let is = |holds: bool, points: f64| if holds { points } else { 0.0 };
    let (all, none) = (f64::INFINITY, f64::NEG_INFINITY);
    let (buy, sell, lock) = ("security.buy_tax", "security.sell_tax", "security.lp_lock_days");
    let (liquidity, volume, heat) = ("market.liquidity_usd", "market.volume_1h_usd", "heat_slope");
    let risk = risk_by_hand(facts, number(buy), number(sell), number(lock));
    let red = risk == Some("red");
    let loud = within(volume, 500_000.0, all);
    let taxed = number(sell).is_some_and(|tax| tax > 10.0);
    is(red, -10.0)
        + is(risk == Some("yellow"), -5.0)
        + is(risk == Some("green"), 3.0)
        + is(number(buy).is_some_and(|tax| tax > 10.0), -8.0)
        + is(taxed, -8.0)
        + is(within(lock, none, 30.0), -3.0)
        + is(within(lock, 180.0, all), 5.0)
        + is(within(liquidity, none, 50_000.0), -5.0)
        + is(within(liquidity, 50_000.0, 500_000.0), 2.0)
        + is(within(liquidity, 500_000.0, all), 8.0)
        + is(within(volume, none, 10_000.0), -3.0)
        + is(within(volume, 10_000.0, 100_000.0), 3.0)
        + is(within(volume, 100_000.0, all), 10.0)
        + is(within("sentiment", none, 0.3), -4.0)
        + is(within("sentiment", 0.3, 0.7), 2.0)
        + is(within("sentiment", 0.7, all), 6.0)
        + is(within(heat, none, 0.0), -2.0)
        + is(number(heat).is_some_and(|slope| slope > 0.0 && slope < 1.0), 2.0)
        + is(within(heat, 1.0, all), 5.0)
        + is(loud, -15.0)
        + is(within(liquidity, none, 10_000.0), -12.0)
        + is(loud && within(liquidity, none, 50_000.0), -18.0)
        + is(within(heat, none, -2.0), -8.0)
        + is(loud && red, -20.0)
        + is(within(liquidity, none, 10_000.0) && taxed, -16.0)
}

fn risk_by_hand(
    facts: &FactList,
    buy: Option<f64>,
    sell: Option<f64>,
    lock: Option<f64>,
) -> Option<&'static str> {
    let fact = |name: &str| {
        facts
            .0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, fact)| fact)
    };
    if let Some(OwnedFact::Str(given)) = fact("security.goplus_risk") {
        return ["red", "yellow", "green"]
            .into_iter()
            .find(|colour| colour == given);
    }
    let honeypot = fact("security.honeypot").is_some();
    if honeypot || buy.is_some_and(|tax| tax >= 10.0) || sell.is_some_and(|tax| tax >= 10.0) {
        Some("red")
    } else if lock.is_some_and(|days| days < 30.0) {
        Some("yellow")
    } else {
        (buy.is_some() || sell.is_some()).then_some("green")
    }
}

#[test]
fn its_example_of_lists_loads_and_judges_by_address() {
    let Some(data) = shared_data() else {
        eprintln!("skipped: the reference data is not there");
        return;
    };
    let path = data.join("reference/event-stream-starter/rules/risk_rules.example.yml");
    let example = std::fs::read_to_string(path).unwrap_or_default();
    let rule = "groups: [{name: g, rules: [{id: red, when: \"goplus_risk == 'red'\", score: -10}, {id: ok, when: \"goplus_risk == 'green'\", score: 3}, {id: hm, when: \"goplus_risk == 'yellow'\", score: -5}]}]";
    let rules = RuleSet::parse(&[("example.yml", &example), ("rule.yml", rule)], &|_| None)
        .unwrap_or_else(|errors| panic!("{}", rules::explain(&errors)));
    let score = |address: &str| {
        let facts = FactList::default().with("token_ca", OwnedFact::Str(address.to_owned()));
        rules.score(&facts, Scope::Event).score + rules.score(&facts, Scope::Signal).score
    };
    assert!((score("0xDEADBEEFdeadbeefdeadbeefdeadbeefdeadbeef") + 10.0).abs() < 1e-9);
    assert!((score("0xdac17f958d2ee523a2206206994597c13d831ec7") - 3.0).abs() < 1e-9);
    assert!((score("0x0000000000000000000000000000000000000001") + 5.0).abs() < 1e-9);
}
