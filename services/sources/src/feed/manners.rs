//! When a feed wants to be asked: `ttl`, `skipHours` and `skipDays` of RSS 2.0, `sy:updatePeriod` is left alone, since many
//! templates have it at an hour. No clock, no I/O.
//! <https://www.rssboard.org/rss-specification>, <https://www.rssboard.org/skip-hours-days>

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use model::Millis;
use regex::Regex;

use crate::source::Validators;

/// Longest `ttl` that is heeded, in minutes: some feeds say a year.
const LONGEST: u32 = 24 * 60;
/// A feed that skips all hours of all days is asked once a week.
const WEEK: usize = 7 * 24;
const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

static HOURS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"<hour>\s*([0-9]{1,2})\s*</hour>").ok());
static DAY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"<day>\s*([A-Za-z]{6,9})\s*</day>").ok());

/// What a feed says of when it wants to be asked.
pub(super) fn read(text: &str, ttl: Option<u32>, into: &mut Validators) {
    into.ttl_minutes = ttl.map(|ttl| ttl.min(LONGEST)).filter(|ttl| *ttl > 0);
    // 24 was once written for midnight.
    let hours = all(within(text, "skipHours"), &HOURS).filter_map(|hour| hour.parse::<u8>().ok());
    into.skip_hours = hours.filter(|hour| *hour <= 24).map(|hour| hour % 24).collect();
    let days = all(within(text, "skipDays"), &DAY);
    let days = days.filter_map(|day| DAYS.iter().position(|name| day.eq_ignore_ascii_case(name)));
    into.skip_days = days.filter_map(|day| u8::try_from(day).ok()).collect();
    for list in [&mut into.skip_hours, &mut into.skip_days] {
        list.sort_unstable();
        list.dedup();
    }
}

fn within<'a>(text: &'a str, name: &str) -> &'a str {
    let begin = text.find(&format!("<{name}>"));
    let inside = begin.and_then(|begin| {
        let end = text[begin..].find(&format!("</{name}>"))?;
        text.get(begin..begin + end)
    });
    inside.unwrap_or_default()
}

fn all<'a>(text: &'a str, pattern: &'static LazyLock<Option<Regex>>) -> impl Iterator<Item = &'a str> {
    let pattern = pattern.as_ref().into_iter();
    let found = pattern.flat_map(move |pattern| pattern.captures_iter(text));
    found
        .filter_map(|found| found.get(1))
        .map(|found| found.as_str())
        .take(64)
}

/// The earliest time, `due` or later, at which it wants to be asked again.
pub(super) fn polite(said: &Validators, now: Millis, due: Millis) -> Millis {
    let ttl = Millis::from(said.ttl_minutes.unwrap_or_default()) * 60_000;
    let due = due.max(now.saturating_add(ttl));
    let Some(mut time) = DateTime::<Utc>::from_timestamp_millis(due) else {
        return due;
    };
    for _ in 0..WEEK {
        let day = u8::try_from(time.weekday().num_days_from_monday()).unwrap_or_default();
        let hour = u8::try_from(time.hour()).unwrap_or_default();
        if !said.skip_days.contains(&day) && !said.skip_hours.contains(&hour) {
            break;
        }
        let into_hour = Millis::from(time.minute() * 60 + time.second()) * 1_000
            + Millis::from(time.timestamp_subsec_millis() % 1_000);
        time += TimeDelta::hours(1) - TimeDelta::milliseconds(into_hour);
    }
    time.timestamp_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Millis {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    #[test]
    fn hours_and_days_that_are_skipped_are_passed_over() {
        let mut said = Validators::default();
        let text = "<skipHours><hour>24</hour><hour> 1 </hour><hour>99</hour></skipHours>\
                    <skipDays><day>Sunday</day><day>Feierabend</day></skipDays><hour>5</hour>";
        read(text, Some(120), &mut said);
        assert_eq!(
            (&said.skip_hours[..], &said.skip_days[..]),
            (&[0, 1][..], &[6][..])
        );
        let saturday = at("2026-11-28T20:30:00Z");
        assert_eq!(
            polite(&said, saturday, saturday),
            at("2026-11-28T22:30:00Z"),
            "its ttl"
        );
        let late = at("2026-11-28T23:30:00Z");
        assert_eq!(
            polite(&said, late, late),
            at("2026-11-30T02:00:00Z"),
            "Sunday and two hours"
        );
    }

    #[test]
    fn a_feed_that_is_never_to_be_asked_is_asked_in_the_end() {
        let said = Validators {
            skip_hours: (0..24).collect(),
            ttl_minutes: Some(1),
            ..Validators::default()
        };
        let now = at("2026-11-28T20:30:00Z");
        assert!(polite(&said, now, now) < now + 8 * 24 * 3_600_000);
        let none = Validators::default();
        assert_eq!(polite(&none, now, now + 5), now + 5);
        assert_eq!(polite(&none, now, Millis::MAX), Millis::MAX);
    }

    #[test]
    fn a_ttl_of_a_year_is_a_day() {
        let mut said = Validators::default();
        read("", Some(525_600), &mut said);
        assert_eq!(said.ttl_minutes, Some(LONGEST));
    }
}
