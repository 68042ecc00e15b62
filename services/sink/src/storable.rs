//! What PostgreSQL can hold: one bad value would refuse a whole batch for ever, so none gets that far.
//!
//! Decides about values alone: no database, no Kafka, no clock.

mod identifier;
mod json;
mod payload;

use chrono::{DateTime, Utc};
use model::Millis;

pub(crate) use identifier::{identifier, tenant};
pub(crate) use json::{Json, json_or_null, jsonb};
pub(crate) use payload::Payload;

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z: what RFC 3339 can write, within what `timestamptz` can hold.
const FIRST: Millis = -62_135_596_800_000;
const LAST: Millis = 253_402_300_799_999;

/// A text without NUL, which PostgreSQL cannot hold; U+FFFD stands in its place.
pub(crate) fn text(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}")
    } else {
        text
    }
}

/// A time as `timestamptz`; the nearest bound where the years 1 to 9999 end.
pub(crate) fn time(millis: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis.clamp(FIRST, LAST)).unwrap_or_default()
}

/// A number that orders and averages: zero where there is none.
pub(crate) fn finite(number: f64) -> f64 {
    if number.is_finite() { number } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_end_at_the_years_that_can_be_written() {
        for (millis, shown) in [
            (i64::MIN, "0001-01-01T00:00:00+00:00"),
            (i64::MAX, "9999-12-31T23:59:59.999+00:00"),
            (-1, "1969-12-31T23:59:59.999+00:00"),
        ] {
            assert_eq!(time(millis).to_rfc3339(), shown);
        }
    }

    #[test]
    fn a_nul_is_replaced_and_nothing_else() {
        assert_eq!(text("a\0b".to_owned()), "a\u{fffd}b");
        assert_eq!(text("\u{7f}\u{1}é🦀".to_owned()), "\u{7f}\u{1}é🦀");
        assert!(finite(f64::NAN).abs() < f64::EPSILON);
    }
}
