//! Times as files write them. No clock, no I/O.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use std::str::FromStr;

/// Formats that are tried in order; the day stands before the month, as most of the world writes it.
const KNOWN: [&str; 10] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
];
const KNOWN_DAYS: [&str; 4] = ["%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y"];
const KNOWN_ZONED: [&str; 3] = [
    "%a %b %d %H:%M:%S %z %Y",
    "%Y-%m-%d %H:%M:%S%.f %z",
    "%Y-%m-%dT%H:%M:%S%.f%z",
];

/// How times are written in a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct TimeFormat {
    format: Option<String>,
    zone: Zone,
}

/// What a time without a zone means.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Zone {
    /// UTC.
    #[default]
    Utc,
    /// Always so far from UTC.
    Fixed(FixedOffset),
    /// As the clocks of a place go.
    Place(Tz),
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if matches!(text, "UTC" | "Z") {
            return Ok(Self::Utc);
        }
        let fixed = text.parse().map(Self::Fixed).ok();
        fixed
            .or_else(|| text.parse().map(Self::Place).ok())
            .ok_or_else(|| {
                format!("{text:?} is no zone; say Europe/Berlin, or how far from UTC, such as +05:30")
            })
    }
}

impl Zone {
    /// When the clocks of this zone showed a time; the first of two where they were put back. An error where they
    /// never did, because they were put forward.
    fn millis(self, time: NaiveDateTime) -> Result<i64, String> {
        let local = match self {
            Self::Utc => return Ok(millis(time)),
            Self::Fixed(offset) => offset
                .from_local_datetime(&time)
                .earliest()
                .map(|time| time.timestamp_millis()),
            Self::Place(place) => place
                .from_local_datetime(&time)
                .earliest()
                .map(|time| time.timestamp_millis()),
        };
        local.ok_or_else(|| {
            format!("{time} never was: clocks were put forward over it; write the time with its zone")
        })
    }
}

impl TimeFormat {
    /// This format only, in strftime's letters; or, without one, all that are known.
    pub(crate) fn new(format: Option<String>) -> Self {
        Self {
            format,
            zone: Zone::Utc,
        }
    }

    /// Times without a zone are of this one.
    pub(crate) fn in_zone(self, zone: Zone) -> Self {
        Self { zone, ..self }
    }

    /// Milliseconds since 1970.
    pub(crate) fn parse(&self, text: &str) -> Result<i64, String> {
        let text = text.trim();
        let parsed = match &self.format {
            Some(format) => in_format(text, format),
            None => number(text).map(Read::Moment).or_else(|| any(text)),
        };
        match parsed {
            Some(Read::Moment(millis)) => Ok(millis),
            Some(Read::Local(time)) => self.zone.millis(time),
            None => {
                let shown: String = text.chars().take(60).collect();
                Err(format!(
                    "{shown:?} is no time that is understood; say how it is written with --time-format"
                ))
            }
        }
    }
}

/// A time as it was written.
enum Read {
    /// With its zone, in milliseconds since 1970.
    Moment(i64),
    /// What a clock showed.
    Local(NaiveDateTime),
}

fn in_format(text: &str, format: &str) -> Option<Read> {
    // An unknown letter makes chrono's formatter fail, never its parser panic.
    let zoned = DateTime::parse_from_str(text, format)
        .ok()
        .map(|time| Read::Moment(time.timestamp_millis()));
    let local = || NaiveDateTime::parse_from_str(text, format).ok();
    let day = || NaiveDate::parse_from_str(text, format).ok()?.and_hms_opt(0, 0, 0);
    zoned.or_else(|| local().or_else(day).map(Read::Local))
}

fn any(text: &str) -> Option<Read> {
    let rfc3339 = DateTime::parse_from_rfc3339(text).ok();
    let mail = || DateTime::parse_from_rfc2822(text).ok();
    let zoned = || {
        KNOWN_ZONED
            .iter()
            .find_map(|format| DateTime::parse_from_str(text, format).ok())
    };
    if let Some(time) = rfc3339.or_else(mail).or_else(zoned) {
        return Some(Read::Moment(time.timestamp_millis()));
    }
    let local = KNOWN
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let day = || {
        KNOWN_DAYS
            .iter()
            .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
    };
    local.or_else(|| day()?.and_hms_opt(0, 0, 0)).map(Read::Local)
}

fn millis(time: NaiveDateTime) -> i64 {
    time.and_utc().timestamp_millis()
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size: each reaches from 1973 to
/// the year 5138 in its own unit.
fn number(text: &str) -> Option<i64> {
    if let Ok(whole) = text.parse::<i64>() {
        return match whole.unsigned_abs() {
            0..100_000_000_000 => whole.checked_mul(1_000),
            100_000_000_000..100_000_000_000_000 => Some(whole),
            100_000_000_000_000..100_000_000_000_000_000 => Some(whole / 1_000),
            _ => Some(whole / 1_000_000),
        };
    }
    let seconds: f64 = text.parse().ok().filter(|seconds: &f64| seconds.abs() < 1e11)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "below 1e14, and whole milliseconds are wanted"
    )]
    let millis = (seconds * 1_000.0).round() as i64;
    Some(millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> i64 {
        TimeFormat::new(None).parse(text).unwrap()
    }

    #[test]
    fn one_moment_in_many_forms() {
        let moment = 1_656_995_040_000;
        for text in [
            "1656995040",
            "1656995040000",
            "1656995040000000",
            "1656995040.0",
            "2022-07-05T04:24:00Z",
            "2022-07-05T06:24:00+02:00",
            "2022-07-05 04:24:00",
            "5-7-2022 04:24",
            "05/07/2022 04:24",
            "5.7.2022 04:24",
            "Tue Jul 05 04:24:00 +0000 2022",
            "Tue, 5 Jul 2022 04:24:00 GMT",
            " 2022-07-05 04:24 ",
        ] {
            assert_eq!(parse(text), moment, "{text}");
        }
        assert_eq!(parse("2022-07-05"), 1_656_979_200_000);
    }

    #[test]
    fn the_users_own_format_is_the_only_one() {
        let american = TimeFormat::new(Some("%m/%d/%Y %H:%M".to_owned()));
        assert_eq!(american.parse("07/05/2022 04:24"), Ok(1_656_995_040_000));
        assert!(american.parse("1656995040").is_err());
    }

    #[test]
    fn a_zone_says_what_times_without_one_mean() {
        let within =
            |zone: &str, text: &str| TimeFormat::new(None).in_zone(zone.parse().unwrap()).parse(text);
        assert_eq!(within("Europe/Berlin", "2022-07-05 06:24"), Ok(1_656_995_040_000));
        assert_eq!(within("+05:30", "2022-07-05 09:54"), Ok(1_656_995_040_000));
        assert_eq!(
            within("Europe/Berlin", "2022-07-05T04:24:00Z"),
            Ok(1_656_995_040_000),
            "it says its own"
        );
        assert_eq!(within("Europe/Berlin", "1656995040"), Ok(1_656_995_040_000));
        let gap = within("Europe/Berlin", "2024-03-31 02:30").unwrap_err();
        assert!(gap.contains("put forward") && gap.contains("02:30"), "{gap}");
        assert_eq!(
            within("Europe/Berlin", "2024-10-27 02:30"),
            within("+02:00", "2024-10-27 02:30"),
            "the first of two"
        );
        assert!("Mars/Olympus".parse::<Zone>().is_err());
    }

    #[test]
    fn nonsense_is_said_to_be() {
        for text in ["", "soon", "99-99-2022 04:24", "NaN", "inf", "1e300"] {
            assert!(TimeFormat::new(None).parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_and_no_format_make_it_panic(text in ".{0,40}", format in "[%a-zA-Z0-9 :.]{0,12}") {
            let _ = TimeFormat::new(None).parse(&text);
            let _ = TimeFormat::new(Some(format)).parse(&text);
        }

        #[test]
        fn no_number_makes_it_panic(number: i64) {
            let _ = TimeFormat::new(None).parse(&number.to_string());
        }
    }
}
