//! The `Retry-After` header: seconds or a date (RFC 9110 §10.2.3). No clock: time is passed in.

use std::time::{Duration, SystemTime};

/// How long the header asks us to wait, at most `cap`; nothing if it cannot be read.
pub fn retry_after(header: &str, now: SystemTime, cap: Duration) -> Option<Duration> {
    let header = header.trim();
    if header.len() > 64 {
        return None;
    }
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds mean "very long".
        let seconds = header.parse::<u64>().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(cap));
    }
    let date = httpdate::parse_http_date(header).ok()?;
    // A date gone by means "now".
    Some(date.duration_since(now).unwrap_or_default().min(cap))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CAP: Duration = Duration::from_mins(5);

    #[test]
    fn seconds_and_dates_are_read_and_capped() {
        let now = httpdate::parse_http_date("Fri, 31 Dec 1999 23:59:00 GMT").unwrap();
        let told = |header| retry_after(header, now, CAP).map(|wait| wait.as_secs());
        assert_eq!(told("120"), Some(120));
        assert_eq!(told("0"), Some(0));
        assert_eq!(told("99999999999999999999999"), Some(300));
        assert_eq!(told("Fri, 31 Dec 1999 23:59:59 GMT"), Some(59));
        assert_eq!(told("Thu, 31 Dec 2099 23:59:59 GMT"), Some(300));
        assert_eq!(told("Thu, 31 Dec 1998 23:59:59 GMT"), Some(0));
        for wrong in ["", "-1", "1.5", "soon", "１２"] {
            assert_eq!(told(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics_or_goes_beyond_the_cap(header in ".*") {
            prop_assert!(retry_after(&header, SystemTime::UNIX_EPOCH, CAP).is_none_or(|wait| wait <= CAP));
        }
    }
}
