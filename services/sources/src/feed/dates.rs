//! The dates of feeds: RFC 3339, RFC 2822, and what people write in their place. No clock, no I/O.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// What is tried beside the standards, with a time zone.
const ZONED: [&str; 8] = [
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M%#z",
    "%Y-%m-%d %H:%M:%S%.f %#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%a, %d %b %Y %H:%M %z",
    "%d %b %Y %H:%M:%S %z",
    "%d %b %Y %H:%M %z",
    "%a %b %d %H:%M:%S %z %Y",
];
/// And without one, which is taken for UTC.
const LOCAL: [&str; 10] = [
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%a, %d %b %Y %H:%M:%S",
    "%a, %d %b %Y %H:%M",
    "%d %b %Y %H:%M:%S",
    "%d %b %Y %H:%M",
    "%a %b %d %H:%M:%S %Y",
    "%b %d, %Y %H:%M:%S",
];
const DAYS: [&str; 8] = [
    "%Y-%m-%d",
    "%Y%m%d",
    "%a, %d %b %Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%d/%m/%Y",
    "%Y/%m/%d",
    "%d.%m.%Y",
];
/// RFC 822 and 2822 know the American ones; the others are in use.
const ZONES: [(&str, &str); 22] = [
    ("UTC", "+0000"),
    ("GMT", "+0000"),
    ("UT", "+0000"),
    ("Z", "+0000"),
    ("EST", "-0500"),
    ("EDT", "-0400"),
    ("CST", "-0600"),
    ("CDT", "-0500"),
    ("MST", "-0700"),
    ("MDT", "-0600"),
    ("PST", "-0800"),
    ("PDT", "-0700"),
    ("WET", "+0000"),
    ("WEST", "+0100"),
    ("BST", "+0100"),
    ("CET", "+0100"),
    ("CEST", "+0200"),
    ("MEZ", "+0100"),
    ("EET", "+0200"),
    ("EEST", "+0300"),
    ("MSK", "+0300"),
    ("JST", "+0900"),
];
/// English names in full, and the abbreviations that chrono knows.
const NAMES: [(&str, &str); 20] = [
    ("monday", "Mon"),
    ("tuesday", "Tue"),
    ("tues", "Tue"),
    ("wednesday", "Wed"),
    ("thursday", "Thu"),
    ("thurs", "Thu"),
    ("friday", "Fri"),
    ("saturday", "Sat"),
    ("sunday", "Sun"),
    ("january", "Jan"),
    ("february", "Feb"),
    ("march", "Mar"),
    ("april", "Apr"),
    ("june", "Jun"),
    ("july", "Jul"),
    ("august", "Aug"),
    ("september", "Sep"),
    ("sept", "Sep"),
    ("october", "Oct"),
    ("november", "Nov"),
];

/// The time of a text, if it has one.
pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    if text.len() > 100 {
        return None;
    }
    let text = text.trim();
    let standard = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text));
    if let Ok(time) = standard {
        return Some(time.to_utc());
    }
    let plain = plain(text);
    // A wrong name of the day takes nothing from a date that is right.
    let nameless = plain.split_once(", ").map_or(plain.as_str(), |(_, rest)| rest);
    [plain.as_str(), nameless].into_iter().find_map(loosely)
}

fn loosely(text: &str) -> Option<DateTime<Utc>> {
    let zoned = ZONED
        .iter()
        .find_map(|format| DateTime::parse_from_str(text, format).ok());
    let local = || {
        LOCAL
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    };
    let day = || {
        DAYS.iter()
            .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
    };
    let standard = || DateTime::parse_from_rfc2822(text).ok();
    zoned
        .or_else(standard)
        .map(|time| time.to_utc())
        .or_else(|| Some(local()?.and_utc()))
        .or_else(|| Some(day()?.and_hms_opt(0, 0, 0)?.and_utc()))
}

/// One space between words, names short, zones as numbers, hour 24 as the next day's 0 left out.
fn plain(text: &str) -> String {
    let words = text.split_whitespace().map(|word| {
        let (bare, comma) = word.strip_suffix(',').map_or((word, ""), |bare| (bare, ","));
        let bare = bare.trim_end_matches('.');
        let zone = ZONES.iter().find(|(name, _)| bare.eq_ignore_ascii_case(name));
        let name = NAMES.iter().find(|(name, _)| bare.eq_ignore_ascii_case(name));
        let bare = zone.or(name).map_or(bare, |(_, short)| short);
        format!("{bare}{comma}")
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_feeds_write_is_read() {
        let cases = [
            ("2004-02-29T11:32:11+01:00", "2004-02-29T10:32:11Z"),
            ("Sun, 29 Feb 2004 11:32:11 EST", "2004-02-29T16:32:11Z"),
            ("Sun, 29 Feb 2004 11:32:11 CEST", "2004-02-29T09:32:11Z"),
            ("Mon, 29 Feb 2004 11:32:11 GMT", "2004-02-29T11:32:11Z"),
            ("Sunday, 29 February 2004 11:32 +0000", "2004-02-29T11:32:00Z"),
            ("2004-02-29 11:32:11", "2004-02-29T11:32:11Z"),
            ("2004-02-29T11:32", "2004-02-29T11:32:00Z"),
            ("2004-02-29T11:32Z", "2004-02-29T11:32:00Z"),
            ("2004-02-29", "2004-02-29T00:00:00Z"),
            ("29 Feb 2004", "2004-02-29T00:00:00Z"),
            ("Sun Feb 29 11:32:11 UTC 2004", "2004-02-29T11:32:11Z"),
        ];
        for (text, time) in cases {
            let read = parse(text).map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
            assert_eq!(read.as_deref(), Some(time), "{text}");
        }
        for none in ["", "soon", "2004-02-30", "29", "0000-00-00T00:00:00Z"] {
            assert_eq!(parse(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,120}") {
            parse(&text);
        }
    }
}
