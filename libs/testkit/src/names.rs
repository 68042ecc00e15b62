//! Names that no other test has, made of the test's own so that people find it in a list of topics.

use uuid::Uuid;

/// PostgreSQL cuts names after 63 bytes; a cut name would lose what makes it unique.
const MAX_READABLE: usize = 40;

/// `TEST_0123456789ab` in lower case, of letters, digits and `_` alone.
pub(crate) fn fresh(test_name: &str) -> String {
    let unique = Uuid::new_v4().simple().to_string();
    let readable: String = test_name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .take(MAX_READABLE)
        .collect();
    format!("t_{readable}_{}", &unique[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suits_kafka_and_postgres_whatever_the_test_is_called() {
        for test in [
            "",
            "services::sink writes \"rows\"; drop table",
            "ünïcödé",
            &"long".repeat(100),
        ] {
            let name = fresh(test);
            assert!(name.len() <= 63, "{name}");
            assert!(
                name.chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
                "{name}"
            );
        }
    }

    #[test]
    fn differs_each_time() {
        assert_ne!(fresh("same"), fresh("same"));
    }
}
