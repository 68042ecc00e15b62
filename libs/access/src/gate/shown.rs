//! Credentials that a request shows. No I/O.

/// Longest credential that is looked at, in bytes.
const LONGEST: usize = 16 * 1024;

/// What a request shows: the values of `X-API-Key` and `Authorization: Bearer` (RFC 6750 section 2.1). Nothing is read
/// from the address: that stands in logs.
pub fn shown<'h>(api_key: Option<&'h [u8]>, authorization: Option<&'h [u8]>) -> Vec<&'h str> {
    let bearer = authorization.and_then(|value| {
        let (scheme, rest) = value.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(rest)
    });
    let mut shown: Vec<&str> = Vec::new();
    for value in [api_key, bearer].into_iter().flatten() {
        let text = std::str::from_utf8(value.trim_ascii()).unwrap_or("\u{fffd}");
        if !text.is_empty() && text.len() <= LONGEST && !shown.contains(&text) {
            shown.push(text);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_headers_are_read_and_other_schemes_are_not() {
        assert_eq!(shown(Some(b" a "), Some(b"bearer b")), ["a", "b"]);
        assert_eq!(shown(Some(b"a"), Some(b"Bearer  a")), ["a"]);
        for none in ["", "Bearer", "Bearer ", "Basic YTpi", "Digest x"] {
            assert!(shown(None, Some(none.as_bytes())).is_empty(), "{none}");
        }
        assert_eq!(
            shown(Some(&[0xff]), None),
            ["\u{fffd}"],
            "something that is no key"
        );
        assert!(shown(Some(&vec![b'a'; LONGEST + 1]), None).is_empty());
    }
}
