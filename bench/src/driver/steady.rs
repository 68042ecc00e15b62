//! Sends at a steady rate, whether or not anybody keeps up (an open loop), and remembers when each record was sent.

use super::{Broker, Record};
use anyhow::Result;
use rdkafka::producer::{BaseProducer, BaseRecord};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// A sender in a thread of its own; it ends when dropped.
pub(crate) struct Steady {
    stop: Arc<AtomicBool>,
    sent: Arc<RwLock<Vec<Instant>>>,
}

impl Steady {
    /// Sends what `make` makes of 0, 1, 2 … to the topic, so many a second.
    pub(crate) fn start(
        broker: &Broker,
        topic: &str,
        rate: u32,
        mut make: impl FnMut(u64) -> Record + Send + 'static,
    ) -> Result<Self> {
        let mut config = broker.client();
        config
            .set("linger.ms", "0")
            .set("acks", "all")
            .set("partitioner", "murmur2_random");
        let producer: BaseProducer = config.create()?;
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(RwLock::default()));
        let (told, remembered, topic) = (Arc::clone(&stop), Arc::clone(&sent), topic.to_owned());
        let interval = Duration::from_secs(1) / rate.max(1);
        std::thread::spawn(move || {
            let began = Instant::now();
            for number in (0..).take_while(|_| !told.load(Ordering::Relaxed)) {
                let due = began + interval.saturating_mul(number);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                let record = make(number.into());
                remember(&remembered);
                let to_send = BaseRecord::to(&topic).key(&record.key).payload(&record.value);
                // What cannot be sent does not come out, and whoever waits for it says so.
                let _ = producer.send(to_send);
                producer.poll(Duration::ZERO);
            }
        });
        Ok(Self { stop, sent })
    }

    /// When the record of this number was sent.
    pub(crate) fn sent_at(&self, number: usize) -> Option<Instant> {
        let sent = self.sent.read().unwrap_or_else(PoisonError::into_inner);
        sent.get(number).copied()
    }
}

impl Drop for Steady {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn remember(sent: &RwLock<Vec<Instant>>) {
    sent.write()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Instant::now());
}
