//! A registry that is away at the start, goes away later, is flooded or refuses: a stand-in plays it.
#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use model::{SchemaLookup, SchemaSource, schema_text};
use registry::{Registry, RegistryError};
use settings::RegistrySettings;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use topology::{Prefix, Schema};

#[derive(Clone, Default)]
struct Asked(Arc<AtomicUsize>);

impl Asked {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Registers everything as 7; knows 7 and nothing else; 500 is broken.
fn stand_in(asked: Asked) -> Router {
    let by_id = move |axum::extract::Path(id): axum::extract::Path<u32>| async move {
        asked.0.fetch_add(1, Ordering::SeqCst);
        match id {
            7 => (
                StatusCode::OK,
                serde_json::json!({ "schema": schema_text(Schema::Event) }).to_string(),
            ),
            8 => (
                StatusCode::OK,
                serde_json::json!({ "schema": "{", "schemaType": "AVRO" }).to_string(),
            ),
            9 => (
                StatusCode::OK,
                serde_json::json!({ "schema": "{}", "schemaType": "JSON" }).to_string(),
            ),
            500 => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
            _ => (
                StatusCode::NOT_FOUND,
                r#"{"error_code":40403,"message":"Schema not found"}"#.to_owned(),
            ),
        }
    };
    let register = || async { r#"{"id":7}"# };
    Router::new()
        .route("/schemas/ids/{id}", get(by_id))
        .route("/subjects/{subject}/versions", post(register))
}

fn serve(address: SocketAddr, router: Router) -> tokio::task::JoinHandle<()> {
    let listener = TcpListener::bind(address).unwrap();
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn connect(address: SocketAddr) -> Registry {
    Registry::connect(&RegistrySettings {
        url: format!("http://{address}/"),
        ..RegistrySettings::default()
    })
    .unwrap()
}

async fn lookups(registry: &Registry, ids: Vec<u32>) -> Vec<SchemaLookup> {
    let registry = registry.clone();
    tokio::task::spawn_blocking(move || ids.iter().map(|id| registry.schema(*id)).collect())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn away_at_the_start_is_waited_for_and_said() {
    let address = free_address();
    let mut said = Vec::new();
    let mut server = None;
    let away = |error: &RegistryError| {
        said.push(error.to_string());
        server.get_or_insert_with(|| serve(address, stand_in(Asked::default())));
    };
    let ids = connect(address).ids(&Prefix::default(), away).await;
    assert_eq!(ids.unwrap().0, [7; 14]);
    assert!(
        said[0].contains("does not answer: Connection refused"),
        "{said:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_id_is_asked_for_once_and_what_is_known_survives_the_registry() {
    let (address, asked) = (free_address(), Asked::default());
    let server = serve(address, stand_in(asked.clone()));
    let registry = connect(address);
    let known = lookups(&registry, vec![7; 50]).await;
    assert!(
        known
            .iter()
            .all(|answer| matches!(answer, SchemaLookup::Known(_)))
    );
    let unknown = lookups(&registry, vec![404; 1_000]).await;
    assert!(
        unknown
            .iter()
            .all(|answer| matches!(answer, SchemaLookup::Unknown(_)))
    );
    assert_eq!(asked.count(), 2);

    server.abort();
    let _ = server.await;
    assert!(matches!(
        lookups(&registry, vec![7]).await[0],
        SchemaLookup::Known(_)
    ));
    assert!(matches!(
        lookups(&registry, vec![70]).await[0],
        SchemaLookup::Unavailable(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_parsed_is_unknown_and_what_is_broken_is_away() {
    let address = free_address();
    serve(address, stand_in(Asked::default()));
    let answers = lookups(&connect(address), vec![8, 9, 500]).await;
    assert!(matches!(answers[0], SchemaLookup::Unknown(_)), "{answers:?}");
    assert!(matches!(answers[1], SchemaLookup::Unknown(_)), "{answers:?}");
    assert!(matches!(answers[2], SchemaLookup::Unavailable(_)), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_not_waited_for() {
    let address = free_address();
    let refuse = || async {
        (
            StatusCode::CONFLICT,
            r#"{"error_code":409,"message":"reader type"}"#,
        )
    };
    serve(
        address,
        Router::new().route("/subjects/{subject}/versions", post(refuse)),
    );
    let refused = connect(address)
        .ids(&Prefix::new("p."), |error| panic!("{error}"))
        .await;
    assert!(
        matches!(refused, Err(RegistryError::Incompatible { .. })),
        "{refused:?}"
    );
}

/// A connection is taken, and nothing is said until it may be.
#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_slow_holds_up_no_lane_and_its_answer_is_there_later() {
    let (address, may_answer) = (free_address(), Arc::new(Notify::new()));
    let waits = Arc::clone(&may_answer);
    let by_id = move || async move {
        waits.notified().await;
        serde_json::json!({ "schema": schema_text(Schema::Event) }).to_string()
    };
    serve(address, Router::new().route("/schemas/ids/{id}", get(by_id)));
    let lane = connect(address).impatient();
    let asking = tokio::task::spawn_blocking(move || {
        let began = Instant::now();
        let in_vain = [lane.schema(7), lane.schema(7)];
        let took = began.elapsed();
        may_answer.notify_one();
        while !matches!(lane.schema(7), SchemaLookup::Known(_)) {
            assert!(began.elapsed() < Duration::from_mins(1), "it never knows");
            std::thread::yield_now();
        }
        (in_vain, took)
    });
    let (in_vain, took) = asking.await.unwrap();
    for answer in in_vain {
        let SchemaLookup::Unavailable(why) = answer else {
            panic!("{answer:?}");
        };
        assert!(why.contains("has not answered yet"), "{why}");
    }
    assert!(took < Duration::from_secs(3), "it waited for {took:?}");
}
