//! Any data of a record becomes an event or a dead letter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::RawEvent;
use normalizer::{Lists, Normalizer};
use settings::{NormalizerSettings, Watched};
use stage::{Cx, Driver};
use topology::Topic;

fuzz_target!(|data: &[u8]| {
    let normalizer = Normalizer::new(&NormalizerSettings::default(), &Watched::fixed(Lists::default()));
    let raw = RawEvent {
        source: "fuzz".to_owned(),
        kind: "post".to_owned(),
        data: Some(data.to_vec()),
        ..RawEvent::default()
    };
    let mut driver = Driver::new(normalizer);
    driver.apply(raw, &Cx::at(Topic::IngestEvents, 1_790_000_000_000));
    assert!(driver.counts.conserves());
});
