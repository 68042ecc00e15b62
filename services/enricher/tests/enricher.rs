//! The enricher against real files and a real server that misbehaves.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test that cannot go on fails; points are whole numbers"
)]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use enricher::{EnricherEffect, EnricherStores};
use model::{Signal, SignalState, Value};
use outbound::Reach;
use rules::RuleSet;
use settings::{EnricherSettings, HttpSource, Secret, TableSource, Watched};
use stage::{Attempt, Cx, Effect, Emit, Outcome, Stores};
use topology::Topic;

const RULES: &str = "
groups:
  - name: later
    priority: 1
    rules:
      - id: deep
        when: market.liquidity_usd > 1000000
        score: 30
        reason: deep market
      - id: vip
        when: vip.tier == 'gold'
        score: 10
        reason: a known customer
      - id: trap
        when: market.honeypot == true
        verdict: downgrade
";

async fn answer(
    State(calls): State<Arc<AtomicU32>>,
    UrlPath(address): UrlPath<String>,
    headers: HeaderMap,
) -> Response {
    let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
    match address.as_str() {
        "0xtrap" if call == 1 => r#"{"honeypot": true}"#.into_response(),
        "0xguarded" if headers.get("x-api-key").is_some_and(|key| key == "new") => {
            r#"{"liquidity": {"usd": 5}}"#.into_response()
        }
        "0xguarded" => StatusCode::UNAUTHORIZED.into_response(),
        "0xdeep" => r#"{"liquidity": {"usd": 98107272.35}, "name": "x"}"#.into_response(),
        "0xjunk" => {
            let junk = (0..1_000).map(|n| (format!("a{n}"), n.into()));
            let all = junk.chain([("honeypot".to_owned(), true.into())]);
            serde_json::Value::Object(all.collect())
                .to_string()
                .into_response()
        }
        "0xtext" => "<html>".into_response(),
        "0xbroken" | "0xtrap" => StatusCode::BAD_GATEWAY.into_response(),
        "0xnone" => StatusCode::NOT_FOUND.into_response(),
        _ => std::future::pending().await,
    }
}

async fn server() -> (SocketAddr, Arc<AtomicU32>) {
    let calls = Arc::new(AtomicU32::new(0));
    let router = Router::new()
        .route("/{address}", get(answer))
        .with_state(Arc::clone(&calls));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, calls)
}

fn enricher(settings: &EnricherSettings) -> EnricherEffect {
    let rules = RuleSet::parse(&[("r.yml", RULES)], &|_| None).unwrap();
    EnricherEffect::with_rules(settings, Watched::fixed(rules), &Reach::default()).unwrap()
}

fn asking(address: SocketAddr) -> EnricherSettings {
    let http = HttpSource {
        url: Secret::new(format!("http://{address}/{{address}}?on={{chain}}")),
        allow_private: true,
        timeout: Duration::from_millis(300),
        ..HttpSource::default()
    };
    EnricherSettings {
        http: Some(http),
        ..EnricherSettings::default()
    }
}

fn with_table(path: &Path) -> EnricherSettings {
    let table = TableSource {
        name: "vip".to_owned(),
        path: path.to_owned(),
        key: "user".to_owned(),
        on: "subject".to_owned(),
    };
    EnricherSettings {
        tables: vec![table],
        ..EnricherSettings::default()
    }
}

fn signal(tenant: &str, subject: &str) -> Signal {
    Signal {
        tenant: tenant.to_owned(),
        subject: subject.to_owned(),
        score: 25.0,
        level: "medium".to_owned(),
        state: SignalState::Verified,
        ..Signal::default()
    }
}

async fn enriched(enricher: &EnricherEffect, subject: &str) -> Signal {
    let mut task = Task::of(enricher);
    task.enriched(signal("acme", subject)).await
}

/// One task of the enricher, as the runtime has it.
struct Task<'a> {
    enricher: &'a EnricherEffect,
    stores: EnricherStores,
    changelog: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl<'a> Task<'a> {
    fn of(enricher: &'a EnricherEffect) -> Self {
        Self {
            enricher,
            stores: EnricherStores::default(),
            changelog: Vec::new(),
        }
    }

    /// The task as another process takes it over, from its changelog alone.
    fn taken_over(self, enricher: &EnricherEffect) -> Task<'_> {
        let mut task = Task {
            changelog: self.changelog,
            ..Task::of(enricher)
        };
        task.stores.each(&mut |store| {
            for (key, value) in &task.changelog {
                store.restore(key, value.as_deref()).unwrap();
            }
        });
        enricher.take_up(&task.stores);
        task
    }

    async fn enriched(&mut self, signal: Signal) -> Signal {
        let (key, attempt) = (self.enricher.idempotency_key(&signal), Attempt::first());
        let memory = self.enricher.recall(&signal, &self.stores);
        let cx = Cx::at(Topic::Signals, 0);
        let outcome = self.enricher.perform(&signal, &key, attempt, memory, &cx);
        let emit = match outcome.await {
            Outcome::Done(emit) => emit,
            Outcome::Learned(emit, memory) => {
                self.enricher.remember(memory, &mut self.stores);
                emit
            }
            other => panic!("{other:?}"),
        };
        self.commit();
        match emit {
            Emit::One(output) => output.0,
            other => panic!("{other:?}"),
        }
    }

    fn commit(&mut self) {
        let log = &mut self.changelog;
        self.stores.each(&mut |store| {
            let mut show = |(key, value): stage::Change<'_>| {
                log.push((key.to_vec(), value.map(<[u8]>::to_vec)));
            };
            store.changes(&mut show).unwrap();
            store.commit();
        });
    }
}

#[tokio::test]
async fn the_source_is_asked_once_and_its_facts_score() {
    let (address, calls) = server().await;
    let enricher = enricher(&asking(address));
    for _ in 0..3 {
        let signal = enriched(&enricher, "token:eth:0xdeep").await;
        assert_eq!(signal.facts["market.liquidity_usd"], Value::Double(98_107_272.35));
        assert_eq!((signal.score, signal.level.as_str()), (55.0, "high"));
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let other = enriched(&enricher, "user:1").await;
    assert_eq!((other.score, other.facts.len()), (25.0, 0));
    assert_eq!(
        calls.load(Ordering::SeqCst),
        1,
        "what has no address is not asked for"
    );
}

#[tokio::test]
async fn what_the_source_does_not_say_stays_unknown() {
    let (address, _) = server().await;
    for (token, reason) in [
        ("0xtext", "market: malformed"),
        ("0xbroken", "market: http_5xx"),
        ("0xhang", "market: timeout"),
    ] {
        let signal = enriched(&enricher(&asking(address)), &format!("token:eth:{token}")).await;
        assert!(
            signal.unknown.iter().any(|unknown| unknown == reason),
            "{token}: {:?}",
            signal.unknown
        );
        assert_eq!((signal.score, signal.state), (25.0, SignalState::Verified));
    }
    let signal = enriched(&enricher(&asking(address)), "token:eth:0xnone").await;
    assert_eq!(
        signal.unknown,
        ["market.liquidity_usd", "vip.tier", "market.honeypot"]
    );
}

#[tokio::test]
async fn a_signal_that_was_downgraded_is_not_verified_again_because_the_source_is_away() {
    let enricher = enricher(&forgetful().await);
    let first = enriched(&enricher, "token:eth:0xtrap").await;
    assert_eq!(first.state, SignalState::Downgraded);
    let again = enriched(&enricher, "token:eth:0xtrap").await;
    assert_eq!(again.state, SignalState::Downgraded);
    assert!(
        again.unknown.contains(&"market: http_5xx".to_owned()),
        "{:?}",
        again.unknown
    );
    assert!(again.facts.contains_key("market.age_s"), "{:?}", again.facts);
}

/// The source as in the settings, with nothing that a cache could answer.
async fn forgetful() -> EnricherSettings {
    let (address, _) = server().await;
    let mut settings = asking(address);
    let http = settings.http.as_mut().unwrap();
    (http.ttl, http.stale) = (Duration::ZERO, Duration::ZERO);
    settings
}

#[tokio::test]
async fn a_restart_forgets_nothing_of_what_speaks_against_a_signal() {
    let settings = forgetful().await;
    let before = enricher(&settings);
    let mut task = Task::of(&before);
    let first = task.enriched(signal("acme", "token:eth:0xtrap")).await;
    assert_eq!(first.state, SignalState::Downgraded);

    let after = enricher(&settings);
    let mut task = task.taken_over(&after);
    let again = task.enriched(signal("acme", "token:eth:0xtrap")).await;
    assert_eq!(again.state, SignalState::Downgraded);
    assert!(again.unknown.contains(&"market: http_5xx".to_owned()));
    assert!(again.facts.contains_key("market.age_s"), "{:?}", again.facts);
    let mut elsewhere = Task::of(&after);
    let other = elsewhere.enriched(signal("acme", "token:eth:0xtrap")).await;
    assert_eq!(
        other.state,
        SignalState::Downgraded,
        "another partition of the process"
    );
}

#[tokio::test]
async fn the_source_is_followed_and_what_it_said_stays_known() {
    let settings = forgetful().await;
    let wanted = Arc::new(Mutex::new(settings.clone()));
    let nowhere = Reach::new(Vec::new(), Some("http://127.0.0.1:1"), &[]).unwrap();
    let (asked, way) = (Arc::clone(&wanted), Arc::new(Mutex::new(Reach::default())));
    let reach = Arc::clone(&way);
    let enricher = enricher(&settings)
        .following(move || Ok::<_, String>((asked.lock().unwrap().clone(), reach.lock().unwrap().clone())));
    assert_eq!(
        enriched(&enricher, "token:eth:0xtrap").await.state,
        SignalState::Downgraded
    );
    assert_eq!(enriched(&enricher, "token:eth:0xguarded").await.facts.len(), 0);
    let key = ("x-api-key".to_owned(), Secret::new("new"));
    wanted.lock().unwrap().http.as_mut().unwrap().headers = [key].into();
    await_watched(&enricher, "http", |status| status.reloads == 1).await;
    let signal = enriched(&enricher, "token:eth:0xguarded").await;
    assert_eq!(signal.facts["market.liquidity_usd"], Value::Long(5));
    assert_eq!(
        enriched(&enricher, "token:eth:0xtrap").await.state,
        SignalState::Downgraded
    );
    *way.lock().unwrap() = nowhere;
    await_watched(&enricher, "http", |status| status.reloads == 2).await;
    let unknown = enriched(&enricher, "token:eth:0xdeep").await.unknown;
    let through_the_proxy = unknown.contains(&"market: unreachable".to_owned());
    assert!(through_the_proxy, "{unknown:?}");
    wanted.lock().unwrap().http = None;
    await_watched(&enricher, "http", |status| status.reloads == 3).await;
    assert_eq!(enriched(&enricher, "token:eth:0xguarded").await.facts.len(), 0);
}

#[tokio::test]
async fn what_is_known_ends_by_time_and_by_number_for_each_tenant() {
    let mut settings = forgetful().await;
    settings.http.as_mut().unwrap().max_remembered = 2;
    let effect = enricher(&settings);
    let mut task = Task::of(&effect);
    task.enriched(signal("quiet", "token:eth:0xdeep")).await;
    for chain in ["a", "b", "c"] {
        task.enriched(signal("loud", &format!("token:{chain}:0xdeep")))
            .await;
    }
    let gone = task.changelog.iter().filter(|(_, value)| value.is_none());
    assert_eq!(gone.count(), 1);
    assert!(
        effect
            .recall(&signal("quiet", "token:eth:0xdeep"), &task.stores)
            .is_some()
    );

    let mut settings = forgetful().await;
    settings.http.as_mut().unwrap().remember = Duration::ZERO;
    let effect = enricher(&settings);
    let mut task = Task::of(&effect);
    let trap = task.enriched(signal("acme", "token:eth:0xtrap")).await;
    let again = task.enriched(signal("acme", "token:eth:0xtrap")).await;
    assert_eq!(
        (trap.state, again.state),
        (SignalState::Downgraded, SignalState::Verified)
    );
}

#[tokio::test]
async fn whatever_else_the_source_says_the_facts_of_rules_are_among_it() {
    let (address, _) = server().await;
    let signal = enriched(&enricher(&asking(address)), "token:eth:0xjunk").await;
    assert_eq!(signal.state, SignalState::Downgraded);
}

#[tokio::test]
async fn private_addresses_are_asked_only_where_that_is_allowed() {
    let (address, calls) = server().await;
    let mut settings = asking(address);
    settings.http.as_mut().unwrap().allow_private = false;
    let signal = enriched(&enricher(&settings), "token:eth:0xdeep").await;
    assert!(signal.unknown.contains(&"market: forbidden".to_owned()));
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_table_is_read_again_when_it_changes_and_kept_when_the_change_is_bad() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vip.csv");
    fs::write(&file, "user,tier\nuser:1,silver\n").unwrap();
    let enricher = enricher(&with_table(&file));
    assert_eq!(enriched(&enricher, "user:1").await.score, 25.0);

    fs::write(&file, "user,tier\nuser:1,gold\n").unwrap();
    await_watched(&enricher, "vip", |status| status.reloads == 1).await;
    let signal = enriched(&enricher, "user:1").await;
    assert_eq!(
        (signal.score, &signal.facts["vip.tier"]),
        (35.0, &Value::from("gold"))
    );

    fs::write(&file, "nobody,tier\n").unwrap();
    await_watched(&enricher, "vip", |status| status.last_error.is_some()).await;
    assert_eq!(enriched(&enricher, "user:1").await.score, 35.0);
}

/// The files are watched by a thread; other threads run meanwhile.
async fn await_watched(enricher: &EnricherEffect, of: &str, seen: impl Fn(&settings::WatchStatus) -> bool) {
    while !enricher
        .watched()
        .iter()
        .any(|(name, status)| name == of && seen(status))
    {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_bad_table_or_rule_folder_is_an_error_at_the_start() {
    let missing = EnricherSettings {
        rules: "/none".into(),
        ..EnricherSettings::default()
    };
    assert!(
        EnricherEffect::open(&missing, &Reach::default())
            .err()
            .unwrap()
            .to_string()
            .contains("/none")
    );
    let rules = RuleSet::parse(&[("r.yml", RULES)], &|_| None).unwrap();
    let settings = with_table(Path::new("/none/vip.csv"));
    assert!(EnricherEffect::with_rules(&settings, Watched::fixed(rules), &Reach::default()).is_err());
}
