//! What the events of a signal say of its subject, by the names that rules use. No I/O.

use model::{Event, Facts, Value};

/// What the names of attributes begin with; all other names are ours, and few.
const ATTRIBUTE: &str = "data.";
/// Attributes of one signal at most: as many as one event may have, so that no event's own are left out.
const MOST: usize = 256;
/// Bytes of a signal's attributes at most, names and values.
const LARGEST: usize = 64 * 1024;

/// Adds what an event knows; what is known later replaces what was known before, and where there is no room for more
/// attributes, what earlier events said goes: so many attributes keep none out that comes later. Fields go by their bare name
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
            facts.insert(name.to_owned(), Value::from(value));
        }
    }
    for (name, value) in [("sentiment", event.sentiment), ("spam", event.spam)] {
        if let Some(value) = value {
            facts.insert(name.to_owned(), Value::Double(value));
        }
    }
    if !event.attributes.is_empty() {
        merge_attributes(facts, &event.attributes);
    }
}

fn merge_attributes(facts: &mut Facts, attributes: &Facts) {
    for (name, value) in attributes.iter().take(MOST) {
        facts.insert(format!("{ATTRIBUTE}{name}"), value.clone());
    }
    bound(facts, |name| {
        let own = name.strip_prefix(ATTRIBUTE);
        own.is_some_and(|own| attributes.contains_key(own))
    });
}

/// Adds what was known later of the same subject, by the same rule.
pub(crate) fn extend(facts: &mut Facts, newer: Facts) {
    let names: Vec<String> = newer.keys().cloned().collect();
    facts.extend(newer);
    bound(facts, |name| {
        names.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
    });
}

/// Leaves out attributes beyond what one signal may have: what was known before goes before anything that is new.
fn bound(facts: &mut Facts, is_new: impl Fn(&str) -> bool) {
    let known = || {
        let names = facts.range(ATTRIBUTE.to_owned()..);
        names.take_while(|(name, _)| name.starts_with(ATTRIBUTE))
    };
    let (mut count, mut bytes) = known().fold((0, 0), |(count, bytes), (name, value)| {
        (count + 1, bytes + size(name, value))
    });
    if count <= MOST && bytes <= LARGEST {
        return;
    }
    let (new, old): (Vec<_>, Vec<_>) = known()
        .map(|(name, value)| (name.clone(), size(name, value)))
        .partition(|(name, _)| is_new(name));
    for (name, size) in old.into_iter().chain(new.into_iter().rev()) {
        if count <= MOST && bytes <= LARGEST {
            return;
        }
        facts.remove(&name);
        (count, bytes) = (count - 1, bytes - size);
    }
}

fn size(name: &str, value: &Value) -> usize {
    let text = match value {
        Value::String(text) => text.len(),
        _ => 8,
    };
    name.len() + text
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
        assert_eq!(facts.len(), MOST + 3, "url, domain and author beside them");
        merge(
            &mut facts,
            &Event {
                author: Some("c".to_owned()),
                ..Event::default()
            },
        );
        assert_eq!(facts["author"], Value::from("c"));
    }

    fn merged(facts: &mut Facts, attributes: impl IntoIterator<Item = (String, Value)>) {
        let attributes = attributes.into_iter().collect();
        merge(
            facts,
            &Event {
                attributes,
                ..Event::default()
            },
        );
    }

    #[test]
    fn attributes_without_meaning_keep_none_out_that_come_later() {
        let mut facts = Facts::new();
        for round in 0..20 {
            merged(
                &mut facts,
                (0..64).map(|n| (format!("junk{round}_{n}"), Value::Long(n))),
            );
        }
        merged(&mut facts, [("zz_amount".to_owned(), Value::Long(7))]);
        assert_eq!(facts["data.zz_amount"], Value::Long(7));
        assert!(facts.len() <= MOST);
    }

    #[test]
    fn what_another_partition_knew_later_is_kept_out_by_nothing_either() {
        let junk = (0..MOST).map(|n| (format!("{ATTRIBUTE}junk{n}"), Value::Long(0)));
        let mut facts: Facts = junk.collect();
        let later = [("data.zz_amount".to_owned(), Value::Long(7))];
        extend(&mut facts, later.into());
        assert_eq!(facts["data.zz_amount"], Value::Long(7));
        assert_eq!(facts.len(), MOST);
    }

    #[test]
    fn the_bytes_are_bounded_too() {
        let long = |name: &str| (name.to_owned(), Value::from("x".repeat(40_000).as_str()));
        let mut facts = Facts::new();
        merged(&mut facts, [long("a"), long("b")]);
        assert_eq!(facts.keys().collect::<Vec<_>>(), ["data.a"]);
        merged(&mut facts, [long("c")]);
        assert_eq!(facts.keys().collect::<Vec<_>>(), ["data.c"]);
    }
}
