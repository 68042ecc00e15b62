//! Puts a signal's values into the address of a source. No I/O.

use std::fmt::Write;

use model::Signal;
use outbound::Url;

use crate::identity;

const PLACES: [&str; 4] = ["subject", "symbol", "address", "chain"];

/// A source's address with `{subject}`, `{symbol}`, `{address}`, `{chain}` filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filled {
    pub(super) url: Url,
    /// The values, which say what is asked for without the address, in which a key may stand.
    pub(super) values: String,
}

/// The address for a signal; nothing if the signal lacks one of the values.
pub(super) fn fill(template: &str, signal: &Signal) -> Option<Filled> {
    let (mut filled, mut values) = (template.to_owned(), Vec::new());
    for place in PLACES {
        let marker = format!("{{{place}}}");
        if filled.contains(&marker) {
            let value = identity::of(signal, place)?;
            // A path reads `..` as "one up", however it is encoded.
            if value.chars().all(|c| c == '.') {
                return None;
            }
            let value = encoded(&value);
            filled = filled.replace(&marker, &value);
            values.push(value);
        }
    }
    let url = Url::parse(&filled).ok()?;
    Some(Filled {
        url,
        values: values.join("/"),
    })
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
        let filled = fill(
            "https://x.example/{chain}/{address}?q={subject}&key=secret",
            &about("token:eth:0xab"),
        )
        .unwrap();
        let url = "https://x.example/eth/0xab?q=token%3Aeth%3A0xab&key=secret";
        assert_eq!(filled.url.as_str(), url);
        assert_eq!(filled.values, "token%3Aeth%3A0xab/0xab/eth");
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
            let Some(Filled { url, .. }) = fill(
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
            if let Some(filled) = fill("https://x.example/{subject}", &about(&subject)) {
                prop_assert_eq!(filled.url.host_str(), Some("x.example"));
            }
        }
    }
}
