//! `topic_merge.yml` says how reports are merged. Merging has no rules here but settings (`dedup`), so the file is checked,
//! gives no rules, and is written as a remark: the settings that say the same, and of every other key what becomes of it. How
//! alike texts must be is not a setting: it was measured for words and vectors, and thresholds of other methods say nothing of
//! these.

use std::fmt::Write;

use crate::error::Fault;
use crate::file::{Fields, Reader};
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

/// Keys without a setting, and what there is in their place.
const UNMAPPED: &[(&str, &str)] = &[
    (
        "embedding_threshold",
        "thresholds are measured, and part of the program (docs/SAMENESS.md)",
    ),
    ("jaccard_threshold", "the same"),
    (
        "whitelist_boost",
        "a rule with the list `whitelist` adds points to a score; it does not move a threshold",
    ),
    (
        "daily_push_cap",
        "no setting; `rate_per_s` of a channel limits a second",
    ),
    (
        "digest_max_items",
        "no setting; a digest takes what its time brings",
    ),
    (
        "strategies",
        "equal texts, vectors and words are always compared, in this order",
    ),
];

/// Windows of heat that signals always have, in minutes.
const SLOPES: &[(&str, f64, &str)] = &[
    ("slope_window_10m", 10.0, "heat_slope_10m"),
    ("slope_window_30m", 30.0, "heat_slope_30m"),
];

pub(super) fn native(reader: &mut Reader<'_>, root: &Node) -> Option<String> {
    let fields = reader.fields(root, "merge rules", KEYS)?;
    let rules = reader.fields(fields.get("merge_rules")?, "`merge_rules`", RULE_KEYS)?;
    for (key, _) in UNMAPPED.iter().filter(|(key, _)| RULE_KEYS.contains(key)) {
        reader.number(&rules, key);
    }
    let window = minutes(reader, &rules, "window_hours", 60.0);
    let repeat = minutes(reader, &rules, "topic_rate_limit_minutes", 1.0);
    let mut text = "# Merging is a matter of settings:\n#   dedup:\n".to_owned();
    let settings = [
        ("story_idle", window, "window_hours"),
        ("quiet_after", window, "window_hours"),
        ("repeat_after", repeat, "topic_rate_limit_minutes"),
    ];
    for (setting, minutes, key) in settings {
        if let Some(minutes) = minutes {
            let _ = writeln!(text, "#     {setting}: {minutes}m  # {key}");
        }
    }
    text.push_str("# What has no setting:\n");
    for (key, minutes, name) in SLOPES {
        if let Some(wanted) = reader.number(&rules, key) {
            let same = if (wanted - minutes).abs() < f64::EPSILON {
                "as here"
            } else {
                "which is not as here"
            };
            let _ = writeln!(
                text,
                "#   {key}: {wanted}, {same}: signals have `{name}` over {minutes} minutes"
            );
        }
    }
    for (key, instead) in UNMAPPED {
        if rules.get(key).or_else(|| fields.get(key)).is_some() {
            let _ = writeln!(text, "#   {key}: {instead}");
        }
    }
    text.push_str("groups: []\n");
    Some(text)
}

/// A time as whole minutes; none where the key is not there. `unit` is the key's, in minutes.
fn minutes(reader: &mut Reader<'_>, rules: &Fields<'_>, key: &'static str, unit: f64) -> Option<u64> {
    let minutes = (reader.number(rules, key)? * unit).round();
    if (1.0..=1e9).contains(&minutes) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was just looked at"
        )]
        return Some(minutes as u64);
    }
    let place = rules.get(key).map_or(rules.place, |node| node.place);
    let (key, wanted) = (key.to_owned(), "a time of a minute or more");
    reader.fail(place, Fault::WrongKind { key, wanted });
    None
}

#[cfg(test)]
mod tests {
    use crate::reference::convert;

    const FILE: &str = "
merge_rules:
  embedding_threshold: 0.80
  whitelist_boost: 0.05
  window_hours: 36
  slope_window_10m: 10
  slope_window_30m: 20
  topic_rate_limit_minutes: 60
strategies: [{name: exact_match}]
";

    fn converted(text: &str) -> Result<String, String> {
        convert("topic_merge.yml", text).map_err(|errors| crate::explain(&errors))
    }

    #[test]
    fn it_says_which_settings_say_the_same_and_what_has_none() {
        let text = converted(FILE).unwrap();
        for said in [
            "story_idle: 2160m  # window_hours",
            "quiet_after: 2160m  # window_hours",
            "repeat_after: 60m  # topic_rate_limit_minutes",
            "slope_window_10m: 10, as here: signals have `heat_slope_10m` over 10 minutes",
            "slope_window_30m: 20, which is not as here",
            "embedding_threshold: thresholds are measured",
            "whitelist_boost: a rule",
            "strategies: ",
            "groups: []",
        ] {
            assert!(text.contains(said), "{said} is not in:\n{text}");
        }
        assert!(!text.contains("jaccard") && !text.contains("daily"), "{text}");
    }

    #[test]
    fn a_time_that_is_none_and_a_key_that_nobody_knows_are_mistakes() {
        let negative = converted(&FILE.replace("36", "-1")).unwrap_err();
        assert!(
            negative.contains("window_hours") && negative.contains("a minute or more"),
            "{negative}"
        );
        let unknown = converted(&FILE.replace("window_hours", "window_hour")).unwrap_err();
        assert!(unknown.contains("window_hours"), "{unknown}");
    }
}
