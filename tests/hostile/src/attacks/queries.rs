//! Questions to the API that cost as much as they can.

use super::{Afternoon, client, url};
use crate::place::Place;
use crate::strikes::Kind;
use std::net::{IpAddr, SocketAddr};

pub(super) const AT_ONCE: usize = 12;

const PATHS: [&str; 5] = [
    "/v1/events?limit=500",
    "/v1/signals?limit=500&since=1970-01-01T00:00:00Z",
    "/v1/events?limit=500&source=%25",
    "/v1/dead-letters?limit=500",
    "/v1/signals?limit=4294967295&cursor=////",
];

pub(super) async fn ask_for_ever(api: SocketAddr, from: IpAddr, afternoon: Afternoon) {
    let Some(client) = client(from) else { return };
    for path in PATHS.iter().cycle() {
        if !afternoon.breathes().await {
            return;
        }
        let request = client.get(url(api, path)).header("x-api-key", Place::key());
        // Whatever the answer is.
        if request.send().await.is_ok() {
            afternoon.struck(Kind::Query);
        }
    }
}
