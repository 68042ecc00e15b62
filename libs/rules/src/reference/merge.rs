//! `topic_merge.yml` says how reports are merged. Merging has no rules here but settings (`dedup`), so the file is checked,
//! gives no rules, and is written as a remark that names the settings. How alike texts must be is not one of them: it was
//! measured for words and vectors, and thresholds of other methods say nothing of these.

use crate::file::Reader;
use crate::node::Node;

const KEYS: &[&str] = &["merge_rules", "strategies"];
const RULE_KEYS: &[&str] = &[
    "embedding_threshold",
    "jaccard_threshold",
    "whitelist_boost",
    "window_hours",
    "slope_window_10m",
    "slope_window_30m",
    "topic_rate_limit_minutes",
    "daily_push_cap",
    "digest_max_items",
];

pub(super) fn native(reader: &mut Reader<'_>, root: &Node) -> Option<String> {
    let fields = reader.fields(root, "merge rules", KEYS)?;
    let rules = reader.fields(fields.get("merge_rules")?, "`merge_rules`", RULE_KEYS)?;
    for key in RULE_KEYS {
        reader.number(&rules, key);
    }
    let hours = reader.number(&rules, "window_hours").unwrap_or(24.0);
    Some(format!(
        "# Merging is a matter of settings:\n#   dedup:\n#     story_idle: {hours}h\n#     quiet_after: {hours}h\ngroups: []\n"
    ))
}
