//! By what a signal can be looked up. No I/O.

use std::borrow::Cow;

use model::Signal;
use rules::{Fact, Facts};

/// Values longer than this identify nothing that a table or a vendor knows.
const MAX_BYTES: usize = 256;

/// What of the signal is asked for: `subject`, `symbol`, `address`, `chain`, `domain`, `author`, or the name of a fact.
pub(crate) fn of<'a>(signal: &'a Signal, on: &str) -> Option<Cow<'a, str>> {
    let found = match on {
        "subject" => Some(Cow::Borrowed(signal.subject.as_str())),
        "symbol" => signal
            .subject
            .strip_prefix("symbol:")
            .map(Cow::Borrowed)
            .or_else(|| fact(signal, "symbol")),
        "address" => token(signal)
            .map(|(_, address)| Cow::Borrowed(address))
            .or_else(|| fact(signal, "token_ca")),
        "chain" => token(signal)
            .map(|(chain, _)| Cow::Borrowed(chain))
            .or_else(|| fact(signal, "chain")),
        "domain" => domain(signal).map(Cow::Owned),
        name => fact(signal, name),
    };
    found.filter(|value| !value.trim().is_empty() && value.len() <= MAX_BYTES)
}

/// `token:<chain>:<address>`.
fn token(signal: &Signal) -> Option<(&str, &str)> {
    signal.subject.strip_prefix("token:")?.split_once(':')
}

fn fact<'a>(signal: &'a Signal, name: &str) -> Option<Cow<'a, str>> {
    match signal.get(name)? {
        Fact::Str(text) => Some(Cow::Borrowed(text)),
        Fact::Long(number) => Some(Cow::Owned(number.to_string())),
        Fact::Bool(flag) => Some(Cow::Owned(flag.to_string())),
        _ => None,
    }
}

/// Of the newest evidence that cites a page.
fn domain(signal: &Signal) -> Option<String> {
    let cited = signal
        .evidence
        .iter()
        .rev()
        .find_map(|evidence| evidence.url.as_deref())?;
    let parsed = url::Url::parse(cited).ok()?;
    let host = parsed.host_str()?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
}

/// The form in which values are compared: addresses, symbols and domains are written in any case.
pub(crate) fn comparable(on: &str, value: &str) -> String {
    let value = value.trim();
    match on {
        "symbol" | "address" | "domain" | "chain" => value.trim_start_matches('$').to_lowercase(),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use model::{Evidence, Value};

    use super::*;

    fn about(subject: &str) -> Signal {
        Signal {
            subject: subject.to_owned(),
            ..Signal::default()
        }
    }

    #[test]
    fn tokens_and_symbols_are_known_by_their_subject() {
        let token = about("token:eth:0xabc");
        assert_eq!(of(&token, "address").as_deref(), Some("0xabc"));
        assert_eq!(of(&token, "chain").as_deref(), Some("eth"));
        assert_eq!(of(&token, "symbol"), None);
        assert_eq!(of(&about("symbol:UNI"), "symbol").as_deref(), Some("UNI"));
        assert_eq!(of(&about(""), "subject"), None);
        assert_eq!(of(&about(&"x".repeat(1000)), "subject"), None);
    }

    #[test]
    fn evidence_and_facts_identify_too() {
        let mut signal = about("story:1");
        signal.facts.insert("account_id".to_owned(), Value::Long(42));
        signal.evidence.push(Evidence {
            event_id: String::new(),
            source: String::new(),
            kind: String::new(),
            time: 0,
            author: Some("ann".to_owned()),
            url: Some("https://www.Example.com/a?b".to_owned()),
            text: None,
            score: 0.0,
            principal: None,
            lang: None,
        });
        assert_eq!(of(&signal, "domain").as_deref(), Some("example.com"));
        assert_eq!(of(&signal, "author").as_deref(), Some("ann"));
        assert_eq!(of(&signal, "account_id").as_deref(), Some("42"));
    }

    #[test]
    fn writing_does_not_matter_where_it_means_nothing() {
        assert_eq!(comparable("symbol", " $Uni "), "uni");
        assert_eq!(comparable("subject", "user:A"), "user:A");
    }
}
