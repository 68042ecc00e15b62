//! Any headers and body are refused by every scheme, unless they are signed; any text is a key or not.
#![no_main]

use access::webhook::{Encoding, Scheme, Verifier, WebhookSecret};
use access::{ApiKey, KeyTable};
use libfuzzer_sys::fuzz_target;
use sluicebox_fuzz::{Counting, within_bounds};

#[global_allocator]
static MEMORY: Counting = Counting;

/// What stands before the body: the three header values, one a line.
fn parts(data: &[u8]) -> ([&str; 3], &[u8]) {
    let mut values = [""; 3];
    let mut rest = data;
    for value in &mut values {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { break };
        *value = std::str::from_utf8(&rest[..end]).unwrap_or_default();
        rest = &rest[end + 1..];
    }
    (values, rest)
}

fuzz_target!(|data: &[u8]| {
    let ([id, time, signature], body) = parts(data);
    let plain = Scheme::Hmac {
        header: "x-signature".to_owned(),
        prefix: String::new(),
        encoding: Encoding::Base64,
        id_header: Some("x-id".to_owned()),
    };
    for scheme in [Scheme::Github, Scheme::Slack, Scheme::Stripe, Scheme::Standard, plain] {
        // Of the length that base64 has, for Standard Webhooks.
        let secret = WebhookSecret::new(&scheme, "whsec_dW5rbm93biB0byB0aGUgZnV6emVyIQ==").expect("a secret");
        let verifier = Verifier { scheme, secrets: vec![secret], tolerance: i64::MAX };
        let header = |name: &str| {
            Some(match name {
                _ if name.ends_with("id") || name.ends_with("delivery") => id,
                _ if name.ends_with("timestamp") => time,
                _ => signature,
            })
        };
        let verified = within_bounds(data.len(), || verifier.verify(header, body, i64::MIN));
        assert!(verified.is_err(), "{verified:?}");
    }
    if let Ok(text) = std::str::from_utf8(data) {
        if let Some(key) = ApiKey::read(text) {
            assert_eq!(key.expose(), text);
        }
        if let Ok(table) = within_bounds(data.len(), || KeyTable::read(text)) {
            assert!(table.entries().iter().all(|entry| !entry.scopes.is_empty()));
        }
    }
});
