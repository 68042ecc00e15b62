//! What makes a request the same when it is sent again: the header `Idempotency-Key`.
//!
//! Source: draft-ietf-httpapi-idempotency-key-header-07, section 2. A value is taken with or without the quotes that
//! the draft asks for, since most clients send none.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use model::Request;

use crate::rejection::Rejection;

/// The header.
pub(super) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// Longest key, in bytes.
const LONGEST: usize = 256;

/// One attempt to send a request.
#[derive(Debug)]
pub(super) struct Attempt(Result<Arc<str>, Rejection>);

impl Attempt {
    /// Of the client's key; without one, of a key that nobody else has.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(&HEADER).iter();
        Self(match (values.next(), values.next()) {
            (None, _) => Ok(format!("{:032x}", rand::random::<u128>()).into()),
            (Some(one), None) => read(one).ok_or(Rejection::IdempotencyKey(LONGEST)),
            (Some(_), Some(_)) => Err(Rejection::Header(HEADER.as_str().to_owned())),
        })
    }

    /// The request that is sent, or sent again.
    pub(super) fn request(&self) -> Result<Request, Rejection> {
        self.0.clone().map(Request::keyed)
    }

    /// Tells a client that is to try again the key under which what was taken is recognised.
    pub(super) fn tell(&self, response: &mut Response) {
        if response.status() == StatusCode::SERVICE_UNAVAILABLE
            && let Ok(key) = &self.0
            && let Ok(value) = HeaderValue::from_str(key)
        {
            response.headers_mut().insert(HEADER, value);
        }
    }
}

fn read(value: &HeaderValue) -> Option<Arc<str>> {
    let text = value.to_str().ok()?.trim();
    let bare = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    (!bare.is_empty() && bare.len() <= LONGEST).then(|| bare.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Result<Request, Rejection> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Attempt::of(&headers).request()
    }

    #[test]
    fn a_key_is_the_same_with_and_without_quotes() {
        assert_eq!(of(&["\"k-1\""]), of(&["k-1"]));
        assert_ne!(of(&["k-1"]), of(&["k-2"]));
        assert_ne!(of(&[]), of(&[]), "no key is like no other");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for none in ["", "\"\"", "é", &"k".repeat(257)] {
            assert_eq!(of(&[none]), Err(Rejection::IdempotencyKey(256)), "{none}");
        }
        assert!(matches!(of(&["a", "a"]), Err(Rejection::Header(_))));
    }
}
