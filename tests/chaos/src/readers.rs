//! Readers of the committed history while it is made, each with a client of its own every time.

use crate::failure::Failure;
use oracle::Witness;
use runtime::admin::Admin;
use settings::Settings;
use std::time::Duration;
use tokio::sync::watch;
use topology::Prefix;

/// Reads what is new in every topic again and again until told to stop; what cannot be read now is read later.
pub(crate) async fn read_along(
    settings: Settings,
    every: Duration,
    mut stop: watch::Receiver<bool>,
) -> Result<Witness, Failure> {
    let prefix = Prefix::new(&settings.topic_prefix);
    let mut witness = Witness::default();
    loop {
        let stopped = tokio::select! {
            stopped = stop.wait_for(|stop| *stop) => stopped.is_ok(),
            () = tokio::time::sleep(every) => false,
        };
        if stopped {
            return Ok(witness);
        }
        let admin = Admin::new(&settings.kafka, &prefix)?;
        for topic in oracle::history::topic_names() {
            let next = (0..).zip(0..partitions(&settings, &topic));
            let from: Vec<_> = next
                .map(|(_, partition)| (partition, witness.next(&topic, partition)))
                .collect();
            // The broker may be away just now: what was not seen is seen the next time.
            if let Ok(records) = admin.read_from(&topic, &from).await {
                witness.saw(&records);
            }
        }
    }
}

fn partitions(settings: &Settings, topic: &str) -> i32 {
    let partitions = i32::try_from(settings.kafka.partitions).unwrap_or(i32::MAX);
    let changelog = topology::Changelog::all().find(|changelog| changelog.topic_name() == topic);
    changelog.map_or(partitions, |changelog| changelog.partitions(partitions))
}
