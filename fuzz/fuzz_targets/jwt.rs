//! Any text is a token or is refused; a token is never verified by keys that did not sign it, and no claim is a tenant
//! that is no name.
#![no_main]

use access::jwt::{Expected, HmacSecret, JwkSet, Subject, Token, Verdict};
use libfuzzer_sys::fuzz_target;
use sluicebox_fuzz::{Counting, within_bounds};

#[global_allocator]
static MEMORY: Counting = Counting;

fuzz_target!(|data: &[u8]| {
    let keys = within_bounds(data.len(), || JwkSet::read(data)).unwrap_or_default();
    let Ok(text) = std::str::from_utf8(data) else { return };
    claims(text);
    let Ok(token) = within_bounds(data.len(), || Token::read(text)) else { return };
    // Nobody has these secrets or keys, so nothing is signed with them.
    assert!(token.verify_hmac(&[HmacSecret::new(b"a secret that the fuzzer cannot know")]).is_err());
    assert_ne!(token.verify(&keys), Ok(Verdict::Good));
});

/// The text as claims of a token whose signature would hold.
fn claims(text: &str) {
    let encode = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text);
    let whole = format!("{}.{}.AA", encode("{\"alg\":\"HS256\"}"), encode(text));
    let Ok(token) = Token::read(&whole) else { return };
    let now = 1_790_000_000_000;
    drop(token.check(&Expected { audience: vec!["sluicebox".to_owned()], leeway: 60_000 }, now));
    if let Ok(caller) = token.caller(&Subject { issuer: "sso".to_owned(), ..Subject::default() }) {
        assert!(caller.tenant.is_some_and(|tenant| model::is_tenant(&tenant)));
        assert!(!caller.name.chars().any(char::is_control));
        caller.sources.matches(text);
    }
}
