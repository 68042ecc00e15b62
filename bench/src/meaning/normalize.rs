//! A post of 200 characters through the normalizer, and the memory that takes.

use crate::median;
use crate::process::{resident_mib, thread_seconds};
use anyhow::{Result, bail};
use model::RawEvent;
use normalizer::Normalizer;
use settings::{AdmissionSettings, NormalizerSettings};
use stage::{Cx, Emit, Stage};
use std::hint::black_box;
use topology::Topic;

const POSTS: u32 = 5_000;

/// When the post was written and when it arrives; one that claims to be from the future would be given the time of its arrival.
const WHEN: i64 = 1_700_000_000_000;

pub(super) struct Normalizing {
    pub(super) micros: f64,
    pub(super) resident_mib: f64,
}

pub(super) fn measure(rounds: usize) -> Result<Normalizing> {
    let settings = NormalizerSettings::default();
    let mut normalizer = Normalizer::new(
        &settings,
        &AdmissionSettings::default(),
        &normalizer::lists_of(&settings)?,
    );
    let posts: Vec<RawEvent> = (0..POSTS).map(post).collect();
    let cx = Cx::at(Topic::IngestEvents, WHEN);
    match normalizer.apply(post(0), &mut (), &cx) {
        Ok(Emit::One(_)) => {}
        other => bail!("the normalizer makes no event of a post: {other:?}"),
    }
    let mut round = || {
        let posts = posts.clone();
        let start = thread_seconds();
        for post in posts {
            let _ = black_box(normalizer.apply(post, &mut (), &cx));
        }
        (thread_seconds() - start) * 1e6 / f64::from(POSTS)
    };
    Ok(Normalizing {
        micros: median((0..rounds).map(|_| round()).collect()),
        resident_mib: resident_mib(std::process::id()),
    })
}

fn post(number: u32) -> RawEvent {
    let text = format!(
        "Just spotted $PEPE breaking out ({number})! Volume is up 250% in the last hour and more exchanges look at it. \
         Contract 0x6982508145454Ce325dDbE47a25d7c9Da6B33391 — do your own research. https://example.com/p?utm_source=x #meme"
    );
    RawEvent {
        id: number.to_string(),
        source: "bench".to_owned(),
        kind: "post".to_owned(),
        time: Some(WHEN),
        data: Some(serde_json::json!({"text": text}).to_string().into_bytes()),
        ..RawEvent::default()
    }
}
