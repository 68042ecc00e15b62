//! Puts a signal's values into the address of a source. No I/O.

use std::fmt::Write;

use model::Signal;
use outbound::Url;

use crate::identity;

const PLACES: [&str; 4] = ["subject", "symbol", "address", "chain"];

/// The address with `{subject}`, `{symbol}`, `{address}`, `{chain}` filled in; nothing if the signal lacks one of them.
pub(super) fn fill(template: &str, signal: &Signal) -> Option<Url> {
    let mut filled = template.to_owned();
    for place in PLACES {
        let marker = format!("{{{place}}}");
        if filled.contains(&marker) {
            let value = identity::of(signal, place)?;
            // A path reads `..` as "one up", however it is encoded.
            if value.chars().all(|c| c == '.') {
                return None;
            }
            filled = filled.replace(&marker, &encoded(&value));
        }
    }
    Url::parse(&filled).ok()
}

/// Percent-encodes everything but what RFC 3986 §2.3 calls unreserved, so that a value stays one segment.
fn encoded(value: &str) -> String {
    value
        .bytes()
        .fold(String::with_capacity(value.len()), |mut text, byte| {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                text.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(text, "%{byte:02X}");
            }
            text
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn about(subject: &str) -> Signal {
        Signal {
            subject: subject.to_owned(),
            ..Signal::default()
        }
    }

    #[test]
    fn values_stand_in_their_places() {
        let url = fill(
            "https://x.example/{chain}/{address}?q={subject}",
            &about("token:eth:0xab"),
        )
        .unwrap();
        assert_eq!(url.as_str(), "https://x.example/eth/0xab?q=token%3Aeth%3A0xab");
        assert_eq!(fill("https://x.example/{symbol}", &about("user:1")), None);
    }

    #[test]
    fn no_value_leaves_its_place() {
        for hostile in [
            "../admin",
            "a/b",
            "a?b=c",
            "a#b",
            "a@b",
            "{address}",
            "a\nb",
            "..",
        ] {
            let Some(url) = fill(
                "https://x.example/t/{symbol}/end",
                &about(&format!("symbol:{hostile}")),
            ) else {
                continue;
            };
            assert_eq!(
                (url.host_str(), url.query()),
                (Some("x.example"), None),
                "{hostile}"
            );
            assert_eq!(url.path_segments().unwrap().count(), 3, "{hostile}");
        }
    }

    proptest! {
        #[test]
        fn the_host_is_always_the_configured_one(subject in ".*") {
            if let Some(url) = fill("https://x.example/{subject}", &about(&subject)) {
                prop_assert_eq!(url.host_str(), Some("x.example"));
            }
        }
    }
}
