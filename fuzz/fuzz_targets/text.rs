//! Any text is cleaned and understood.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let cleaned = text::clean(text);
    text::language::detect(&cleaned);
    text::sentiment::score(&cleaned);
    text::spam::judge(&cleaned);
    text::keyphrases(&cleaned, 5);
    text::urgency::words(&cleaned);
    text::segments(&cleaned);
    text::topic(&cleaned);
    text::fold(&cleaned);
});
