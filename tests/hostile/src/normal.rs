//! The client that only wants to send its events: one at a time, each again until it is taken.

use crate::failure::Failure;
use crate::place::{Place, client};
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const AGAIN: Duration = Duration::from_millis(100);

/// What it saw: the ids that were taken, and how long each took from the first attempt on.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) ids: Vec<String>,
    pub(crate) waits: Vec<Duration>,
    /// Attempts that were refused or had no answer.
    pub(crate) again: usize,
}

impl Taken {
    /// The same and another.
    pub(crate) fn add(&mut self, other: Self) {
        self.ids.extend(other.ids);
        self.waits.extend(other.waits);
        self.again += other.again;
    }
}

/// Sends `rate` events a second for so long, and returns once the last is taken.
pub(crate) async fn send(place: &Place, name: &str, rate: u32, length: Duration) -> Result<Taken, Failure> {
    let (client, url) = (client()?, format!("http://{}/v1/events", place.edge));
    let taken = Arc::new(Mutex::new(Taken::default()));
    let (mut sending, began) = (JoinSet::new(), Instant::now());
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    for number in 0.. {
        ticks.tick().await;
        if began.elapsed() >= length {
            break;
        }
        let (client, url, id) = (client.clone(), url.clone(), format!("{name}-{number}"));
        let taken = Arc::clone(&taken);
        sending.spawn(async move { send_one(&client, &url, id, &taken).await });
    }
    while sending.join_next().await.is_some() {}
    let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut taken))
}

async fn send_one(client: &Client, url: &str, id: String, taken: &Mutex<Taken>) {
    let began = Instant::now();
    let body = event(&id);
    let mut again = 0;
    while !is_taken(client, url, body.clone()).await {
        again += 1;
        tokio::time::sleep(AGAIN).await;
    }
    let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
    taken.ids.push(id);
    taken.waits.push(began.elapsed());
    taken.again += again;
}

async fn is_taken(client: &Client, url: &str, body: String) -> bool {
    let request = client
        .post(url)
        .header(CONTENT_TYPE, "application/cloudevents+json")
        .header("x-api-key", Place::key())
        .body(body);
    request
        .send()
        .await
        .is_ok_and(|answer| answer.status().as_u16() == 202)
}

fn event(id: &str) -> String {
    serde_json::json!({
        "specversion": "1.0", "id": id, "source": "/normal", "type": "order.created", "subject": id,
        "data": {"text": format!("order {id} was placed"), "amount": 12.5},
    })
    .to_string()
}
