//! A stage that counts, topics of one test, and whoever watches a lane.

use model::{Event, ScoredEvent, Signal};
use rdkafka::ClientConfig;
use rdkafka::Message;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use runtime::{Committed, LaneState, Observer, Shared, Stop, run_stage};
use stage::{AnyStore, Cx, Emit, Expiring, FlowCounts, Output, Poison, Stage, Store, Stores};
use std::borrow::Cow;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use testkit::Sandbox;
pub(crate) use testkit::{OwnSchemas, SCHEMA_IDS as IDS};
use topology::{Changelog, Prefix, StageName, Topic};

pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
pub(crate) const PARTITIONS: i32 = 3;

/// Counts the distinct events of each subject.
pub(crate) struct Count;

pub(crate) struct Counts {
    pub(crate) seen: Expiring<u128, ()>,
    pub(crate) signals: Store<String, i64>,
    pub(crate) subjects: Store<String, i64>,
}

impl Default for Counts {
    fn default() -> Self {
        let (signals, subjects) = (Store::new("signals"), Store::new("parts"));
        Self {
            seen: Expiring::new("seen", 86_400_000),
            signals,
            subjects,
        }
    }
}

impl Stores for Counts {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.seen);
        visit(&mut self.signals);
        visit(&mut self.subjects);
    }
}

pub(crate) struct Counted(pub(crate) Signal);

impl Output for Counted {
    fn topic(&self) -> Topic {
        Topic::Signals
    }

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0.signal_key)
    }

    fn encode(&self, encoder: &model::Encoder, out: &mut Vec<u8>) {
        encoder.encode(&self.0, out);
    }
}

impl Stage for Count {
    type In = ScoredEvent;
    type Out = Counted;
    type Stores = Counts;

    fn apply(
        &mut self,
        input: ScoredEvent,
        stores: &mut Counts,
        _: &Cx<'_>,
    ) -> Result<Emit<Counted>, Poison> {
        if input.matched == 0 {
            return Ok(Emit::Filtered("unscored"));
        }
        if !stores
            .seen
            .insert(model::Id::new().part(&input.event.id).number())
        {
            return Ok(Emit::Duplicate);
        }
        let count = stores
            .signals
            .get_or_insert_with(input.event.subject.clone(), || 0);
        *count += 1;
        let signal = Signal {
            signal_key: input.event.subject,
            evidence_count: *count,
            ..Signal::default()
        };
        Ok(Emit::One(Counted(signal)))
    }
}

/// Waits for counts instead of sleeping.
#[derive(Default)]
pub(crate) struct Watcher {
    pub(crate) total: Mutex<FlowCounts>,
    pub(crate) changed: Condvar,
    pub(crate) states: Mutex<Vec<String>>,
    pub(crate) aborted: Mutex<Vec<String>>,
    pub(crate) changed_state: Condvar,
}

impl Observer for Watcher {
    fn lane(&self, _: StageName, _: u16, state: &LaneState) {
        eprintln!("lane: {state}");
        self.states.lock().unwrap().push(state.to_string());
        self.changed_state.notify_all();
    }

    fn committed(&self, committed: &Committed<'_>) {
        self.total.lock().unwrap().add(committed.counts);
        self.changed.notify_all();
    }

    fn aborted(&self, _: StageName, why: &str) {
        self.aborted.lock().unwrap().push(why.to_owned());
    }
}

impl Watcher {
    pub(crate) fn wait_for(&self, read: u64) -> FlowCounts {
        self.wait_until(|total| total.read >= read)
    }

    /// Waits until what was committed is as wanted.
    pub(crate) fn wait_until(&self, wanted: impl Fn(&FlowCounts) -> bool) -> FlowCounts {
        let total = self.total.lock().unwrap();
        let (total, outcome) = self
            .changed
            .wait_timeout_while(total, PATIENCE, |total| !wanted(total))
            .unwrap();
        assert!(!outcome.timed_out(), "{total:?} after {PATIENCE:?}");
        total.clone()
    }

    /// Waits until a lane has said so.
    pub(crate) fn wait_for_word(&self, wanted: impl Fn(&str) -> bool) {
        let states = self.states.lock().unwrap();
        let unsaid = |states: &mut Vec<String>| !states.iter().any(|state| wanted(state));
        let (states, outcome) = self
            .changed_state
            .wait_timeout_while(states, PATIENCE, unsaid)
            .unwrap();
        assert!(!outcome.timed_out(), "no lane said so: {states:?}");
    }

    /// Waits until the lanes have said something so many times more.
    pub(crate) fn wait_for_news(&self, more: usize) {
        let states = self.states.lock().unwrap();
        let wanted = states.len() + more;
        let (states, outcome) = self
            .changed_state
            .wait_timeout_while(states, PATIENCE, |states| states.len() < wanted)
            .unwrap();
        assert!(!outcome.timed_out(), "no lane says anything: {:?}", states.last());
    }

    /// Waits until a lane has said twice that it stands so: the second time is a second later.
    pub(crate) fn wait_for_state(&self, wanted: impl Fn(&str) -> bool) {
        let states = self.states.lock().unwrap();
        let said = |states: &mut Vec<String>| states.iter().filter(|state| wanted(state)).count() < 2;
        let (states, outcome) = self
            .changed_state
            .wait_timeout_while(states, PATIENCE, said)
            .unwrap();
        assert!(!outcome.timed_out(), "no lane said so: {states:?}");
    }
}

pub(crate) async fn create_topics(sandbox: &Sandbox, stage: StageName) {
    let prefix = Prefix::new(sandbox.topic_prefix());
    let mut topics: Vec<(String, i32)> = Topic::all()
        .map(|topic| (prefix.apply(topic.name()), PARTITIONS))
        .collect();
    for changelog in Changelog::all().filter(|changelog| changelog.stage == stage) {
        topics.push((
            prefix.apply(&changelog.topic_name()),
            changelog.partitions(PARTITIONS),
        ));
    }
    create(sandbox, &topics).await;
}

/// Creates topics of these partitions.
async fn create(sandbox: &Sandbox, topics: &[(String, i32)]) {
    let admin = admin_client(sandbox);
    let new: Vec<_> = topics
        .iter()
        .map(|(name, count)| {
            let new = NewTopic::new(name, *count, TopicReplication::Fixed(1));
            // A broker refuses records of tomorrow unless it is told to take them.
            new.set("message.timestamp.after.max.ms", "9223372036854775807")
        })
        .collect();
    for created in admin.create_topics(&new, &AdminOptions::new()).await.unwrap() {
        created.unwrap();
    }
}

pub(crate) fn shared(sandbox: &Sandbox, observer: &Arc<Watcher>) -> Shared {
    let settings = sandbox.settings();
    Shared {
        dead_letters: settings.dead_letters,
        kafka: settings.kafka,
        prefix: Prefix::new(settings.topic_prefix),
        instance: "test".to_owned(),
        ids: IDS,
        schemas: Arc::new(OwnSchemas),
        observer: Arc::<Watcher>::clone(observer),
        stop: Stop::default(),
    }
}

pub(crate) fn produce(sandbox: &Sandbox, records: impl Iterator<Item = (usize, Vec<u8>)>) {
    produce_where(sandbox, Topic::EventsScored, None, records);
}

/// Writes records to another topic.
pub(crate) fn produce_on(sandbox: &Sandbox, topic: Topic, records: impl Iterator<Item = (usize, Vec<u8>)>) {
    produce_where(sandbox, topic, None, records);
}

/// Writes records to one partition.
pub(crate) fn produce_to(sandbox: &Sandbox, partition: i32, records: impl Iterator<Item = (usize, Vec<u8>)>) {
    produce_where(sandbox, Topic::EventsScored, Some(partition), records);
}

fn produce_where(
    sandbox: &Sandbox,
    topic: Topic,
    partition: Option<i32>,
    records: impl Iterator<Item = (usize, Vec<u8>)>,
) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", sandbox.brokers())
        .set("queue.buffering.max.messages", "1000000")
        .create()
        .unwrap();
    let topic = format!("{}{}", sandbox.topic_prefix(), topic.name());
    for (id, bytes) in records {
        let key = (id % 7).to_string();
        let mut record = BaseRecord::to(&topic).key(&key).payload(&bytes);
        if let Some(partition) = partition {
            record = record.partition(partition);
        }
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

fn admin_client(sandbox: &Sandbox) -> AdminClient<rdkafka::client::DefaultClientContext> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", sandbox.brokers())
        .create()
        .unwrap()
}

/// Deletes every record of a topic, as retention does.
pub(crate) async fn delete_records(sandbox: &Sandbox, topic: &str) {
    let mut all = rdkafka::TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        let topic = format!("{}{topic}", sandbox.topic_prefix());
        all.add_partition_offset(&topic, partition, rdkafka::Offset::End)
            .unwrap();
    }
    admin_client(sandbox)
        .delete_records(&all, &AdminOptions::new())
        .await
        .unwrap();
}

/// Deletes a topic and makes it anew.
pub(crate) async fn empty_topic(sandbox: &Sandbox, topic: &str) {
    delete_topic(sandbox, topic).await;
    let name = format!("{}{topic}", sandbox.topic_prefix());
    create(sandbox, &[(name, PARTITIONS)]).await;
}

/// Gives topics more partitions, as a tool of Kafka does.
pub(crate) async fn grow_topics(sandbox: &Sandbox, topics: &[String], partitions: usize) {
    let names = topics
        .iter()
        .map(|topic| format!("{}{topic}", sandbox.topic_prefix()));
    let names: Vec<String> = names.collect();
    let more: Vec<_> = names
        .iter()
        .map(|name| NewPartitions::new(name, partitions))
        .collect();
    let grown = admin_client(sandbox)
        .create_partitions(&more, &AdminOptions::new())
        .await;
    grown.unwrap().into_iter().for_each(|grown| drop(grown.unwrap()));
}

/// Deletes the group of the stage.
pub(crate) async fn delete_group(sandbox: &Sandbox, stage: StageName) {
    let group = format!("{}{stage}", sandbox.topic_prefix());
    let deleted = admin_client(sandbox)
        .delete_groups(&[&group], &AdminOptions::new())
        .await;
    deleted.unwrap().pop().unwrap().unwrap();
}

/// Deletes a topic.
pub(crate) async fn delete_topic(sandbox: &Sandbox, topic: &str) {
    let topic = format!("{}{topic}", sandbox.topic_prefix());
    let deleted = admin_client(sandbox)
        .delete_topics(&[&topic], &AdminOptions::new())
        .await;
    deleted.unwrap().pop().unwrap().unwrap();
}

pub(crate) fn scored(ids: std::ops::Range<usize>) -> impl Iterator<Item = (usize, Vec<u8>)> {
    ids.map(|id| (id, scored_event(id)))
}

pub(crate) fn scored_event(id: usize) -> Vec<u8> {
    let event = Event {
        id: id.to_string(),
        subject: format!("s{}", id % 7),
        ..Event::default()
    };
    let record = ScoredEvent {
        event,
        matched: i32::from(!id.is_multiple_of(10)),
        ..ScoredEvent::default()
    };
    model::Encoder::new(IDS).encoded(&record)
}

/// Every committed record of a topic, in the order of each partition.
pub(crate) fn committed(sandbox: &Sandbox, topic: &str) -> Vec<Signal> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", sandbox.brokers())
        .set("group.id", "reader")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .create()
        .unwrap();
    let topic = format!("{}{topic}", sandbox.topic_prefix());
    let mut list = rdkafka::TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset(&topic, partition, rdkafka::Offset::Beginning)
            .unwrap();
    }
    consumer.assign(&list).unwrap();
    let mut decoder = model::Decoder::new(Arc::new(OwnSchemas));
    let (mut signals, mut ended) = (Vec::new(), 0);
    while ended < PARTITIONS {
        match consumer.poll(PATIENCE).expect("no record and no end") {
            Ok(message) => signals.push(decoder.decode(message.payload().unwrap()).unwrap()),
            Err(rdkafka::error::KafkaError::PartitionEOF(_)) => ended += 1,
            Err(error) => panic!("{error}"),
        }
    }
    signals
}

/// Runs the counting stage over these events, and stops it.
pub(crate) fn run_once(sandbox: &Sandbox, watcher: &Arc<Watcher>, events: std::ops::Range<usize>) {
    let count = events.len() as u64;
    produce(sandbox, scored(events));
    run_over(sandbox, watcher, count);
}

/// Runs the counting stage until it has read so many, and stops it.
pub(crate) fn run_over(sandbox: &Sandbox, watcher: &Arc<Watcher>, records: u64) {
    let shared = shared(sandbox, watcher);
    let running = run_stage(&shared, StageName::DedupAggregator, || Count).unwrap();
    watcher.wait_for(records);
    shared.stop.set();
    running.join().unwrap();
}

/// Why the tasks of the counting stage are quarantined.
pub(crate) fn refusal(sandbox: &Sandbox, watcher: &Arc<Watcher>) -> String {
    let shared = shared(sandbox, watcher);
    let running = run_stage(&shared, StageName::DedupAggregator, || Count).unwrap();
    watcher.wait_for_word(|state| state.starts_with("degraded"));
    shared.stop.set();
    running.join().unwrap();
    let states = watcher.states.lock().unwrap();
    let degraded = states.iter().rfind(|state| state.starts_with("degraded"));
    degraded.cloned().unwrap()
}
