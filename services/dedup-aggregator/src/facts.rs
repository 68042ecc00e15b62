//! What the events of a signal say of its subject, by the names that rules use. No I/O.

use model::{Event, Facts, Value};

/// Facts of one signal at most.
const MOST: usize = 64;

/// Adds what an event knows; what is known later replaces what was known before. Fields go by their bare name
/// (`symbol`, `token_ca`, `chain`, `author`, `lang`, `severity`, `url`, `domain`, `sentiment`, `spam`), attributes as `data.<name>`.
pub(crate) fn merge(facts: &mut Facts, event: &Event) {
    let address = event.addresses.first();
    let url = event.url.as_ref().or(event.urls.first());
    let fields = [
        ("symbol", event.cashtags.first().map(String::as_str)),
        ("token_ca", address.map(|known| known.address.as_str())),
        ("address", address.map(|known| known.address.as_str())),
        ("chain", address.map(|known| known.chain.as_str())),
        ("author", event.author.as_deref()),
        ("lang", event.lang.as_deref()),
        ("severity", event.severity.as_deref()),
        ("url", url.map(String::as_str)),
        ("domain", url.and_then(|url| domain(url))),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            put(facts, name, Value::from(value));
        }
    }
    for (name, value) in [("sentiment", event.sentiment), ("spam", event.spam)] {
        if let Some(value) = value {
            put(facts, name, Value::Double(value));
        }
    }
    for (name, value) in &event.attributes {
        put(facts, &format!("data.{name}"), value.clone());
    }
}

fn put(facts: &mut Facts, name: &str, value: Value) {
    if let Some(known) = facts.get_mut(name) {
        *known = value;
    } else if facts.len() < MOST {
        facts.insert(name.to_owned(), value);
    }
}

/// The host of a canonical link without `www.` and port.
fn domain(url: &str) -> Option<&str> {
    let host = url.split_once("://")?.1.split(['/', '?', ':']).next()?;
    Some(host.strip_prefix("www.").unwrap_or(host)).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_knowledge_wins_and_the_number_is_bounded() {
        let mut facts = Facts::new();
        let attributes = (0..1_000).map(|n| (format!("k{n}"), Value::Long(n))).collect();
        merge(
            &mut facts,
            &Event {
                url: Some("https://www.a.com:8080/x".to_owned()),
                ..Event::default()
            },
        );
        merge(
            &mut facts,
            &Event {
                author: Some("b".to_owned()),
                attributes,
                ..Event::default()
            },
        );
        assert_eq!(facts["domain"], Value::from("a.com"));
        assert_eq!(facts["author"], Value::from("b"));
        assert_eq!(facts.len(), MOST);
        merge(
            &mut facts,
            &Event {
                author: Some("c".to_owned()),
                ..Event::default()
            },
        );
        assert_eq!(facts["author"], Value::from("c"));
    }
}
