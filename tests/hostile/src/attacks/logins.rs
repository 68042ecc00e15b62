//! Guesses at keys and tokens.

use super::{Afternoon, client, url};
use crate::strikes::Kind;
use std::net::{IpAddr, SocketAddr};

/// Made to be refused: an algorithm of "none", with a claim that would open everything.
const FORGED: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwic2NvcGUiOiJhZG1pbiIsImV4cCI6NDEwMjQ0NDgwMH0.";

pub(super) async fn guess(address: SocketAddr, from: IpAddr, afternoon: Afternoon) {
    let Some(client) = client(from) else { return };
    let mut number: u64 = 0;
    while afternoon.breathes().await {
        number += 1;
        let path = if number.is_multiple_of(2) {
            "/v1/events"
        } else {
            "/v1/dead-letters"
        };
        let request = client.post(url(address, path)).body("{}");
        let request = match number % 3 {
            0 => request.header("x-api-key", format!("guess-{number}")),
            1 => request.bearer_auth(FORGED),
            _ => request.header("x-signature", "sha256=00"),
        };
        // Whatever the answer is.
        if request.send().await.is_ok() {
            afternoon.struck(Kind::Login);
        }
    }
}
