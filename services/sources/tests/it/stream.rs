//! The topics of one test, and processes that poll.

use crate::standin::reach;
use model::{Decoder, RawEvent, SourceAction, SourceCommand};
use runtime::admin::Admin;
use runtime::{Committed, LaneState, Observer, Publisher, RunningStage, Shared, Stop, run_effect};
use settings::{DeadLetterSettings, Settings, SourceSettings, SourcesSettings, Watched};
use sources::{Admitting, Poll, Sources, SourcesEffect};
use stage::FlowCounts;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use testkit::{OwnSchemas, SCHEMA_IDS as IDS, Sandbox};
use tokio::runtime::Handle;
use topology::{Changelog, Prefix, StageName, Topic};

pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// What lanes committed.
#[derive(Default)]
pub(crate) struct Watcher {
    counts: Mutex<FlowCounts>,
    changed: Condvar,
}

impl Observer for Watcher {
    fn lane(&self, _: StageName, _: u16, state: &LaneState) {
        eprintln!("lane: {state}");
    }

    fn committed(&self, committed: &Committed<'_>) {
        self.counts.lock().unwrap().add(committed.counts);
        self.changed.notify_all();
    }
}

impl Watcher {
    pub(crate) fn wait_until(&self, reached: impl Fn(&FlowCounts) -> bool) -> FlowCounts {
        let counts = self.counts.lock().unwrap();
        let waited = self
            .changed
            .wait_timeout_while(counts, PATIENCE, |counts| !reached(counts));
        let (counts, waited) = waited.unwrap();
        assert!(!waited.timed_out(), "after {PATIENCE:?}: {counts:?}");
        counts.clone()
    }
}

/// A broker and a prefix, with fresh topics.
pub(crate) struct Stream {
    settings: Settings,
    publisher: Publisher,
    _sandbox: Option<Sandbox>,
}

pub(crate) struct Process {
    shared: Shared,
    running: RunningStage,
    pub(crate) watcher: Arc<Watcher>,
}

impl Process {
    pub(crate) fn stop(self) {
        self.shared.stop.set();
        self.running.join().unwrap();
    }

    /// Until it is killed.
    pub(crate) fn join(self) {
        self.running.join().unwrap();
    }
}

impl Stream {
    pub(crate) async fn create(test_name: &str) -> Self {
        let sandbox = Sandbox::new(test_name).await.unwrap();
        let settings = sandbox.settings();
        let stream = Self::of(settings, Some(sandbox));
        let admin = stream.admin();
        admin.apply(&admin.plan().await.unwrap(), false).await.unwrap();
        stream
    }

    /// Topics that are there already.
    pub(crate) fn at(brokers: &str, prefix: &str) -> Self {
        let mut settings = Settings {
            topic_prefix: prefix.to_owned(),
            ..Settings::default()
        };
        brokers.clone_into(&mut settings.kafka.brokers);
        settings.kafka.partitions = 3;
        settings.kafka.session_timeout_ms = 6_000;
        settings.kafka.transaction_timeout_ms = 5_000;
        Self::of(settings, None)
    }

    fn of(settings: Settings, sandbox: Option<Sandbox>) -> Self {
        let prefix = Prefix::new(settings.topic_prefix.clone());
        Self {
            publisher: Publisher::new(&settings.kafka, &prefix, IDS).unwrap(),
            settings,
            _sandbox: sandbox,
        }
    }

    pub(crate) fn address(&self) -> (&str, &str) {
        (&self.settings.kafka.brokers, &self.settings.topic_prefix)
    }

    fn prefix(&self) -> Prefix {
        Prefix::new(self.settings.topic_prefix.clone())
    }

    pub(crate) fn admin(&self) -> Admin {
        Admin::new(&self.settings.kafka, &self.prefix()).unwrap()
    }

    /// A process that polls these, once it has announced them.
    pub(crate) async fn start(&self, instance: &str, polled: &[SourceSettings]) -> Process {
        self.start_watched(instance, &fixed(polled)).await
    }

    pub(crate) async fn start_watched(&self, instance: &str, sources: &Watched<Sources>) -> Process {
        let watcher = Arc::<Watcher>::default();
        let shared = Shared {
            kafka: self.settings.kafka.clone(),
            dead_letters: DeadLetterSettings::default(),
            prefix: self.prefix(),
            instance: instance.to_owned(),
            ids: IDS,
            schemas: Arc::new(OwnSchemas),
            observer: Arc::<Watcher>::clone(&watcher),
            stop: Stop::default(),
        };
        for source in sources.load().news(&Sources::default()) {
            self.command(source, SourceAction::Announce).await;
        }
        let admitting = Admitting::new(self.settings.admission.limits());
        let effect = SourcesEffect::new(sources, admitting, Arc::new(|_, _| {}));
        let running = run_effect(
            &shared,
            StageName::Sources,
            Arc::new(effect),
            8,
            &Handle::current(),
        )
        .unwrap();
        Process {
            shared,
            running,
            watcher,
        }
    }

    pub(crate) async fn command(&self, source: &str, action: SourceAction) {
        let command = SourceCommand {
            source: source.to_owned(),
            action,
            time: 7,
            reason: "a test".to_owned(),
            by: "ann".to_owned(),
        };
        self.publisher.publish(&command, None).await.unwrap();
    }

    /// How often each id was told, by source.
    pub(crate) async fn told(&self) -> BTreeMap<(String, String), usize> {
        let topic = [Topic::IngestEvents.name().to_owned()];
        let records = self.admin().read_every(&topic).await.unwrap();
        let mut decoder = Decoder::new(Arc::new(OwnSchemas));
        let mut told = BTreeMap::new();
        for record in records {
            let event: RawEvent = decoder.decode(&record.value.unwrap()).unwrap();
            *told.entry((event.source, event.id)).or_default() += 1;
        }
        told
    }

    /// How a source fares, as the lanes committed it.
    pub(crate) async fn poll_of(&self, source: &str) -> Option<Poll> {
        let changelog = Changelog {
            stage: StageName::Sources,
            store: "polls",
        };
        let records = self.admin().read_latest(&[changelog.topic_name()]).await.unwrap();
        let record = records
            .into_iter()
            .find(|record| record.key == source.as_bytes())?;
        sources::poll_of(&record.value.unwrap())
    }

    /// Waits until that is so.
    pub(crate) async fn until(&self, source: &str, reached: impl Fn(&Poll) -> bool) -> Poll {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let poll = self.poll_of(source).await;
            if let Some(poll) = poll.clone().filter(|poll| reached(poll)) {
                return poll;
            }
            assert!(
                std::time::Instant::now() < deadline,
                "after {PATIENCE:?}: {poll:?}"
            );
            tokio::task::yield_now().await;
        }
    }
}

/// These sources, which nobody changes.
fn fixed(polled: &[SourceSettings]) -> Watched<Sources> {
    let settings = SourcesSettings {
        polled: polled.to_vec(),
        ..SourcesSettings::default()
    };
    Watched::fixed(Sources::new(&settings, &reach()).unwrap())
}

/// Fails where something was told twice, or something else than this.
pub(crate) fn once_each(told: &BTreeMap<(String, String), usize>, source: &str, expected: usize) {
    let twice: Vec<_> = told.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "told twice: {twice:?}");
    let of = told.keys().filter(|(own, _)| own == source);
    assert_eq!(of.count(), expected, "{source}");
}
