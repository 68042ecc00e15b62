//! What hostile and broken clients do. Each attack goes on until it is told to stop, and heeds no answer.

mod bodies;
mod connections;
mod logins;
mod queries;
mod topic;

use crate::failure::Failure;
use crate::place::Place;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Becomes true when the afternoon is over.
pub(crate) type Over = watch::Receiver<bool>;

/// Between two requests of one attacker, so that the attacks take the program's time and not all of the machine's.
const BREATH: Duration = Duration::from_millis(20);

/// All of them, under way.
pub(crate) async fn begin(place: &Place, over: &Over) -> Result<JoinSet<()>, Failure> {
    let mut attacks = JoinSet::new();
    for address in [place.edge, place.api, place.ops] {
        connections::begin(address, over, &mut attacks);
    }
    let (edge, api) = (place.edge, place.api);
    for (number, body) in bodies::all().into_iter().enumerate() {
        attacks.spawn(bodies::post_for_ever(edge, from(number), body, over.clone()));
    }
    attacks.spawn(logins::guess(edge, from(1), over.clone()));
    attacks.spawn(logins::guess(api, from(2), over.clone()));
    for number in 0..queries::AT_ONCE {
        attacks.spawn(queries::ask_for_ever(api, from(number), over.clone()));
    }
    topic::flood(place, over, &mut attacks).await?;
    Ok(attacks)
}

/// Attackers have addresses of their own, as they do outside of one machine; every fourth shares that of the client.
fn from(number: usize) -> IpAddr {
    let last = u8::try_from(number % 4).unwrap_or_default() + 1;
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))
}

/// A client that calls from this address.
fn client(from: IpAddr) -> Option<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .local_address(from)
        .timeout(Duration::from_secs(20))
        .build()
        .ok()
}

fn url(address: SocketAddr, path: &str) -> String {
    format!("http://{address}{path}")
}

/// Whether to go on.
async fn breathes(over: &Over) -> bool {
    tokio::time::sleep(BREATH).await;
    !*over.borrow()
}
