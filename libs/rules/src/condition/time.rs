//! Parts of a time: `time.getHours()`, `time.getHours('Europe/Berlin')`, and the ready names `hour` and `weekday`. Times
//! are milliseconds since 1970; without a zone, parts are those of UTC. No clock: only times that events carry.

use chrono::{DateTime, Datelike, FixedOffset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use crate::fact::{Fact, Facts};

pub(super) const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A part of a time, as CEL names and counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimePart {
    Year,
    /// 0 is January.
    Month,
    /// From 1.
    Date,
    /// From 0.
    DayOfMonth,
    /// 0 is the first of January.
    DayOfYear,
    /// 0 is Sunday.
    DayOfWeek,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

/// Where the clock hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Offset(FixedOffset),
    /// With its summer times, as the zone data this was built with knows them.
    Named(Tz),
}

impl Zone {
    pub(super) const UTC: Self = Self::Named(Tz::UTC);

    /// `UTC`, `+02:00`, `-05:30` or `Europe/Berlin`.
    pub(super) fn read(text: &str) -> Option<Self> {
        text.parse()
            .map(Self::Named)
            .ok()
            .or_else(|| offset(text).map(Self::Offset))
    }
}

fn offset(text: &str) -> Option<FixedOffset> {
    let signed = text.starts_with(['+', '-']);
    let text = if signed {
        text.to_owned()
    } else {
        format!("+{text}")
    };
    text.parse().ok().filter(|_| text.len() == "+00:00".len())
}

impl TimePart {
    pub(super) fn named(function: &str) -> Option<Self> {
        Some(match function {
            "getFullYear" => Self::Year,
            "getMonth" => Self::Month,
            "getDate" => Self::Date,
            "getDayOfMonth" => Self::DayOfMonth,
            "getDayOfYear" => Self::DayOfYear,
            "getDayOfWeek" => Self::DayOfWeek,
            "getHours" => Self::Hours,
            "getMinutes" => Self::Minutes,
            "getSeconds" => Self::Seconds,
            "getMilliseconds" => Self::Milliseconds,
            _ => return None,
        })
    }

    /// The least and the most that it can be of a time.
    pub(super) const fn range(self) -> (f64, f64) {
        match self {
            Self::Year => (0.0, 10_000.0),
            Self::Month => (0.0, 11.0),
            Self::Date => (1.0, 31.0),
            Self::DayOfMonth => (0.0, 30.0),
            Self::DayOfYear => (0.0, 365.0),
            Self::DayOfWeek => (0.0, 6.0),
            Self::Hours => (0.0, 23.0),
            Self::Minutes | Self::Seconds => (0.0, 59.0),
            Self::Milliseconds => (0.0, 999.0),
        }
    }

    /// The part of a time in a zone; `None` for a time that no calendar has.
    pub(super) fn of(self, millis: i64, zone: Zone) -> Option<i64> {
        DateTime::<Utc>::from_timestamp_millis(millis).map(|utc| self.of_time(utc, zone))
    }

    /// The same of a time that is one already.
    pub(super) fn of_time(self, utc: DateTime<Utc>, zone: Zone) -> i64 {
        match zone {
            Zone::Offset(offset) => self.of_local(&utc.with_timezone(&offset)),
            Zone::Named(named) => self.of_local(&utc.with_timezone(&named)),
        }
    }

    /// Of a span, CEL counts whole hours, minutes, seconds and milliseconds, and nothing else.
    pub(super) fn of_span(self, span: TimeDelta) -> Option<i64> {
        Some(match self {
            Self::Hours => span.num_hours(),
            Self::Minutes => span.num_minutes(),
            Self::Seconds => span.num_seconds(),
            Self::Milliseconds => span.num_milliseconds(),
            _ => return None,
        })
    }

    /// Whether spans have it.
    pub(super) const fn is_of_spans(self) -> bool {
        matches!(
            self,
            Self::Hours | Self::Minutes | Self::Seconds | Self::Milliseconds
        )
    }

    fn of_local<T: TimeZone>(self, local: &DateTime<T>) -> i64 {
        match self {
            Self::Year => i64::from(local.year()),
            Self::Month => i64::from(local.month0()),
            Self::Date => i64::from(local.day()),
            Self::DayOfMonth => i64::from(local.day0()),
            Self::DayOfYear => i64::from(local.ordinal0()),
            Self::DayOfWeek => i64::from(local.weekday().num_days_from_sunday()),
            Self::Hours => i64::from(local.hour()),
            Self::Minutes => i64::from(local.minute()),
            Self::Seconds => i64::from(local.second()),
            Self::Milliseconds => i64::from(local.timestamp_subsec_millis()),
        }
    }
}

/// `hour` (0 to 23) and `weekday` (`mon`) of the event's time, in UTC.
pub(super) fn named_part<'a>(name: &str, facts: &dyn Facts) -> Option<Fact<'a>> {
    if !matches!(name, "hour" | "weekday") {
        return None;
    }
    let Some(Fact::Long(millis)) = facts.get("time") else {
        return None;
    };
    if name == "hour" {
        return TimePart::Hours.of(millis, Zone::UTC).map(Fact::Long);
    }
    let day = TimePart::DayOfWeek.of(millis, Zone::UTC)?;
    let name = WEEKDAYS.get(usize::try_from(day).ok()?)?;
    Some(Fact::Str(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_of_the_calendar() {
        // Thursday, 29 February 2024, 23:59:58.765 UTC
        let millis = 1_709_251_198_765;
        let part = |part: TimePart| part.of(millis, Zone::UTC).expect("a time");
        assert_eq!(
            (part(TimePart::Year), part(TimePart::Month), part(TimePart::Date)),
            (2024, 1, 29)
        );
        assert_eq!((part(TimePart::DayOfMonth), part(TimePart::DayOfWeek)), (28, 4));
        assert_eq!(
            (
                part(TimePart::Hours),
                part(TimePart::Minutes),
                part(TimePart::Seconds)
            ),
            (23, 59, 58)
        );
        assert_eq!(part(TimePart::Milliseconds), 765);
        assert_eq!(
            TimePart::Hours.of(millis, Zone::read("+02:00").expect("a zone")),
            Some(1)
        );
        assert_eq!(
            TimePart::Hours.of(millis, Zone::read("Europe/Berlin").expect("a zone")),
            Some(0)
        );
        assert_eq!(TimePart::Year.of(-1, Zone::UTC), Some(1969));
        assert_eq!(TimePart::Year.of(i64::MAX, Zone::UTC), None);
    }

    #[test]
    fn zones_are_offsets_or_names() {
        for good in ["UTC", "+02:00", "-05:30", "02:00", "America/New_York"] {
            assert!(Zone::read(good).is_some(), "{good}");
        }
        for bad in ["", "+2", "Mars/Olympus", "+99:00", "é:"] {
            assert_eq!(Zone::read(bad), None, "{bad}");
        }
    }
}
