//! `onchain.yml`: features against named thresholds. A verdict needs all of its conditions, a downgrade comes before an
//! upgrade, and features that are out of their range or of another window give none.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::error::Fault;
use crate::file::Reader;
use crate::names::resolve;
use crate::node::{Node, Yaml};
use crate::node_text::quoted;

const KEYS: &[&str] = &["windows", "thresholds", "verdict"];
const VERDICT_KEYS: &[&str] = &["upgrade_if", "downgrade_if"];
/// Shares lie between 0 and 1; a growth is not below 0.
const IN_RANGE: &[(&str, &str)] = &[
    (
        "active_addr_pctl",
        "onchain.active_addr_pctl >= 0 && onchain.active_addr_pctl <= 1",
    ),
    (
        "top10_share",
        "onchain.top10_share >= 0 && onchain.top10_share <= 1",
    ),
    (
        "self_loop_ratio",
        "onchain.self_loop_ratio >= 0 && onchain.self_loop_ratio <= 1",
    ),
    ("growth_ratio", "onchain.growth_ratio >= 0"),
];

type Thresholds<'n> = HashMap<(&'n str, &'n str), &'n str>;

pub(super) fn native(reader: &mut Reader<'_>, root: &Node) -> Option<String> {
    let fields = reader.fields(root, "on-chain rules", KEYS)?;
    let windows = reader.texts(&fields, "windows").join(", ");
    let thresholds = read_thresholds(reader, &fields);
    let verdict = reader.fields(fields.get("verdict")?, "`verdict`", VERDICT_KEYS)?;
    let mut all = |key: &'static str| -> String {
        let items = reader.list(&verdict, key);
        let conditions = items
            .iter()
            .filter_map(|item| condition(reader, item, &thresholds));
        conditions.collect::<Vec<_>>().join(" && ")
    };
    let (upgrade, downgrade) = (all("upgrade_if"), all("downgrade_if"));
    let sound = IN_RANGE
        .iter()
        .map(|(_, range)| *range)
        .collect::<Vec<_>>()
        .join(" && ");
    let mut out = format!(
        "derived:\n  onchain_sound: {}\ngroups:\n  - name: onchain\n    exclusive: true\n    rules:\n",
        quoted(&format!(
            "(onchain.window_min == null || onchain.window_min in [{windows}]) && {sound}"
        ))
    );
    for (verdict, conditions, reason) in [
        (
            "downgrade",
            downgrade,
            "{en: what happens on the chain speaks against it, zh: 链上数据不利}",
        ),
        (
            "upgrade",
            upgrade,
            "{en: what happens on the chain confirms it, zh: 链上数据支持}",
        ),
    ] {
        if !conditions.is_empty() {
            let when = quoted(&format!("onchain_sound && {conditions}"));
            // Writing to a String cannot fail.
            let _ = write!(
                out,
                "      - id: onchain_{verdict}\n        when: {when}\n        verdict: {verdict}\n        reason: {reason}\n"
            );
        }
    }
    Some(out)
}

fn read_thresholds<'n>(reader: &mut Reader<'_>, fields: &crate::file::Fields<'n>) -> Thresholds<'n> {
    let wanted = "a mapping of features to named numbers";
    let mut thresholds = HashMap::new();
    for (feature, labels) in reader.entries(fields, "thresholds", wanted) {
        let entries = match &labels.value {
            Yaml::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        for (label, value) in entries {
            let number = value.text().filter(|text| text.trim().parse::<f64>().is_ok());
            match (feature.text(), label.text(), number) {
                (Some(feature), Some(label), Some(number)) => {
                    thresholds.insert((feature, label), number);
                }
                _ => reader.wrong_kind(value, label.text().unwrap_or("thresholds"), "a number"),
            }
        }
    }
    thresholds
}

/// `growth_ratio>=fast` is `onchain.growth_ratio >= 2.0`.
fn condition(reader: &mut Reader<'_>, item: &Node, thresholds: &Thresholds<'_>) -> Option<String> {
    let text = item.text().unwrap_or_default();
    let parts = [">=", "<="].into_iter().find_map(|sign| {
        text.split_once(sign)
            .map(|(left, right)| (left.trim(), sign, right.trim()))
    });
    let Some((feature, sign, label)) = parts else {
        reader.wrong_kind(item, "verdict", "conditions such as `growth_ratio>=fast`");
        return None;
    };
    let Some(number) = thresholds.get(&(feature, label)) else {
        let name = format!("{feature}.{label}");
        let hint = thresholds
            .keys()
            .find(|(known, _)| *known == feature)
            .map(|(feature, label)| format!("{feature}.{label}"));
        reader.fail(item.place, Fault::UnknownName { name, hint });
        return None;
    };
    let name = reader.keep(item.place, resolve(feature).map(str::to_owned))?;
    Some(format!("{name} {sign} {number}"))
}
