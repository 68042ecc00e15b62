//! Whatever is found in a text stands in it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let found = text::find(text);
    for amount in &found.amounts {
        assert!(text.get(amount.span.range()).is_some_and(|written| !written.is_empty()));
    }
    for date in &found.dates {
        assert!(text.get(date.span.range()).is_some_and(|written| !written.is_empty()));
    }
    for tag in found.emails.iter().chain(&found.names).chain(&found.cashtags) {
        assert!(text.get(tag.span.range()).is_some_and(|written| !written.is_empty()));
    }
});
