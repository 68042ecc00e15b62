//! An answer of any status, for services whose headers and bodies say what came of a request. No I/O, no clock.

use std::time::Duration;

use reqwest::header::HeaderMap;

/// How much of what a service says is shown to people, in bytes or characters.
pub(crate) const SHOWN: usize = 200;

/// What a service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Scheme, host and port.
    pub endpoint: String,
    /// The status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// The body, or its beginning where it is longer than allowed or did not end in time.
    pub body: Vec<u8>,
    /// Whether that is the whole body.
    pub is_whole: bool,
    /// What `Retry-After` said, capped; zero for a date that is past.
    pub retry_after: Option<Duration>,
}

impl Answer {
    /// Whether the status is a success.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The answer for people: who, which status, and the beginning of the body where it is no success.
    pub fn shown(&self) -> String {
        let Self {
            endpoint,
            status,
            body,
            ..
        } = self;
        let detail = shown(body.get(..SHOWN).unwrap_or(body));
        match detail.trim() {
            "" => format!("{endpoint} answered {status}"),
            detail => format!("{endpoint} answered {status}: {detail}"),
        }
    }
}

/// What was answered, without what would break a log line.
pub(crate) fn shown(bytes: &[u8]) -> String {
    one_line(&String::from_utf8_lossy(bytes))
}

/// A text as one line, whatever stands in it: for a log, a header, a terminal.
pub fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_shown_in_one_short_line() {
        let mut answer = Answer {
            endpoint: "https://x.example".to_owned(),
            status: 400,
            headers: HeaderMap::new(),
            body: b"no\nsuch \x1b[2Jchat".to_vec(),
            is_whole: true,
            retry_after: None,
        };
        assert_eq!(answer.shown(), "https://x.example answered 400: no such  [2Jchat");
        answer.body = vec![b'x'; 5_000];
        assert_eq!(
            answer.shown().len(),
            "https://x.example answered 400: ".len() + SHOWN
        );
        answer.body.clear();
        assert_eq!(answer.shown(), "https://x.example answered 400");
    }
}
