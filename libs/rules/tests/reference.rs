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
