//! Sends the day as its users would: requests one after the other, records straight to Kafka in between.

use super::setting::KEY;
use crate::app;
use crate::failure::Failure;
use futures_util::future::try_join_all;
use indicatif::{ProgressBar, ProgressStyle};
use model::{Encoder, SchemaIds};
use registry::Registry;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use runtime::Publisher;
use scenario::day::{Answer, Post, Put, Shipment, Value};
use settings::Settings;
use std::time::Duration;
use topology::Topic;

/// A request that the edge is too busy for is sent again this often, as clients do.
const TRIES: u32 = 20;
const WAIT: Duration = Duration::from_millis(250);

/// Sends shipments.
pub(super) struct Shipping {
    client: reqwest::Client,
    publisher: Publisher,
    ids: SchemaIds,
    edge: String,
    key: String,
}

impl Shipping {
    pub(super) async fn new(settings: &Settings, edge: &str) -> Result<Self, Failure> {
        // Another part of the program may have been first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build();
        let prefix = app::prefix(settings);
        let ids = Registry::connect(&settings.registry)?.ids_once(&prefix).await?;
        let key = settings.adapters.api_keys.first().map_or(KEY, |key| key.expose());
        Ok(Self {
            client: client.map_err(|error| Failure::Configuration(format!("no HTTP client: {error}")))?,
            publisher: Publisher::new(&settings.kafka, &prefix, ids)?,
            ids,
            edge: edge.trim_end_matches('/').to_owned(),
            key: key.to_owned(),
        })
    }

    /// Sends all, in order; how many requests were refused with a 4xx and problem details. An answer that is not the
    /// expected one is an error.
    pub(super) async fn send(&self, shipments: &[Shipment]) -> Result<u64, Failure> {
        let bar = ProgressBar::new(shipments.len() as u64);
        bar.set_style(
            ProgressStyle::with_template("{bar:40} {pos}/{len} shipments")
                .unwrap_or(ProgressStyle::default_bar()),
        );
        let (mut refused, mut puts) = (0, Vec::new());
        for (number, shipment) in shipments.iter().enumerate() {
            match shipment {
                Shipment::Put(put) => puts.push(put),
                Shipment::Post(post) => {
                    self.put(std::mem::take(&mut puts)).await?;
                    refused += u64::from(self.post(post, number).await?);
                }
            }
            bar.inc(1);
        }
        self.put(puts).await?;
        bar.finish_and_clear();
        Ok(refused)
    }

    async fn put(&self, puts: Vec<&Put>) -> Result<(), Failure> {
        let sends = puts.into_iter().map(|put| self.put_one(put));
        try_join_all(sends).await.map(|_| ())
    }

    async fn put_one(&self, put: &Put) -> Result<(), Failure> {
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
        Ok(self
            .publisher
            .publish_raw(Topic::IngestEvents, Some(&put.key), &value)
            .await?)
    }

    /// Whether it was refused, as expected. `number` tells the request from all others, however often it is sent.
    async fn post(&self, post: &Post, number: usize) -> Result<bool, Failure> {
        for _ in 0..TRIES {
            let answer = self.request(post, number).await?;
            let status = answer.status();
            if status.as_u16() == 503 || answer.headers().contains_key(RETRY_AFTER) {
                tokio::time::sleep(WAIT).await;
                continue;
            }
            let problem = answer
                .headers()
                .get(CONTENT_TYPE)
                .is_some_and(|kind| kind == "application/problem+json");
            return match post.answer {
                Answer::Accepted(_) if status.as_u16() == 202 => {
                    let body = answer.text().await.unwrap_or_default();
                    if has_rejected(&body) {
                        Err(unexpected(post, &body))
                    } else {
                        Ok(false)
                    }
                }
                Answer::Refused if status.is_client_error() && problem => Ok(true),
                _ => Err(unexpected(
                    post,
                    &format!("{status} {}", answer.text().await.unwrap_or_default()),
                )),
            };
        }
        Err(Failure::Unreachable(format!(
            "{}{} stayed too busy",
            self.edge, post.path
        )))
    }

    async fn request(&self, post: &Post, number: usize) -> Result<reqwest::Response, Failure> {
        let url = format!("{}{}", self.edge, post.path);
        let mut request = self
            .client
            .post(&url)
            .header(CONTENT_TYPE, post.content_type)
            .header("Idempotency-Key", format!("day-{number}"))
            .body(post.body.clone());
        if post.authorized {
            request = request.header("X-API-Key", &self.key);
        }
        request
            .send()
            .await
            .map_err(|error| Failure::Unreachable(format!("{url}: {error}")))
    }
}

/// Answers to lists say what of them was not taken.
fn has_rejected(body: &str) -> bool {
    let answer: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    answer["rejected"]
        .as_array()
        .is_some_and(|rejected| !rejected.is_empty())
}

fn unexpected(post: &Post, answer: &str) -> Failure {
    let beginning = |text: &str| text.chars().take(300).collect::<String>();
    let sent = beginning(&String::from_utf8_lossy(&post.body));
    Failure::Check(format!(
        "{} answered {} to {sent}, expected {:?}",
        post.path,
        beginning(answer),
        post.answer
    ))
}
