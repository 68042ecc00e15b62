//! The floor: an axum handler that produces what was posted and answers when the broker has it, and nothing else. A
//! batch is cut into its events, because the edge writes each as a record too; each record has a key of as many as the
//! events have subjects, because records without one would all go to one partition for a while, which is cheaper than
//! any stream that keeps the order of a subject can be.

use crate::parts;
use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use clap::Args;
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::value::RawValue;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const QUEUE: Duration = Duration::from_secs(1);
/// As many as the load has.
const SUBJECTS: u64 = 10_000;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Serves the floor of `edge`
#[derive(Args)]
pub(crate) struct FloorArgs {
    /// Where
    #[arg(long)]
    listen: SocketAddr,
    /// The topic, with its prefix
    #[arg(long)]
    topic: String,
}

#[derive(Clone)]
struct Floor {
    producer: FutureProducer,
    topic: String,
}

pub(crate) fn run(args: FloorArgs) -> Result<()> {
    let environment = parts::environment()?;
    let brokers = environment
        .into_iter()
        .find(|(name, _)| name == "SLUICEBOX__KAFKA__BROKERS");
    let (_, brokers) = brokers.context("`deploy/local/parts env` names no broker")?;
    let floor = Floor {
        producer: producer(&brokers)?,
        topic: args.topic,
    };
    let router = Router::new().route("/v1/events", post(take)).with_state(floor);
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    threads.block_on(async {
        let listener = tokio::net::TcpListener::bind(args.listen).await?;
        Ok(axum::serve(listener, router).await?)
    })
}

/// As the edge's producer is set.
fn producer(brokers: &str) -> Result<FutureProducer> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("socket.keepalive.enable", "true")
        .set("socket.nagle.disable", "true")
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("message.timeout.ms", "10000")
        .set("linger.ms", "0")
        .set("compression.type", "lz4")
        .set("queue.buffering.max.kbytes", "65536")
        .set("partitioner", "murmur2_random");
    Ok(config.create()?)
}

async fn take(State(floor): State<Floor>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let batch = headers
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes() == b"application/cloudevents-batch+json");
    let done = if batch {
        let Ok(events) = serde_json::from_slice::<Vec<&RawValue>>(&body) else {
            return StatusCode::BAD_REQUEST;
        };
        let sent = events.iter().map(|event| floor.produce(event.get().as_bytes()));
        futures_util::future::join_all(sent)
            .await
            .into_iter()
            .all(|done| done)
    } else {
        floor.produce(&body).await
    };
    if done {
        StatusCode::ACCEPTED
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

impl Floor {
    async fn produce(&self, event: &[u8]) -> bool {
        let key = format!("user:{}", NEXT.fetch_add(1, Ordering::Relaxed) % SUBJECTS);
        let record = FutureRecord::to(&self.topic).key(&key).payload(event);
        self.producer.send(record, QUEUE).await.is_ok()
    }
}
