//! Sends the day as its users would, through whatever happens: each thing is sent again until it is taken.

use crate::failure::Failure;
use crate::installation::Installation;
use model::{Encoder, SchemaIds};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use runtime::{PublishError, Publisher};
use scenario::day::{Answer, Post, Put, Shipment, Value};
use std::time::Duration;
use tokio::sync::watch;
use topology::{Prefix, Topic};

/// Before something is sent again.
const AGAIN: Duration = Duration::from_millis(200);
/// A request that has no answer by now is sent again.
const ANSWER: Duration = Duration::from_secs(15);
const BODY_SHOWN: usize = 300;

/// What came of sending.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sent {
    /// Requests and records that were taken or refused as they should.
    pub(crate) shipments: usize,
    /// Of them, those that were sent more than once.
    pub(crate) again: usize,
}

/// Sends shipments.
pub(crate) struct Feeder {
    client: reqwest::Client,
    publisher: Publisher,
    ids: SchemaIds,
    edge: String,
}

impl Feeder {
    pub(crate) fn new(installation: &Installation, ids: SchemaIds, edge: String) -> Result<Self, Failure> {
        let settings = installation.producer_settings();
        let client = crate::http_client(ANSWER)?;
        let publisher = Publisher::new(&settings.kafka, &Prefix::new(settings.topic_prefix), ids)?;
        Ok(Self {
            client,
            publisher,
            ids,
            edge,
        })
    }

    /// Sends all, in order, at the pace of `progress` (from 0 to 1), so that there is traffic as long as there are
    /// faults.
    pub(crate) async fn send(
        &self,
        shipments: &[Shipment],
        mut progress: watch::Receiver<f64>,
    ) -> Result<Sent, Failure> {
        let mut sent = Sent::default();
        for (at, shipment) in shipments.iter().enumerate() {
            let due = at as f64 / shipments.len() as f64;
            // The sender of progress is gone when the faults are over: then the rest is sent at once.
            let _ = progress.wait_for(|progress| *progress >= due).await;
            let again = match shipment {
                Shipment::Put(put) => self.put(put).await?,
                Shipment::Post(post) => self.post(post, at).await?,
            };
            sent.shipments += 1;
            sent.again += usize::from(again);
        }
        Ok(sent)
    }

    /// Whether it took more than one attempt.
    async fn put(&self, put: &Put) -> Result<bool, Failure> {
        let encoder = Encoder::new(self.ids);
        let value = match &put.value {
            Value::Bytes(bytes) => bytes.clone(),
            Value::Avro(event) => encoder.encoded(event.as_ref()),
            Value::CutAvro(event) => {
                let mut whole = encoder.encoded(event.as_ref());
                whole.truncate(whole.len() / 2);
                whole
            }
        };
        let mut again = false;
        loop {
            let published = self
                .publisher
                .publish_raw(Topic::IngestEvents, Some(&put.key), &value)
                .await;
            match published {
                Ok(()) => return Ok(again),
                Err(PublishError::Unavailable { .. } | PublishError::QueueFull) => {}
                Err(error) => return Err(error.into()),
            }
            again = true;
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// `number` tells the request from all others, however often it is sent.
    async fn post(&self, post: &Post, number: usize) -> Result<bool, Failure> {
        let mut again = false;
        loop {
            if let Ok(answer) = self.request(post, number).await
                && !is_busy(&answer)
            {
                return expected(post, answer).await.map(|()| again);
            }
            again = true;
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn request(&self, post: &Post, number: usize) -> Result<reqwest::Response, reqwest::Error> {
        let mut request = self
            .client
            .post(format!("{}{}", self.edge, post.path))
            .header(CONTENT_TYPE, post.content_type)
            .header("Idempotency-Key", format!("day-{number}"))
            .body(post.body.clone());
        if post.authorized {
            request = request.header("X-API-Key", Installation::key());
        }
        request.send().await
    }
}

fn is_busy(answer: &reqwest::Response) -> bool {
    answer.status().is_server_error() || answer.headers().contains_key(RETRY_AFTER)
}

async fn expected(post: &Post, answer: reqwest::Response) -> Result<(), Failure> {
    let status = answer.status();
    let as_expected = match post.answer {
        Answer::Accepted(_) => status.as_u16() == 202,
        Answer::Refused => status.is_client_error(),
    };
    let body = answer.text().await.unwrap_or_default();
    let rejected = post.answer != Answer::Refused && has_rejected(&body);
    if as_expected && !rejected {
        return Ok(());
    }
    Err(Failure::Answer {
        path: post.path,
        status: status.as_u16(),
        expected: format!("{:?}", post.answer),
        body: body.chars().take(BODY_SHOWN).collect(),
    })
}

/// Answers to lists say what of them was not taken.
fn has_rejected(body: &str) -> bool {
    let answer: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    answer["rejected"]
        .as_array()
        .is_some_and(|rejected| !rejected.is_empty())
}
