//! Reading what stands in the headers of signatures. No clock, no I/O.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::Millis;

use super::MOST_SIGNATURES;

/// Bytes of SHA-256.
const TAG: usize = 32;

/// A signature in hexadecimal digits of either case.
pub(super) fn decoded_hex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text).ok().filter(|bytes| bytes.len() == TAG)
}

/// Standard base64 with padding.
pub(super) fn decoded_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty())
}

/// Seconds since 1970, digits alone, in milliseconds.
pub(super) fn seconds(text: &str) -> Option<Millis> {
    let digits = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse::<Millis>().ok().filter(|_| digits)?.checked_mul(1000)
}

/// `t=…,v1=…,v1=…`: the time, which stands there once, and the signatures. Others than `v1` are left out.
pub(super) fn stripe(header: &str) -> Option<(&str, Vec<Vec<u8>>)> {
    let mut time = None;
    let mut signatures = Vec::new();
    for item in header.split(',') {
        match item.trim().split_once('=')? {
            ("t", value) if time.is_none() => time = Some(value),
            ("t", _) => return None,
            ("v1", value) if signatures.len() < MOST_SIGNATURES => signatures.push(decoded_hex(value)?),
            _ => {}
        }
    }
    Some((time?, signatures))
}
