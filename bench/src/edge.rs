//! `edge`: posts to the HTTP edge beside a bare axum handler that only produces, over the same client, the same broker
//! and the same settings of the producer.

mod floor;
mod load;
mod server;

use crate::percentiles::Percentiles;
use crate::{machine, say};
use anyhow::{Context, Result, ensure};
use clap::Args;
use load::{Load, Seen};
use serde_json::json;
use server::{Place, Server, Which};
use std::time::Duration;

pub(crate) use floor::FloorArgs;
pub(crate) use floor::run as run_floor;

/// Requests a second, p99 and CPU of posts of one event and of a thousand, on one connection and on 200
#[derive(Args)]
pub(crate) struct EdgeArgs {
    /// Seconds of each measurement, after one to warm up
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Events of a batch
    #[arg(long, default_value_t = 1000)]
    batch: usize,
    /// Connections beside one
    #[arg(long, default_value_t = 200)]
    connections: usize,
    /// Requests a second of the case that has a rate
    #[arg(long, default_value_t = 2000)]
    rate: u32,
    /// Measurements of each server and case, of which the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// One measurement of one server.
struct Measured {
    requests_per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_us_per_event: f64,
}

impl Measured {
    fn median(of: &[Self]) -> Self {
        let at = |figure: fn(&Self) -> f64| {
            let figures = of.iter().map(figure).collect();
            Percentiles::new(figures).map_or(f64::NAN, |figures| figures.at(0.5))
        };
        Self {
            requests_per_s: at(|one| one.requests_per_s),
            p50_ms: at(|one| one.p50_ms),
            p99_ms: at(|one| one.p99_ms),
            cpu_us_per_event: at(|one| one.cpu_us_per_event),
        }
    }
}

/// What is sent, and how both servers did.
struct Case {
    load: Load,
    edge: Measured,
    floor: Measured,
}

impl Case {
    fn ratio(&self) -> f64 {
        self.edge.requests_per_s / self.floor.requests_per_s.max(f64::MIN_POSITIVE)
    }
}

pub(crate) fn run(args: &EdgeArgs) -> Result<()> {
    say(machine::line());
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (place, mut cases) = (Place::make()?, Vec::new());
    say("\n                               requests/s      p50 ms      p99 ms   CPU µs/event");
    for load in loads(args) {
        let case = threads.block_on(compare(load, &place, args))?;
        tell(&case);
        cases.push(case);
    }
    say(summary(&cases));
    Ok(())
}

/// One event and a batch on one connection and on many, as fast as they are answered; and one event at a rate that
/// leaves the machine room, which tells the wait of a client better than a full machine does.
fn loads(args: &EdgeArgs) -> Vec<Load> {
    let mut loads = Vec::new();
    for events in [1, args.batch] {
        for connections in [1, args.connections] {
            let rate = None;
            loads.push(Load {
                events,
                connections,
                rate,
            });
        }
    }
    let rate = Some(args.rate);
    loads.push(Load {
        events: 1,
        connections: args.connections,
        rate,
    });
    loads
}

/// Both servers in turn, as often as is asked; of each figure the median.
async fn compare(load: Load, place: &Place, args: &EdgeArgs) -> Result<Case> {
    let (mut edge, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds.max(1) {
        for (which, figures) in [(Which::Edge, &mut edge), (Which::Floor, &mut floor)] {
            let server = Server::start(which, place)?;
            figures.push(
                measure(&server, &load, args.seconds)
                    .await
                    .with_context(|| format!("{which:?}"))?,
            );
        }
    }
    let (edge, floor) = (Measured::median(&edge), Measured::median(&floor));
    Ok(Case { load, edge, floor })
}

fn tell(case: &Case) {
    say(case.load);
    for (name, of) in [("edge", &case.edge), ("floor", &case.floor)] {
        say(format_args!(
            "  {name:<26} {:>12.0} {:>11.2} {:>11.2} {:>14.1}",
            of.requests_per_s, of.p50_ms, of.p99_ms, of.cpu_us_per_event
        ));
    }
}

/// One figure of a case.
type Figure = fn(&Case) -> f64;

/// `edge_vs_floor` is the least of all cases that send as fast as they are answered. `edge_p99_ms` is that of the case
/// with a rate: what a client waits while the machine has room. Where every connection sends again at once, a wait is
/// the number of connections divided by the rate (Little's law), which is told apart.
fn summary(cases: &[Case]) -> serde_json::Value {
    let rounded = |number: f64| (number * 100.0).round() / 100.0;
    let ratios = cases
        .iter()
        .filter(|case| case.load.rate.is_none())
        .map(Case::ratio);
    let p99 = |with_rate: bool, of: Figure| {
        let meant = |case: &&Case| case.load.events == 1 && case.load.rate.is_some() == with_rate;
        rounded(cases.iter().filter(meant).map(of).fold(0.0, f64::max))
    };
    let edge: Figure = |case| case.edge.p99_ms;
    let floor: Figure = |case| case.floor.p99_ms;
    json!({
        "bench": "edge",
        "date": machine::date(),
        "commit": machine::commit(),
        "edge_vs_floor": rounded(ratios.fold(f64::INFINITY, f64::min)),
        "edge_p99_ms": p99(true, edge),
        "floor_p99_ms": p99(true, floor),
        "edge_saturated_p99_ms": p99(false, edge),
        "floor_saturated_p99_ms": p99(false, floor),
        "cases": cases.iter().map(|case| json!({
            "name": case.load.to_string(),
            "requests_per_s": case.edge.requests_per_s.round(),
            "floor_requests_per_s": case.floor.requests_per_s.round(),
            "p99_ms": rounded(case.edge.p99_ms),
            "floor_p99_ms": rounded(case.floor.p99_ms),
            "cpu_us_per_event": rounded(case.edge.cpu_us_per_event),
            "floor_cpu_us_per_event": rounded(case.floor.cpu_us_per_event),
        })).collect::<Vec<_>>(),
    })
}

async fn measure(server: &Server, load: &Load, seconds: u64) -> Result<Measured> {
    load.run(server.address, Duration::from_secs(1)).await?;
    let before = server.cpu();
    let time = Duration::from_secs(seconds);
    let Seen { millis, refused } = load.run(server.address, time).await?;
    let used = server.cpu() - before;
    ensure!(
        refused == 0,
        "{refused} requests were refused, so the figures would say nothing"
    );
    let requests = millis.len() as f64;
    let percentiles = Percentiles::new(millis).context("no request was answered")?;
    Ok(Measured {
        requests_per_s: requests / time.as_secs_f64(),
        p50_ms: percentiles.at(0.5),
        p99_ms: percentiles.at(0.99),
        cpu_us_per_event: used * 1e6 / (requests * load.events as f64),
    })
}
