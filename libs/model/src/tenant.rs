//! The alphabet of tenants' names. It has no two letters that look alike in different scripts, no case and no
//! separator that anything else uses, so that no tenant can be taken for another. No I/O.

/// Longest name of a tenant, in bytes.
pub const LONGEST_TENANT: usize = 63;

/// Under which name the stream itself is told of. No tenant may be called so, so that no caller and no channel of some
/// tenants is shown it.
pub const OPERATIONAL_TENANT: &str = "~operational";

/// What a tenant may be called, for messages.
pub const TENANT_RULE: &str = "a-z, 0-9, `-` and `_`, at most 63 of them, beginning with a letter or a digit";

/// Whether this may be the name of a tenant: `[a-z0-9][a-z0-9_-]{0,62}`.
pub fn is_tenant(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let first = name.bytes().next().is_some_and(plain);
    first
        && name.len() <= LONGEST_TENANT
        && name
            .bytes()
            .all(|byte| plain(byte) || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_tenants() {
        for name in ["default", "a", "7", "acme-eu_1", "a-", &"x".repeat(63)] {
            assert!(is_tenant(name), "{name}");
        }
    }

    #[test]
    fn what_looks_like_another_name_is_none() {
        let others = [
            "",
            "Acme",
            "-a",
            "_a",
            "a b",
            " a",
            "a\n",
            "а",
            "acme\u{200b}",
            "a.b",
            "a/b",
            "a\u{1f}b",
            "*",
            "ａ",
            OPERATIONAL_TENANT,
        ];
        for name in others.iter().copied().chain([&*"x".repeat(64)]) {
            assert!(!is_tenant(name), "{name:?}");
        }
    }
}
