//! Producers that write to the ingest topic whatever they like.

use super::Afternoon;
use crate::failure::Failure;
use crate::strikes::Kind;
use model::{Encoder, RawEvent};
use registry::Registry;
use runtime::Publisher;
use settings::Settings;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;
use topology::{Prefix, Topic};

const DAY: i64 = 24 * 3_600_000;

/// What they need to begin.
pub(crate) struct Flood {
    publisher: Publisher,
    encoder: Encoder,
}

impl Flood {
    /// Asks the registry, which is done before the attackers take the lowest priority: on a busy machine it would not be
    /// answered in time then.
    pub(crate) async fn prepare(settings: &Settings) -> Result<Self, Failure> {
        let prefix = Prefix::new(settings.topic_prefix.clone());
        let broker = |error: &dyn std::fmt::Display| Failure::Broker(error.to_string());
        let registry = Registry::connect(&settings.registry).map_err(|error| broker(&error))?;
        let ids = registry
            .register_all(&prefix)
            .await
            .map_err(|error| broker(&error))?;
        let publisher = Publisher::new(&settings.kafka, &prefix, ids).map_err(|error| broker(&error))?;
        Ok(Self {
            publisher,
            encoder: Encoder::new(ids),
        })
    }

    pub(super) fn begin(&self, afternoon: &Afternoon, attacks: &mut JoinSet<()>) {
        for value in values(&self.encoder) {
            attacks.spawn(write_for_ever(self.publisher.clone(), value, afternoon.clone()));
        }
    }
}

/// Bytes that are nothing, JSON that is none, Avro that is cut, and an event of tomorrow.
fn values(encoder: &Encoder) -> Vec<Vec<u8>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_millis()).unwrap_or_default();
    let tomorrow = RawEvent {
        id: "tomorrow".to_owned(),
        source: "/hostile".to_owned(),
        time: Some(now + DAY),
        ..RawEvent::default()
    };
    let whole = encoder.encoded(&tomorrow);
    let cut = whole[..whole.len() / 2].to_vec();
    vec![
        vec![0xff; 64],
        b"{\"specversion\":".to_vec(),
        b"[".repeat(10_000),
        cut,
        whole,
    ]
}

async fn write_for_ever(publisher: Publisher, value: Vec<u8>, afternoon: Afternoon) {
    while afternoon.breathes().await {
        let topic = Topic::IngestEvents;
        let written = publisher.publish_raw(topic, Some(b"hostile"), &value).await;
        // Whatever the broker says.
        if written.is_ok() {
            afternoon.struck(Kind::Record);
        }
    }
}
