//! Subject: the one thing a text or record is about, and the partition key from there on. No I/O.

use crate::find::{Chain, Checksum, Findings};
use crate::topic::topic;
use xxhash_rust::xxh3::xxh3_128;

/// Longest subject in bytes; a longer one keeps its beginning and ends with a hash of the whole.
pub const LONGEST: usize = 512;

/// What is known about a record when its subject is chosen. Empty strings count as absent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clues<'a> {
    /// What the producer named as subject.
    pub explicit: Option<&'a str>,
    /// Cleaned text.
    pub text: &'a str,
    /// What was found in that text.
    pub findings: Option<&'a Findings>,
    /// Identity of the acting user.
    pub user: Option<&'a str>,
    /// The record's own link, such as the page of a news item, in canonical form.
    pub url: Option<&'a str>,
    /// The producer, in `CloudEvents` terms.
    pub source: &'a str,
}

/// The subject, by the first of these that is there: what the producer named, a chain address
/// (`token:eth:0x…`, `token:sol:…`, `address:btc:…`, which has no tokens), a single symbol (`symbol:UNI`), the user (`user:123`), a link cited in the
/// text (`url:…`), the story (`story:…`, from four content words on), the record's own link, the source.
pub fn subject(clues: &Clues<'_>) -> String {
    let explicit = clues.explicit.map(printable).filter(|name| !name.is_empty());
    let chosen = explicit
        .or_else(|| clues.findings.and_then(token))
        .or_else(|| clues.findings.and_then(symbol))
        .or_else(|| named("user:", clues.user))
        .or_else(|| {
            clues
                .findings
                .and_then(|found| named("url:", found.links.first().map(|link| &*link.url)))
        })
        .or_else(|| topic(clues.text).map(|word| format!("story:{word}")))
        .or_else(|| named("url:", clues.url))
        .unwrap_or_else(|| format!("source:{}", printable(clues.source)));
    limit(chosen)
}

/// The first address; a mistyped one only when there is no other.
fn token(found: &Findings) -> Option<String> {
    let good = found
        .addresses
        .iter()
        .find(|address| address.checksum != Checksum::Invalid);
    let address = good.or(found.addresses.first())?;
    let chain = match address.chain {
        Chain::Evm => "eth",
        Chain::Solana => "sol",
        Chain::Bitcoin => return Some(format!("address:btc:{}", address.address)),
    };
    Some(format!("token:{chain}:{}", address.address))
}

/// The symbol when the text names exactly one; a list of symbols is about none of them.
fn symbol(found: &Findings) -> Option<String> {
    let first = &found.cashtags.first()?.name;
    found
        .cashtags
        .iter()
        .all(|tag| tag.name == *first)
        .then(|| format!("symbol:{first}"))
}

fn named(prefix: &str, name: Option<&str>) -> Option<String> {
    let name = printable(name?);
    (!name.is_empty()).then(|| format!("{prefix}{name}"))
}

/// Without control characters and outer blanks, which would make keys that look alike.
fn printable(name: &str) -> String {
    let visible: String = name.chars().filter(|c| !c.is_control()).collect();
    visible.trim().to_owned()
}

fn limit(subject: String) -> String {
    if subject.len() <= LONGEST {
        return subject;
    }
    let hash = xxh3_128(subject.as_bytes());
    format!("{}~{hash:032x}", crate::span::prefix(&subject, LONGEST - 33))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> String {
        let found = crate::find(text);
        subject(&Clues {
            text,
            findings: Some(&found),
            source: "feeds/x",
            ..Clues::default()
        })
    }

    #[test]
    fn the_order_is_kept() {
        let address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        assert_eq!(
            of(&format!("$UNI {address}")),
            format!("token:eth:{}", address.to_lowercase())
        );
        assert_eq!(of("$uni and $UNI https://a.com/"), "symbol:UNI");
        assert_eq!(of("$UNI $ETH https://a.com/#x"), "url:https://a.com/");
        assert!(of("Regulators fined the largest exchange yesterday").starts_with("story:"));
        assert_eq!(of("gm"), "source:feeds/x");
    }

    #[test]
    fn explicit_user_and_own_link() {
        let clues = Clues {
            source: "s",
            ..Clues::default()
        };
        assert_eq!(
            subject(&Clues {
                explicit: Some(" token:eth:0x1 "),
                user: Some("7"),
                ..clues
            }),
            "token:eth:0x1"
        );
        assert_eq!(
            subject(&Clues {
                explicit: Some(" \0 "),
                user: Some("7"),
                ..clues
            }),
            "user:7"
        );
        assert_eq!(
            subject(&Clues {
                url: Some("https://a.com/"),
                ..clues
            }),
            "url:https://a.com/"
        );
    }

    #[test]
    fn a_long_name_ends_with_its_hash() {
        let (a, b) = ("é".repeat(400) + "a", "é".repeat(400) + "b");
        let clue = |name| {
            subject(&Clues {
                explicit: Some(name),
                ..Clues::default()
            })
        };
        assert!(clue(&a).len() <= LONGEST);
        assert_ne!(clue(&a), clue(&b));
        assert_eq!(clue(&a), clue(&a));
    }

    proptest! {
        #[test]
        fn never_empty_never_long(explicit in any::<Option<String>>(), text in "\\PC{0,80}", source in "\\PC{0,9}") {
            let clues = Clues { explicit: explicit.as_deref(), text: &text, source: &source, ..Clues::default() };
            let chosen = subject(&clues);
            prop_assert!(!chosen.is_empty() && chosen.len() <= LONGEST && !chosen.contains('\0'));
        }
    }
}
