//! The sink as a lane runs it, on a real broker and a real database: what happens while the database is away, and when
//! another process comes.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a failing test says enough, with the states of its lanes before it"
)]

mod dead_letters;

use model::RawEvent;
use proxy::{Proxy, Speaks};
use runtime::admin::Admin;
use runtime::{Committed, LaneState, Observer, Publisher, RunningStage, Shared, Stop, run_drain};
use settings::{DeadLetterSettings, PostgresSettings, Secret, Settings};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use stage::FlowCounts;
use std::net::SocketAddr;
use std::ops::Range;
use std::str::FromStr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use testkit::{OwnSchemas, SCHEMA_IDS as IDS, Sandbox};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use topology::{Prefix, StageName};

const PATIENCE: Duration = Duration::from_mins(1);
/// Longer than the session timeout of the group, and than any wait of the lane.
const OUTAGE: Duration = Duration::from_secs(9);

/// What lanes said of themselves, and what they stored.
#[derive(Default)]
struct Watcher {
    heard: Mutex<(Vec<LaneState>, FlowCounts)>,
    changed: Condvar,
}

impl Observer for Watcher {
    fn lane(&self, _: StageName, _: u16, state: &LaneState) {
        eprintln!("lane: {state}");
        self.heard.lock().unwrap().0.push(state.clone());
        self.changed.notify_all();
    }

    fn committed(&self, committed: &Committed<'_>) {
        self.heard.lock().unwrap().1.add(committed.counts);
        self.changed.notify_all();
    }
}

impl Watcher {
    fn wait_until(&self, reached: impl Fn(&[LaneState], &FlowCounts) -> bool) {
        let heard = self.heard.lock().unwrap();
        let waited = self
            .changed
            .wait_timeout_while(heard, PATIENCE, |(states, counts)| !reached(states, counts));
        let (heard, waited) = waited.unwrap();
        assert!(!waited.timed_out(), "after {PATIENCE:?}: {heard:?}");
    }

    fn wait_for(&self, records: u64) {
        self.wait_until(|_, counts| counts.read == records);
    }

    fn read(&self) -> u64 {
        self.heard.lock().unwrap().1.read
    }

    fn states(&self) -> Vec<LaneState> {
        self.heard.lock().unwrap().0.clone()
    }
}

struct Place {
    settings: Settings,
    pool: PgPool,
    publisher: Publisher,
    _sandbox: Sandbox,
}

impl Place {
    async fn new(test_name: &str) -> Self {
        let sandbox = Sandbox::new(test_name).await.unwrap();
        let settings = sandbox.settings();
        let prefix = Prefix::new(settings.topic_prefix.clone());
        let admin = Admin::new(&settings.kafka, &prefix).unwrap();
        admin.apply(&admin.plan().await.unwrap(), false).await.unwrap();
        let pool = PgPool::connect(sandbox.postgres_url()).await.unwrap();
        sink::migrate(&pool).await.unwrap();
        Self {
            publisher: Publisher::new(&settings.kafka, &prefix, IDS).unwrap(),
            settings,
            pool,
            _sandbox: sandbox,
        }
    }

    /// A process that stores through this database.
    async fn start(&self, instance: &str, database: &PostgresSettings, watcher: &Arc<Watcher>) -> Process {
        self.start_with(self.shared(instance, watcher), database).await
    }

    fn shared(&self, instance: &str, watcher: &Arc<Watcher>) -> Shared {
        Shared {
            kafka: self.settings.kafka.clone(),
            dead_letters: DeadLetterSettings::default(),
            prefix: Prefix::new(self.settings.topic_prefix.clone()),
            instance: instance.to_owned(),
            ids: IDS,
            schemas: Arc::new(OwnSchemas),
            observer: Arc::<Watcher>::clone(watcher),
            stop: Stop::default(),
        }
    }

    async fn start_with(&self, shared: Shared, database: &PostgresSettings) -> Process {
        let drain = sink::connect(database).await.unwrap();
        let running = run_drain(&shared, StageName::Sink, vec![drain], &Handle::current()).unwrap();
        Process { shared, running }
    }

    async fn write(&self, ids: Range<usize>) {
        let mut sent = JoinSet::new();
        for id in ids {
            let event = RawEvent {
                id: id.to_string(),
                source: "/test".to_owned(),
                subject: Some(format!("s{}", id % 17)),
                ..RawEvent::default()
            };
            let publisher = self.publisher.clone();
            sent.spawn(async move { publisher.publish(&event, None).await });
        }
        sent.join_all()
            .await
            .into_iter()
            .collect::<Result<(), _>>()
            .unwrap();
    }

    /// How many deliveries are stored, and how many different ones.
    async fn stored(&self) -> (i64, i64) {
        let counts = "SELECT count(*), count(DISTINCT id) FROM raw_events";
        sqlx::query_as(counts).fetch_one(&self.pool).await.unwrap()
    }
}

struct Process {
    shared: Shared,
    running: RunningStage,
}

impl Process {
    fn stop(self) {
        self.shared.stop.set();
        self.running.join().unwrap();
    }
}

/// The database as it is reached through a proxy.
fn behind_proxy(settings: &PostgresSettings) -> (Proxy, PostgresSettings) {
    let options = PgConnectOptions::from_str(settings.url.expose()).unwrap();
    let upstream: SocketAddr = format!("{}:{}", options.get_host(), options.get_port())
        .parse()
        .unwrap();
    let here = SocketAddr::from(([127, 0, 0, 1], 0));
    let proxy = Proxy::start(here, upstream, Speaks::Anything).unwrap();
    let url = settings
        .url
        .expose()
        .replace(&upstream.to_string(), &proxy.address().to_string());
    let url = Secret::new(url);
    let behind = PostgresSettings {
        url,
        ..settings.clone()
    };
    (proxy, behind)
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_the_stream_waits_says_so_and_loses_nothing() {
    let place = Place::new("database_away").await;
    let (proxy, database) = behind_proxy(&place.settings.postgres);
    let watcher = Arc::new(Watcher::default());
    let process = place.start("one", &database, &watcher).await;
    place.write(0..300).await;
    watcher.wait_for(300);

    proxy.refuse();
    proxy.cut();
    place.write(300..400).await;
    watcher.wait_until(|states, _| matches!(states.last(), Some(LaneState::Waiting(_))));
    tokio::time::sleep(OUTAGE).await;
    place.write(400..600).await;
    assert_eq!(place.stored().await, (300, 300));
    assert!(matches!(watcher.states().last(), Some(LaneState::Waiting(_))));

    proxy.accept().unwrap();
    watcher.wait_for(600);
    let states = watcher.states();
    let starts = states
        .iter()
        .filter(|state| **state == LaneState::Starting)
        .count();
    assert_eq!(starts, 1, "it stayed in its group: {states:?}");
    assert!(
        matches!(states.last(), Some(LaneState::Running { .. })),
        "{states:?}"
    );
    process.stop();
    assert_eq!(place.stored().await, (600, 600));
    let flow = sink::flow(&place.pool).await.unwrap();
    assert!(flow.iter().all(|task| task.counts.conserves()));
    assert_eq!(flow.iter().map(|task| task.counts.read).sum::<u64>(), 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_is_stopped_while_the_database_hangs_ends_and_its_successor_goes_on() {
    let place = Place::new("database_hangs").await;
    let (proxy, database) = behind_proxy(&place.settings.postgres);
    let watcher = Arc::new(Watcher::default());
    let process = place.start("one", &database, &watcher).await;
    place.write(0..100).await;
    watcher.wait_for(100);
    proxy.pause();
    place.write(100..200).await;
    process.stop();
    let successor = place.start("one", &place.settings.postgres, &watcher).await;
    watcher.wait_for(200);
    successor.stop();
    assert_eq!(place.stored().await, (200, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_come_and_go_store_every_record_once() {
    let place = Place::new("sinks_come_and_go").await;
    let database = &place.settings.postgres;
    let [watch_one, watch_two] = [(); 2].map(|()| Arc::new(Watcher::default()));
    let one = place.start("one", database, &watch_one).await;
    place.write(0..300).await;
    watch_one.wait_until(|_, counts| counts.read > 0);
    let two = place.start("two", database, &watch_two).await;
    watch_two.wait_until(|states, _| matches!(states.last(), Some(LaneState::Running { tasks: 1.. })));
    place.write(300..600).await;
    watch_two.wait_until(|_, counts| counts.read > 0);
    one.stop();
    place.write(600..900).await;
    let rest = 900 - watch_one.read();
    watch_two.wait_for(rest);
    two.stop();
    assert_eq!(place.stored().await, (900, 900));
}
