//! `risk_rules.yml`: the colour of a contract, from what a scan found. One bad finding makes it red, however much else is
//! not known.

use super::{colour, number_or};
use crate::file::{Fields, Reader};
use crate::node::Node;
use crate::node_text::quoted;

const KEYS: &[&str] = &[
    "goplus_version",
    "RISK_TAX_RED",
    "RISK_LP_YELLOW_DAYS",
    "HONEYPOT_RED",
    "RISK_MIN_CONFIDENCE",
    "max_risk_score",
    "min_risk_score",
    "default_risk",
];

pub(super) fn native(reader: &mut Reader<'_>, root: &Node) -> Option<String> {
    let fields = reader.fields(root, "risk rules", KEYS)?;
    let tax = number_or(reader, &fields, "RISK_TAX_RED", 10.0);
    let days = number_or(reader, &fields, "RISK_LP_YELLOW_DAYS", 30.0);
    let mut red = vec![
        at_least("security.buy_tax", tax),
        at_least("security.sell_tax", tax),
    ];
    if honeypot_is_red(reader, &fields) {
        red.insert(
            0,
            "(security.honeypot != null && security.honeypot == true)".to_owned(),
        );
    }
    let yellow = format!("security.lp_lock_days != null && security.lp_lock_days < {days}");
    let green = "security.buy_tax != null || security.sell_tax != null || security.honeypot != null";
    let otherwise = colour(reader, &fields, "default_risk");
    let red = red.join(" || ");
    let expression = format!("({red}) ? 'red' : ({yellow}) ? 'yellow' : ({green}) ? 'green' : {otherwise}");
    Some(format!(
        "# A colour that a source reports goes before this one.\nderived:\n  security.goplus_risk: {}\n",
        quoted(&expression)
    ))
}

fn honeypot_is_red(reader: &mut Reader<'_>, fields: &Fields<'_>) -> bool {
    fields.get("HONEYPOT_RED").is_none() || reader.switch(fields, "HONEYPOT_RED")
}

/// Known, and at least so much.
pub(super) fn at_least(name: &str, least: f64) -> String {
    format!("({name} != null && {name} >= {least})")
}
