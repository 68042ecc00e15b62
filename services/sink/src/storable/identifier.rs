//! Identifiers that an index can hold: a B-tree refuses entries above about 2,700 bytes.

use super::text;
use model::Id;

/// The longest identifier that is kept as it is, in bytes.
const MAX_BYTES: usize = 1024;
/// The longest tenant that is kept as it is, in bytes.
const TENANT_BYTES: usize = 256;
/// What a longer one leaves for its hash.
const HASH_BYTES: usize = 64;

/// The identifier without NUL; a long one is cut and ends in the hash of the whole, so that two of them stay two.
pub(crate) fn identifier(whole: String) -> String {
    identifier_within(MAX_BYTES, whole)
}

/// A tenant, as a key can hold it that has two more identifiers.
pub(crate) fn tenant(whole: String) -> String {
    identifier_within(TENANT_BYTES, whole)
}

/// The identifier within so many bytes.
fn identifier_within(most: usize, whole: String) -> String {
    let clean = text(whole);
    if clean.len() <= most {
        return clean;
    }
    let kept = &clean[..clean.floor_char_boundary(most.saturating_sub(HASH_BYTES))];
    format!("{kept}{}", Id::new().part(&clean).text("…"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_ones_stay_different() {
        let (one, other) = ("x".repeat(5000), format!("{}y", "x".repeat(4999)));
        assert_ne!(identifier(one.clone()), identifier(other));
        assert_eq!(identifier(one.clone()), identifier(one));
    }

    proptest! {
        #[test]
        fn any_text_becomes_short_and_without_nul(whole in "(?s).{0,40}", times in 1usize..200) {
            for most in [TENANT_BYTES, MAX_BYTES] {
                let short = identifier_within(most, whole.repeat(times));
                prop_assert!(short.len() <= most && !short.contains('\0'));
            }
        }
    }
}
