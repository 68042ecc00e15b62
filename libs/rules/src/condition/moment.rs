//! Times and spans of time, as CEL has them: read from texts, added and subtracted. No I/O, no clock, no panic.

use chrono::{DateTime, TimeDelta, Utc};

/// Years that CEL's timestamps have.
const FIRST_YEAR_MS: i64 = -62_135_596_800_000;
const AFTER_LAST_YEAR_MS: i64 = 253_402_300_800_000;

const NANOS_A_UNIT: [(&str, i64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The time that an event's field holds, in milliseconds since 1970.
pub(super) fn of_millis(millis: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis).and_then(in_range)
}

/// `timestamp('2026-01-01T00:00:00Z')`: RFC 3339, with an offset.
pub(super) fn of_text(text: &str) -> Option<DateTime<Utc>> {
    let read = DateTime::parse_from_rfc3339(text).ok()?;
    in_range(read.with_timezone(&Utc))
}

/// `timestamp(1767225600)`: seconds since 1970.
pub(super) fn of_seconds(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0).and_then(in_range)
}

fn in_range(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (FIRST_YEAR_MS..AFTER_LAST_YEAR_MS)
        .contains(&time.timestamp_millis())
        .then_some(time)
}

/// `duration('1h30m')`: numbers with the units h, m, s, ms, us, ns, as CEL and Go write them.
pub(super) fn span(text: &str) -> Option<TimeDelta> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(TimeDelta::zero());
    }
    let mut nanos = 0i64;
    loop {
        let number = rest.find(|next: char| !next.is_ascii_digit() && next != '.')?;
        let (digits, behind) = rest.split_at(number);
        let unit = behind
            .find(|next: char| next.is_ascii_digit() || next == '.')
            .unwrap_or(behind.len());
        let (unit, next) = behind.split_at(unit);
        let of_unit = NANOS_A_UNIT.iter().find(|(name, _)| *name == unit)?.1;
        nanos = nanos.checked_add(scaled(digits, of_unit)?)?;
        rest = next;
        if rest.is_empty() {
            break;
        }
    }
    Some(TimeDelta::nanoseconds(if negative { -nanos } else { nanos }))
}

/// `1.5` of a unit, in nanoseconds; what is less than one is cut.
fn scaled(digits: &str, unit: i64) -> Option<i64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || whole.len() + fraction.len() == 0 {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // Of more digits none is a nanosecond, of the longest unit either.
    let kept = &fraction[..fraction.len().min(13)];
    let parts: i64 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    let scale = 10i128.pow(u32::try_from(kept.len()).ok()?);
    let parts = i64::try_from(i128::from(parts) * i128::from(unit) / scale).ok()?;
    whole.checked_mul(unit)?.checked_add(parts)
}

/// A time moved by a span, within the years that CEL has.
pub(super) fn moved(time: DateTime<Utc>, by: TimeDelta) -> Option<DateTime<Utc>> {
    time.checked_add_signed(by).and_then(in_range)
}

/// How long after the second the first is; CEL's durations hold some 292 years.
pub(super) fn between(later: DateTime<Utc>, sooner: DateTime<Utc>) -> Option<TimeDelta> {
    within(later.signed_duration_since(sooner))
}

/// A span that CEL can hold.
pub(super) fn within(span: TimeDelta) -> Option<TimeDelta> {
    span.num_nanoseconds().map(|_| span)
}

/// A span as CEL's `string()` writes it: `300s`, `1.5s`.
pub(crate) fn shown(span: TimeDelta) -> String {
    let sign = if span < TimeDelta::zero() { "-" } else { "" };
    let (seconds, nanos) = (
        span.num_seconds().unsigned_abs(),
        span.subsec_nanos().unsigned_abs(),
    );
    let fraction = format!("{nanos:09}");
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{seconds}s"),
        digits => format!("{sign}{seconds}.{digits}s"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spans_are_those_of_go() {
        for (text, nanos) in [
            ("5m", 300_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("-1.5h", -5_400_000_000_000),
            ("1.5ms", 1_500_000),
            ("300us", 300_000),
            ("0", 0),
            (".5s", 500_000_000),
            ("1h1m1s1ms1us1ns", 3_661_001_001_001),
        ] {
            assert_eq!(span(text), Some(TimeDelta::nanoseconds(nanos)), "{text}");
        }
        for text in [
            "",
            "5",
            "5 m",
            "5 minutes",
            "1d",
            "m",
            "-",
            ".s",
            "1.2.3s",
            "9999999999999h",
            "١s",
        ] {
            assert_eq!(span(text), None, "{text}");
        }
        assert_eq!(shown(TimeDelta::milliseconds(-1500)), "-1.5s");
        assert_eq!(shown(TimeDelta::minutes(5)), "300s");
    }

    #[test]
    fn times_are_rfc_3339_of_the_years_1_to_9999() {
        assert_eq!(
            of_text("2026-01-01T01:00:00+01:00"),
            of_text("2026-01-01T00:00:00Z")
        );
        assert_eq!(
            of_text("9999-12-31T23:59:59.999999999Z").map(|time| moved(time, TimeDelta::nanoseconds(1))),
            Some(None)
        );
        assert_eq!(of_seconds(1), of_millis(1000));
        for text in [
            "2026-01-01",
            "2026-01-01T00:00:00",
            "yesterday",
            "0000-01-01T00:00:00Z",
            "",
        ] {
            assert_eq!(of_text(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*", numbers in "[-+]?([0-9.]{0,25}(h|m|s|ms|us|µs|ns)){0,4}") {
            let _ = (span(&text), span(&numbers), of_text(&text));
        }

        #[test]
        fn what_is_shown_is_read_again(nanos in any::<i64>()) {
            let written = TimeDelta::nanoseconds(nanos);
            prop_assume!(nanos > i64::MIN);
            prop_assert_eq!(span(&shown(written)), Some(written));
        }
    }
}
