//! Any bytes on a connection of the edge are answered or dropped, never with a 5xx; what is answered with 202 becomes
//! an event.
#![no_main]

use access::Gate;
use adapters::{Counts, Ingest, IngestError, Outgoing, Paths, Webhooks};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use libfuzzer_sys::fuzz_target;
use model::{Millis, RawEvent};
use normalizer::{Lists, Normalizer};
use settings::{AdaptersSettings, AdmissionSettings, AuthMode, NormalizerSettings, Watched};
use sluicebox_fuzz::{Counting, within_bounds};
use stage::{Cx, Driver, Settled};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::Runtime;
use topology::Topic;

#[global_allocator]
static MEMORY: Counting = Counting;

/// More than any input, so that a write waits for nobody.
const BUFFER: usize = 4 << 20;

#[derive(Default)]
struct Log(Mutex<Vec<RawEvent>>);

impl Ingest for Log {
    async fn publish(&self, events: &[Outgoing]) -> Vec<(usize, IngestError)> {
        let events = events.iter().map(|outgoing| outgoing.event.clone());
        self.0.lock().expect("no thread panicked").extend(events);
        Vec::new()
    }
}

/// An edge without keys, and what it wrote.
struct Edge {
    runtime: Runtime,
    paths: Paths<Log>,
    log: Arc<Log>,
}

thread_local! {
    static EDGE: Edge = Edge::new();
}

impl Edge {
    fn new() -> Self {
        let log = Arc::new(Log::default());
        let settings = AdaptersSettings {
            auth: AuthMode::None,
            ..AdaptersSettings::default()
        };
        let (gate, counts) = (Arc::new(Gate::without_keys()), Arc::new(Counts::default()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let webhooks = Watched::fixed(Webhooks::default());
        let paths = Paths::new(Arc::clone(&log), &settings, &AdmissionSettings::default(), gate, counts, &webhooks);
        Self { runtime, paths, log }
    }

    /// All that the edge answers to one connection.
    fn answers(&self, bytes: &[u8]) -> Vec<u8> {
        let (client, server) = duplex(BUFFER);
        let paths = self.paths.clone();
        let service = service_fn(move |request| {
            let paths = paths.clone();
            async move { Ok::<_, Infallible>(paths.answer(request, None).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(server), service);
        self.runtime.block_on(async {
            let (_, answers) = tokio::join!(connection, exchange(client, bytes));
            answers
        })
    }
}

async fn exchange(mut client: DuplexStream, bytes: &[u8]) -> Vec<u8> {
    let mut answers = Vec::new();
    // A server that has answered may stop reading.
    drop(client.write_all(bytes).await);
    drop(client.shutdown().await);
    drop(client.read_to_end(&mut answers).await);
    answers
}

fn normalized(event: RawEvent) -> Settled<model::Event> {
    let lists = Watched::fixed(Lists::default());
    let normalizer = Normalizer::new(&NormalizerSettings::default(), &AdmissionSettings::default(), &lists);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    let now = Millis::try_from(since.as_millis()).expect("a clock before the year 292,000,000");
    Driver::new(normalizer).apply(event, &Cx::at(Topic::IngestEvents, now))
}

fuzz_target!(|data: &[u8]| {
    EDGE.with(|edge| {
        let answers = within_bounds(data.len(), || edge.answers(data));
        let refused_us = answers.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"HTTP/1.1 5"));
        assert!(!refused_us, "{}", String::from_utf8_lossy(&answers));
        let taken = std::mem::take(&mut *edge.log.0.lock().expect("no thread panicked"));
        for event in taken {
            assert!(!event.id.is_empty());
            let Settled::Out(_) = normalized(event) else { panic!("taken, and then no event") };
        }
    });
});
