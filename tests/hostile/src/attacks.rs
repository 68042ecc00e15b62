//! What hostile and broken clients do. Each attack goes on until it is told to stop, and heeds no answer.

mod bodies;
mod connections;
mod logins;
mod queries;
mod topic;

pub(crate) use topic::Flood;

use crate::place::Targets;
use crate::strikes::{Kind, Strikes};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What every attacker knows: whether the afternoon is over, and where strikes are counted.
#[derive(Clone)]
pub(crate) struct Afternoon {
    over: watch::Receiver<bool>,
    strikes: Arc<Strikes>,
}

impl Afternoon {
    pub(crate) fn new(over: watch::Receiver<bool>, strikes: Arc<Strikes>) -> Self {
        Self { over, strikes }
    }

    fn is_over(&self) -> bool {
        *self.over.borrow()
    }

    /// Returns when it is over.
    async fn end(&mut self) {
        let _ = self.over.wait_for(|over| *over).await;
    }

    /// Waits a little, and says whether to go on.
    async fn breathes(&self) -> bool {
        tokio::time::sleep(BREATH).await;
        !self.is_over()
    }

    fn struck(&self, kind: Kind) {
        self.strikes.count(kind);
    }
}

/// Between two requests of one attacker, so that the attacks take the program's time and not all of the machine's.
const BREATH: Duration = Duration::from_millis(50);

/// All of them, under way.
pub(crate) fn begin(targets: &Targets, flood: &Flood, afternoon: &Afternoon) -> JoinSet<()> {
    let mut attacks = JoinSet::new();
    let (edge, api) = (targets.edge, targets.api);
    for address in [edge, api, targets.ops] {
        connections::begin(address, afternoon, &mut attacks);
    }
    for (number, body) in bodies::all().into_iter().enumerate() {
        attacks.spawn(bodies::post_for_ever(edge, from(number), body, afternoon.clone()));
    }
    attacks.spawn(logins::guess(edge, from(1), afternoon.clone()));
    attacks.spawn(logins::guess(api, from(2), afternoon.clone()));
    for number in 0..queries::AT_ONCE {
        attacks.spawn(queries::ask_for_ever(api, from(number), afternoon.clone()));
    }
    flood.begin(afternoon, &mut attacks);
    attacks
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
