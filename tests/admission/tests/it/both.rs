//! Both ends: the edge over a log in memory, and the normalizer as the runtime asks it.

use access::Gate;
use adapters::{Counts, Ingest, IngestError, Outgoing, Paths, Webhooks};
use axum::body::{Body, to_bytes};
use axum::http::header::HOST;
use axum::http::{HeaderValue, Request, StatusCode};
use model::{Event, Millis, RawEvent};
use normalizer::{Lists, Normalizer};
use settings::{AdaptersSettings, AdmissionSettings, AuthMode, NormalizerSettings, Watched};
use stage::{Cx, Driver, Settled};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use topology::Topic;

/// What the edge said: the events that it wrote, or the reason that it gave.
pub(crate) enum Said {
    Taken(Vec<RawEvent>),
    Refused(String),
}

#[derive(Default)]
struct Log(Mutex<Vec<RawEvent>>);

impl Ingest for Log {
    async fn publish(&self, events: &[Outgoing]) -> Vec<(usize, IngestError)> {
        let events = events.iter().map(|outgoing| outgoing.event.clone());
        self.0.lock().unwrap().extend(events);
        Vec::new()
    }
}

pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Millis::try_from(since.as_millis()).unwrap()
}

/// Posts one request to an edge of its own, by its own name unless the request brings one.
pub(crate) fn edge(mut request: Request<Body>) -> Said {
    let host = request.headers_mut().entry(HOST);
    host.or_insert(HeaderValue::from_static("127.0.0.1"));
    let log = Arc::new(Log::default());
    let settings = AdaptersSettings {
        auth: AuthMode::None,
        ..AdaptersSettings::default()
    };
    let paths = Paths::new(
        Arc::clone(&log),
        &settings,
        &AdmissionSettings::default(),
        Arc::new(Gate::without_keys()),
        Arc::new(Counts::default()),
        &Watched::fixed(Webhooks::default()),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (status, body) = runtime.block_on(async {
        let answer = paths.answer(request, None).await;
        let status = answer.status();
        (status, to_bytes(answer.into_body(), usize::MAX).await.unwrap())
    });
    let taken = std::mem::take(&mut *log.0.lock().unwrap());
    if status == StatusCode::ACCEPTED {
        return Said::Taken(taken);
    }
    assert!(status.is_client_error() && taken.is_empty(), "{status}: {body:?}");
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let kind = problem["type"].as_str().unwrap();
    Said::Refused(kind.strip_prefix("urn:sluicebox:problem:").unwrap().to_owned())
}

/// What the normalizer makes of an event that comes now.
pub(crate) fn normalized(event: RawEvent) -> Settled<Event> {
    let normalizer = Normalizer::new(
        &NormalizerSettings::default(),
        &AdmissionSettings::default(),
        &Watched::fixed(Lists::default()),
    );
    Driver::new(normalizer).apply(event, &Cx::at(Topic::IngestEvents, now()))
}

/// Both agree about an event: `event` is the same as it would stand on the topic.
pub(crate) fn agree(said: Said, event: RawEvent) {
    let settled = normalized(event);
    match said {
        Said::Taken(taken) => {
            let [taken] = taken.try_into().unwrap();
            for settled in [normalized(taken), settled] {
                let Settled::Out(events) = settled else {
                    panic!("202, and then {}", told(&settled))
                };
                assert!(!events[0].time_corrected, "202, and then another time");
            }
        }
        Said::Refused(reason) if reason == admission::Reason::TimeAhead.code() => {
            let Settled::Out(events) = settled else {
                panic!("{reason}, and then {}", told(&settled))
            };
            assert!(events[0].time_corrected, "{reason}, and then the same time");
        }
        Said::Refused(reason) => {
            let Settled::Dead(poison) = settled else {
                panic!("{reason}, and then {}", told(&settled))
            };
            assert_eq!(poison.reason, reason, "{poison}");
        }
    }
}

fn told(settled: &Settled<Event>) -> String {
    match settled {
        Settled::Dead(poison) => poison.to_string(),
        Settled::Filtered(reason) => (*reason).to_owned(),
        Settled::Out(_) => "an event".to_owned(),
        Settled::Duplicate => "a duplicate".to_owned(),
    }
}
