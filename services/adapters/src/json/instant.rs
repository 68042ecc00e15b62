//! A point in time in the forms that clients send. No clock, no I/O.

use chrono::{DateTime, NaiveDateTime};
use model::Millis;
use serde_json::Value;

use crate::rejection::Rejection;

/// Numbers below are seconds: as milliseconds they would all lie before March 1973.
const FIRST_MILLIS: f64 = 1e11;
const WANTED: &str = "RFC 3339 text, or milliseconds or seconds since 1970";

/// Reads RFC 3339, the same without an offset (as UTC), or a number of milliseconds or seconds since 1970. Whether such a
/// time can be is for admission to say.
pub(crate) fn read(json: &str, name: &'static str) -> Result<Millis, Rejection> {
    let wrong = || Rejection::WrongType {
        name: name.to_owned(),
        wanted: WANTED,
    };
    match serde_json::from_str(json).map_err(|_| wrong())? {
        Value::Number(number) => number.as_f64().map(epoch),
        Value::String(text) => written(text.trim()),
        _ => None,
    }
    .ok_or_else(wrong)
}

fn written(text: &str) -> Option<Millis> {
    let offset = || {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|time| time.timestamp_millis())
    };
    let naive = || {
        let time = NaiveDateTime::parse_from_str(&text.replace(' ', "T"), "%Y-%m-%dT%H:%M:%S%.f").ok()?;
        Some(time.and_utc().timestamp_millis())
    };
    let number = || {
        text.parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map(epoch)
    };
    offset().or_else(naive).or_else(number)
}

/// Saturates far outside the range that is accepted.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast saturates, which is what is wanted here"
)]
fn epoch(number: f64) -> Millis {
    let millis = if number.abs() < FIRST_MILLIS {
        number * 1000.0
    } else {
        number
    };
    millis.round() as Millis
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_forms_of_one_instant_are_the_same() {
        for json in [
            "1640995200000",
            "1640995200",
            "1640995200.0",
            "\"1640995200000\"",
            "\"2022-01-01T00:00:00Z\"",
            "\"2022-01-01T01:00:00+01:00\"",
            "\"2022-01-01T00:00:00\"",
            "\"2022-01-01 00:00:00.000000\"",
        ] {
            assert_eq!(read(json, "t"), Ok(1_640_995_200_000), "{json}");
        }
    }

    #[test]
    fn absurd_times_stay_absurd() {
        for (json, time) in [
            ("-1", -1_000),
            ("1e300", Millis::MAX),
            ("-1e300", Millis::MIN),
            ("\"1969-12-31T23:59:59Z\"", -1_000),
            ("1640995200000000", 1_640_995_200_000_000),
        ] {
            assert_eq!(read(json, "t"), Ok(time), "{json}");
        }
    }

    #[test]
    fn what_is_no_time_is_of_a_wrong_type() {
        for json in [
            "true",
            "\"yesterday\"",
            "\"inf\"",
            "{}",
            "\"\"",
            "\"+292277-01-01T00:00:00Z\"",
        ] {
            assert!(
                matches!(read(json, "t"), Err(Rejection::WrongType { .. })),
                "{json}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(json in ".{0,40}", number: f64) {
            let _ = read(&json, "t");
            let _ = read(&number.to_string(), "t");
        }
    }
}
