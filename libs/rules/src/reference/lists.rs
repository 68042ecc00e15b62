//! `topic_blacklist.yml` and `topic_whitelist.yml` are lists; `risk_rules.example.yml` judges contracts by lists of
//! addresses and names where there is no scan.

use super::risk::at_least;
use super::{colour, number_or};
use crate::file::{Fields, Reader};
use crate::node::{Node, Yaml};
use crate::node_text::quoted;

const RISK_KEYS: &[&str] = &[
    "blacklist",
    "whitelist",
    "honeypot_patterns",
    "thresholds",
    "lp_requirements",
    "default_risk",
];
const TAX_KEYS: &[&str] = &["buy_tax_red", "sell_tax_red", "buy_tax_yellow", "sell_tax_yellow"];
const LOCK_KEYS: &[&str] = &["minimum_lock_days", "preferred_lock_days"];

/// `blacklist:` and `whitelist:` become the lists of those names.
pub(super) fn native(reader: &mut Reader<'_>, root: &Node) -> Option<String> {
    let fields = reader.fields(root, "topic lists", &["blacklist", "whitelist"])?;
    let mut out = "lists:\n".to_owned();
    for key in ["blacklist", "whitelist"] {
        if fields.get(key).is_some() {
            out.push_str(&list(key, &reader.texts(&fields, key)));
        }
    }
    Some(out)
}

pub(super) fn native_risk(reader: &mut Reader<'_>, root: &Node) -> Option<String> {
    let fields = reader.fields(root, "risk rules", RISK_KEYS)?;
    let lower = |texts: Vec<String>| texts.iter().map(|text| text.to_lowercase()).collect::<Vec<_>>();
    let (black, white) = (
        lower(reader.texts(&fields, "blacklist")),
        lower(reader.texts(&fields, "whitelist")),
    );
    let patterns = reader.texts(&fields, "honeypot_patterns");
    let empty = Node::new(root.place, Yaml::Map(Vec::new()));
    let taxes = reader.fields(
        fields.get("thresholds").unwrap_or(&empty),
        "`thresholds`",
        TAX_KEYS,
    )?;
    let locks = reader.fields(
        fields.get("lp_requirements").unwrap_or(&empty),
        "`lp_requirements`",
        LOCK_KEYS,
    )?;
    let (red, yellow) = (reds(reader, &taxes, &patterns), yellows(reader, &taxes, &locks));
    let scanned = "security.buy_tax != null || security.sell_tax != null || security.lp_lock_days != null";
    let otherwise = colour(reader, &fields, "default_risk");
    let address = |list: &str| format!("token_ca != null && token_ca.lowerAscii() in {list}");
    let expression = format!(
        "({}) ? 'green' : ({} || {red}) ? 'red' : ({yellow}) ? 'yellow' : ({scanned}) ? 'green' : {otherwise}",
        address("risk_whitelist"),
        address("risk_blacklist"),
    );
    Some(format!(
        "lists:\n{}{}derived:\n  security.goplus_risk: {}\n",
        list("risk_blacklist", &black),
        list("risk_whitelist", &white),
        quoted(&expression)
    ))
}

fn reds(reader: &mut Reader<'_>, taxes: &Fields<'_>, patterns: &[String]) -> String {
    let mut red = vec![
        at_least("security.buy_tax", number_or(reader, taxes, "buy_tax_red", 10.0)),
        at_least(
            "security.sell_tax",
            number_or(reader, taxes, "sell_tax_red", 10.0),
        ),
    ];
    if !patterns.is_empty() {
        let words: Vec<String> = patterns
            .iter()
            .map(|word| format!("'{}'", word.replace('\'', "\\'")))
            .collect();
        red.push(format!(
            "(symbol != null && symbol.hasWord({}))",
            words.join(", ")
        ));
    }
    red.join(" || ")
}

fn yellows(reader: &mut Reader<'_>, taxes: &Fields<'_>, locks: &Fields<'_>) -> String {
    let days = number_or(reader, locks, "minimum_lock_days", 30.0);
    [
        at_least(
            "security.buy_tax",
            number_or(reader, taxes, "buy_tax_yellow", 5.0),
        ),
        at_least(
            "security.sell_tax",
            number_or(reader, taxes, "sell_tax_yellow", 5.0),
        ),
        format!("(security.lp_lock_days != null && security.lp_lock_days < {days})"),
    ]
    .join(" || ")
}

fn list(name: &str, items: &[String]) -> String {
    if items.is_empty() {
        return format!("  {name}: []\n");
    }
    let lines: Vec<String> = items
        .iter()
        .map(|item| format!("    - {}\n", quoted(item)))
        .collect();
    format!("  {name}:\n{}", lines.concat())
}
