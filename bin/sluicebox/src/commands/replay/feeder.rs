//! Sends events at a rate, many in flight, never more than a bound.

use super::rejects::Reject;
use crate::failure::Failure;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use model::RawEvent;
use runtime::{PublishError, Publisher};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Events that wait for Kafka's acknowledgement.
const IN_FLIGHT: usize = 4_096;

type Sent = Result<(), (u64, String, PublishError)>;

/// Sends events to the ingest topic.
pub(crate) struct Feeder {
    publisher: Publisher,
    rate: Option<u32>,
    began: Instant,
    fed: u64,
    in_flight: FuturesUnordered<BoxFuture<'static, Sent>>,
}

impl Feeder {
    /// At this rate (events a second), or as fast as Kafka takes them.
    pub(crate) fn new(publisher: Publisher, rate: Option<u32>) -> Self {
        Self {
            publisher,
            rate,
            began: Instant::now(),
            fed: 0,
            in_flight: FuturesUnordered::new(),
        }
    }

    /// Sends one event; gives back events that turned out to fit on no topic, this one or earlier ones.
    pub(crate) async fn feed(&mut self, line: u64, event: RawEvent) -> Result<Vec<Reject>, Failure> {
        self.keep_rate().await;
        let mut rejects = Vec::new();
        while self.in_flight.len() >= IN_FLIGHT {
            if let Some(sent) = self.in_flight.next().await {
                rejects.extend(settle(sent)?);
            }
        }
        let publisher = self.publisher.clone();
        self.in_flight.push(Box::pin(async move {
            let sent = publisher.publish(&event, None).await;
            sent.map_err(|error| (line, event.id, error))
        }));
        self.fed += 1;
        Ok(rejects)
    }

    /// Waits until everything is acknowledged.
    pub(crate) async fn finish(mut self) -> Result<Vec<Reject>, Failure> {
        let mut rejects = Vec::new();
        while let Some(sent) = self.in_flight.next().await {
            rejects.extend(settle(sent)?);
        }
        Ok(rejects)
    }

    async fn keep_rate(&self) {
        if let Some(rate) = self.rate {
            let due = Duration::from_secs_f64(self.fed as f64 / f64::from(rate));
            sleep_until(self.began + due).await;
        }
    }
}

fn settle(sent: Sent) -> Result<Option<Reject>, Failure> {
    match sent {
        Ok(()) => Ok(None),
        Err((line, id, error @ PublishError::TooLarge { .. })) => Ok(Some(Reject {
            line,
            reason: error.to_string(),
            text: id,
        })),
        Err((_, _, error)) => Err(error.into()),
    }
}
