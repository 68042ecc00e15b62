//! Whose word an event is: what one sender says twice confirms nothing. No I/O.

use model::Event;
use xxhash_rust::xxh3::xxh3_64;

/// The independent sender of an event. A sender that showed a key is its key, whatever sources it names; one that is
/// trusted passes on what others say, so each host is one; where nobody showed a key, each source is one. Links in a
/// text are not where it comes from.
pub(crate) fn sender(event: &Event) -> u64 {
    let host = || {
        event
            .url
            .as_deref()
            .and_then(host)
            .or_else(|| host(&event.source))
    };
    let (kind, name) = match &event.principal {
        Some(principal) if !event.trusted => ("key", principal.as_str()),
        Some(_) => ("source", host().unwrap_or(&event.source)),
        None => ("source", event.source.as_str()),
    };
    xxh3_64(format!("{kind}\u{1f}{name}").as_bytes())
}

/// The host of an absolute link, without `www.`, port and user.
fn host(url: &str) -> Option<&str> {
    let authority = url.split_once("://")?.1.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    Some(host.strip_prefix("www.").unwrap_or(host)).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(principal: Option<&str>, trusted: bool, source: &str, url: Option<&str>) -> Event {
        Event {
            principal: principal.map(str::to_owned),
            trusted,
            source: source.to_owned(),
            url: url.map(str::to_owned),
            ..Event::default()
        }
    }

    fn count(events: &[Event]) -> i64 {
        let senders: std::collections::BTreeSet<u64> = events.iter().map(sender).collect();
        senders.len().try_into().unwrap_or_default()
    }

    #[test]
    fn a_key_is_one_sender_whatever_it_says() {
        let of = |source, url| event(Some("shop"), false, source, Some(url));
        assert_eq!(
            count(&[
                of("a", "https://a.com"),
                of("b", "https://b.com"),
                of("c", "https://c.com")
            ]),
            1
        );
        let other = event(Some("bank"), false, "a", None);
        assert_eq!(count(&[of("a", "https://a.com"), other]), 2);
    }

    #[test]
    fn what_a_trusted_sender_passes_on_is_the_hosts() {
        let of = |source, url| event(Some("feeds"), true, source, url);
        let same = [
            of("rss", Some("https://www.a.com/1")),
            of("rss", Some("http://a.com:8080/2")),
        ];
        assert_eq!(count(&same), 1);
        assert_eq!(
            count(&[
                of("rss", Some("https://a.com/1")),
                of("rss", Some("https://b.com/1"))
            ]),
            2
        );
        assert_eq!(
            count(&[of("https://a.com/feed", None), of("rss", Some("https://a.com/1"))]),
            1
        );
        assert_eq!(count(&[of("rss", None), of("atom", None)]), 2);
        assert_eq!(
            count(&[of("rss", None), event(Some("rss"), false, "rss", None)]),
            2
        );
    }

    #[test]
    fn where_nobody_showed_a_key_each_source_is_one() {
        let of = |source| event(None, true, source, Some("https://a.com"));
        assert_eq!(count(&[of("a"), of("b"), of("a")]), 2);
    }
}
