//! Latency through one stage at 1,000 records a second, and what it costs the broker, for several least commit
//! intervals: the curve by which the default is chosen.

use super::events::Events;
use super::figures::Figures;
use crate::contender::{Contender, OwnSchemas, Tuning, Work};
use crate::course::Course;
use crate::driver::{Broker, Reader, Steady, Timestamps, Topics};
use crate::percentiles::Percentiles;
use crate::say;
use anyhow::{Context, Result};
use model::{Decoder, Event};
use rdkafka::Message;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PARTITIONS: i32 = 4;
const RATE: u32 = 1_000;
/// Milliseconds.
const LEAST_INTERVALS: [u64; 5] = [5, 10, 15, 20, 40];
/// What Kafka Streams 4.3.1 takes of the broker through three stages at its commit interval of 100 ms.
const STREAMS_BROKER_CORES: f64 = 0.3;

/// One point of the curve.
struct Point {
    least_ms: u64,
    latency: Percentiles,
    /// Cores of the contender.
    cores: f64,
    broker_cores: f64,
}

pub(super) fn measure(broker: &Broker, seconds: u64, figures: &mut Figures) -> Result<()> {
    let default = Tuning::default().least_ms;
    let mut intervals = LEAST_INTERVALS.to_vec();
    intervals.push(default);
    intervals.sort_unstable();
    intervals.dedup();
    say(format_args!(
        "\n{:>8} {:>8} {:>8} {:>8} {:>12} {:>12}",
        "least ms", "p50 ms", "p99 ms", "max ms", "lane cores", "broker cores"
    ));
    let mut points = Vec::new();
    for least_ms in intervals {
        let point = point(broker, least_ms, Duration::from_secs(seconds))?;
        say(point.line());
        points.push(point);
    }
    say(format_args!(
        "Kafka Streams takes {STREAMS_BROKER_CORES} broker cores for three stages at its 100 ms; \
         its p50 there is 231 to 252 ms, its p99 367 to 384 ms"
    ));
    if let Some(point) = points.iter().find(|point| point.least_ms == default) {
        figures.note("p50_ms", point.latency.at(0.5));
        figures.note("p99_ms", point.latency.at(0.99));
        figures.note("broker_cores_at_1000_per_s", point.broker_cores);
    }
    figures.note_all("latency", points.iter().map(Point::json).collect());
    Ok(())
}

impl Point {
    fn line(&self) -> String {
        format!(
            "{:>8} {:>8.1} {:>8.1} {:>8.1} {:>12.3} {:>12.3}",
            self.least_ms,
            self.latency.at(0.5),
            self.latency.at(0.99),
            self.latency.at(1.0),
            self.cores,
            self.broker_cores
        )
    }

    fn json(&self) -> serde_json::Value {
        let round = |figure: f64| (figure * 1000.0).round() / 1000.0;
        json!({
            "least_ms": self.least_ms,
            "p50_ms": round(self.latency.at(0.5)),
            "p99_ms": round(self.latency.at(0.99)),
            "lane_cores": round(self.cores),
            "broker_cores": round(self.broker_cores),
        })
    }
}

fn point(broker: &Broker, least_ms: u64, window: Duration) -> Result<Point> {
    let course = Course::new("latency", Work::Relay.stages(), PARTITIONS)?;
    let _topics = Topics::create(broker, &course, Timestamps::Broker)?;
    let tuning = Tuning {
        least_ms,
        ..Tuning::default()
    };
    let contender = Contender::running(broker, &course, Work::Relay, &tuning)?;
    let reader = Reader::new(broker, &course.output()?, &course.beginning())?;
    let events = Events::new();
    let sender = Steady::start(broker, &course.input()?, RATE, move |n| events.make(n))?;
    read(&reader, &sender, window, |_| {})?;
    let (cpu, broker_cpu, began) = (contender.cpu_seconds(), broker.cpu_seconds(), Instant::now());
    let mut latencies = Vec::new();
    read(&reader, &sender, window, |ms| latencies.push(ms))?;
    let seconds = began.elapsed().as_secs_f64();
    Ok(Point {
        least_ms,
        latency: Percentiles::new(latencies).context("nothing came through")?,
        cores: (contender.cpu_seconds() - cpu) / seconds,
        broker_cores: (broker.cpu_seconds() - broker_cpu) / seconds,
    })
}

/// Reads what comes out for so long, and tells how many milliseconds ago it was sent.
fn read(reader: &Reader, sender: &Steady, window: Duration, mut tell: impl FnMut(f64)) -> Result<()> {
    let mut decoder = Decoder::new(Arc::new(OwnSchemas));
    let began = Instant::now();
    while began.elapsed() < window {
        let Some(message) = reader.next()? else { continue };
        let event: Event = decoder.decode(message.payload().unwrap_or_default())?;
        if let Some(sent) = sender.sent_at(event.id.parse()?) {
            tell(sent.elapsed().as_secs_f64() * 1000.0);
        }
    }
    Ok(())
}
