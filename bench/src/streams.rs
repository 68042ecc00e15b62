//! `streams`: three stages on this runtime and on Kafka Streams, doing the same to the same events, one after the other.

mod ours;
mod peer;
mod posts;

use crate::driver::Broker;
use crate::{machine, median, say};
use anyhow::Result;
use clap::Args;
use ours::Ours;
use peer::Peer;
use serde_json::json;

const RATE: u32 = 1_000;

/// Three stages here beside the same three on Kafka Streams
#[derive(Args)]
pub(crate) struct StreamsArgs {
    /// Events of one batch
    #[arg(long, default_value_t = 400_000)]
    events: u32,
    /// Batches; the first warms both sides up, the median of the others counts
    #[arg(long, default_value_t = 4)]
    batches: u32,
    /// Seconds of the latency at 1,000 events/s, after 10 of warming up
    #[arg(long, default_value_t = 30)]
    seconds: u64,
}

/// One side, warm.
#[derive(Debug, Clone, Copy)]
struct Side {
    events_per_s: f64,
    /// Microseconds of application CPU an event.
    cpu_us: f64,
    broker_us: f64,
    p50_ms: f64,
    p99_ms: f64,
}

pub(crate) fn run(args: &StreamsArgs) -> Result<()> {
    say(machine::line());
    let Some(peer) = Peer::build()? else {
        say("skipped: the Kafka Streams twin is not beside this repository");
        say(json!({"bench": "streams", "skipped": true}));
        return Ok(());
    };
    let broker = Broker::local()?;
    let theirs = theirs(&peer, &broker, args)?;
    let ours = ours(&broker, args)?;
    say(format_args!(
        "{:14} {:>10} {:>8} {:>8} {:>8} {:>8}",
        "", "events/s", "us CPU", "broker", "p50 ms", "p99 ms"
    ));
    say(ours.line("sluicebox"));
    say(theirs.line("kafka streams"));
    let round = |figure: f64| (figure * 1000.0).round() / 1000.0;
    say(json!({
        "bench": "streams",
        "date": machine::date(),
        "commit": machine::commit(),
        "events": args.events,
        "batches": args.batches,
        "streams_throughput_ratio": round(ours.events_per_s / theirs.events_per_s),
        "streams_cpu_ratio": round(ours.cpu_us / theirs.cpu_us),
        "streams_p99_ratio": round(ours.p99_ms / theirs.p99_ms),
        "ours": ours.json(),
        "theirs": theirs.json(),
    }));
    Ok(())
}

impl Side {
    fn line(&self, name: &str) -> String {
        format!(
            "{name:14} {:>10.0} {:>8.1} {:>8.1} {:>8.1} {:>8.1}",
            self.events_per_s, self.cpu_us, self.broker_us, self.p50_ms, self.p99_ms
        )
    }

    fn json(&self) -> serde_json::Value {
        let round = |figure: f64| (figure * 10.0).round() / 10.0;
        json!({
            "events_per_s": self.events_per_s.round(),
            "cpu_us_per_event": round(self.cpu_us),
            "broker_cpu_us_per_event": round(self.broker_us),
            "p50_ms": round(self.p50_ms),
            "p99_ms": round(self.p99_ms),
        })
    }
}

fn theirs(peer: &Peer, broker: &Broker, args: &StreamsArgs) -> Result<Side> {
    let batches = peer.throughput(broker, args.events, args.batches)?;
    let warm = &batches[1.min(batches.len() - 1)..];
    let us = 1e6 / f64::from(args.events);
    let (p50_ms, p99_ms) = peer.latency(broker, RATE, args.seconds)?;
    Ok(Side {
        events_per_s: median(warm.iter().map(|batch| batch.rate).collect()),
        cpu_us: median(warm.iter().map(|batch| batch.cpu_s * us).collect()),
        broker_us: median(warm.iter().map(|batch| batch.broker_cpu_s * us).collect()),
        p50_ms,
        p99_ms,
    })
}

fn ours(broker: &Broker, args: &StreamsArgs) -> Result<Side> {
    let ours = Ours::start(broker)?;
    let laps = ours.throughput(args.events, args.batches)?;
    let warm = &laps[1.min(laps.len() - 1)..];
    let latency = ours.latency(RATE, args.seconds)?;
    Ok(Side {
        events_per_s: median(warm.iter().map(crate::lap::Lap::per_s).collect()),
        cpu_us: median(warm.iter().map(crate::lap::Lap::cpu_us).collect()),
        broker_us: median(warm.iter().map(crate::lap::Lap::broker_us).collect()),
        p50_ms: latency.at(0.5),
        p99_ms: latency.at(0.99),
    })
}
