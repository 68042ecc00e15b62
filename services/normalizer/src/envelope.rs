//! The attributes around the data: present, printable, of sane length, at a time that can be. No I/O.

use crate::reason;
use model::{DEFAULT_TENANT, Millis, RawEvent};
use stage::Poison;

/// Checks the names, makes a missing id from the content, fills in the tenant.
pub(crate) fn complete(raw: &mut RawEvent) -> Result<(), Poison> {
    limit("id", &raw.id, reason::LONGEST_ID, reason::ID_TOO_LONG)?;
    limit(
        "source",
        &raw.source,
        reason::LONGEST_NAME,
        reason::SOURCE_TOO_LONG,
    )?;
    limit("type", &raw.kind, reason::LONGEST_NAME, reason::TYPE_TOO_LONG)?;
    limit("tenant", &raw.tenant, reason::LONGEST_NAME, reason::TYPE_TOO_LONG)?;
    for (name, value) in [("source", &raw.source), ("type", &raw.kind)] {
        if value.trim().is_empty() {
            let message = format!("`{name}` is empty; CloudEvents require it");
            return Err(Poison::producer(reason::INVALID_CLOUDEVENT, message));
        }
    }
    for (name, value) in [
        ("id", &raw.id),
        ("source", &raw.source),
        ("type", &raw.kind),
        ("tenant", &raw.tenant),
    ] {
        if let Some(at) = value.chars().position(char::is_control) {
            let message = format!("`{name}` has a control character at place {at}; CloudEvents forbid them");
            return Err(Poison::producer(reason::INVALID_CLOUDEVENT, message));
        }
    }
    raw.ensure_id();
    if raw.tenant.is_empty() {
        DEFAULT_TENANT.clone_into(&mut raw.tenant);
    }
    Ok(())
}

fn limit(name: &str, value: &str, most: usize, reason: &'static str) -> Result<(), Poison> {
    if value.len() <= most {
        return Ok(());
    }
    Err(Poison::producer(
        reason,
        format!("`{name}` has {} bytes; at most {most} are accepted", value.len()),
    ))
}

/// When it happened: the source's time, else the record's. A time that cannot be is refused, since windows and
/// retention would follow it; one that is ahead by no more than `skew` is a fast clock, and the arrival is nearer the
/// truth.
pub(crate) fn time(raw: &RawEvent, arrived: Millis, future: Millis, skew: Millis) -> Result<Millis, Poison> {
    let Some(time) = raw.time else { return Ok(arrived) };
    if time < 0 {
        let message =
            format!("`time` is {time} ms, before 1970; send milliseconds since 1970-01-01T00:00:00Z");
        return Err(Poison::producer(reason::TIME_OUT_OF_RANGE, message));
    }
    let ahead = time.saturating_sub(arrived);
    if ahead > future {
        let message = format!(
            "`time` is {ahead} ms ahead of the record's arrival, more than {future}; check the clock"
        );
        return Err(Poison::producer(reason::TIME_OUT_OF_RANGE, message));
    }
    Ok(if ahead <= skew { time.min(arrived) } else { time })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(id: &str, source: &str, kind: &str) -> RawEvent {
        RawEvent {
            id: id.to_owned(),
            source: source.to_owned(),
            kind: kind.to_owned(),
            ..RawEvent::default()
        }
    }

    fn refused(mut raw: RawEvent) -> &'static str {
        complete(&mut raw).unwrap_err().reason
    }

    #[test]
    fn a_missing_id_and_tenant_are_made() {
        let mut one = raw("", "s", "t");
        complete(&mut one).unwrap();
        assert!(one.id.starts_with("evt_"));
        assert_eq!(one.tenant, "default");
    }

    #[test]
    fn bad_names_are_refused() {
        assert_eq!(
            refused(raw(&"x".repeat(1_000_000), "s", "t")),
            reason::ID_TOO_LONG
        );
        assert_eq!(
            refused(raw("1", &"x".repeat(2_000), "t")),
            reason::SOURCE_TOO_LONG
        );
        assert_eq!(refused(raw("1", "s", &"x".repeat(2_000))), reason::TYPE_TOO_LONG);
        assert_eq!(refused(raw("1", " ", "t")), reason::INVALID_CLOUDEVENT);
        assert_eq!(refused(raw("1\0", "s", "t")), reason::INVALID_CLOUDEVENT);
    }

    #[test]
    fn times_that_cannot_be_are_refused() {
        let at = |time| time_of(time, 1_000_000);
        assert_eq!(at(None), Ok(1_000_000));
        assert_eq!(at(Some(0)), Ok(0));
        assert_eq!(at(Some(1_000_500)), Ok(1_000_500));
        assert_eq!(at(Some(1_000_100)), Ok(1_000_000), "a fast clock");
        for bad in [-1, i64::MIN, i64::MAX, 1_002_000] {
            assert_eq!(at(Some(bad)), Err(reason::TIME_OUT_OF_RANGE));
        }
    }

    fn time_of(time: Option<Millis>, arrived: Millis) -> Result<Millis, &'static str> {
        super::time(
            &RawEvent {
                time,
                ..RawEvent::default()
            },
            arrived,
            1_000,
            100,
        )
        .map_err(|poison| poison.reason)
    }
}
