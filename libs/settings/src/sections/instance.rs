//! The name of this process and of its installation.

use crate::problem::Problems;

/// Kafka allows 249 characters in a topic name; ours need about 60 of them.
const MAX_PREFIX: usize = 120;

/// The name of this host, as the kernel knows it.
pub(crate) fn hostname() -> String {
    let from_kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = from_kernel.trim().chars().filter(|c| kafka_name(*c)).collect();
    if name.is_empty() { "local".to_owned() } else { name }
}

pub(crate) fn check(topic_prefix: &str, instance_id: &str, problems: &mut Problems) {
    let prefix_fits = topic_prefix.len() <= MAX_PREFIX && topic_prefix.chars().all(kafka_name);
    problems.unless(
        prefix_fits,
        "topic_prefix",
        topic_prefix,
        "use at most 120 of the characters a-z A-Z 0-9 . _ - (Kafka's rule for topic names)",
    );
    let id_fits =
        !instance_id.is_empty() && instance_id.len() <= MAX_PREFIX && instance_id.chars().all(kafka_name);
    problems.unless(
        id_fits,
        "instance_id",
        instance_id,
        "use 1 to 120 of the characters a-z A-Z 0-9 . _ -, different for each replica",
    );
}

fn kafka_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}
