//! How deep JSON is nested, counted over the bytes before anything parses them. No recursion, no allocation.

use crate::rejection::Rejection;

/// Refuses JSON with more than `limit` open brackets at once. Brackets inside strings do not count; whether the text
/// is JSON at all is for the parser to say.
pub(crate) fn check(json: &[u8], limit: usize) -> Result<(), Rejection> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in json.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return Err(Rejection::TooDeep { limit, at });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_up_to_the_limit_and_not_inside_strings() {
        assert_eq!(check(br#"{"a":[1,{"b":[]}]}"#, 4), Ok(()));
        assert_eq!(
            check(br#"{"a":[1,{"b":[]}]}"#, 3),
            Err(Rejection::TooDeep { limit: 3, at: 13 })
        );
        assert_eq!(check(br#"["[[[[\"[[[["]"#, 1), Ok(()));
    }

    #[test]
    fn a_hundred_thousand_brackets_are_refused_at_the_first_too_many() {
        let deep = "[".repeat(100_000);
        assert_eq!(
            check(deep.as_bytes(), 64),
            Err(Rejection::TooDeep { limit: 64, at: 64 })
        );
    }
}
