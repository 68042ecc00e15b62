//! Where one test happens: topics of its own, something to write to them and to read what was committed.

use crate::tally::{IDS, OwnSchemas, counted_once, encoded, subject};
use crate::watcher::{PATIENCE, Watcher};
use model::{Decoder, SchemaSource, Signal};
use proxy::{Proxy, Speaks};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use runtime::{RunningStage, Shared, Stop};
use settings::KafkaSettings;
use std::ops::Range;
use std::sync::Arc;
use testkit::{OwnParts, Part, Sandbox};
use topology::{Changelog, Prefix, StageName, Topic};

pub(crate) const STAGE: StageName = StageName::DedupAggregator;
pub(crate) const PARTITIONS: i32 = 3;

/// A broker of one test alone, behind a proxy or past it.
pub(crate) struct OwnBroker {
    pub(crate) own: OwnParts,
    pub(crate) proxy: Proxy,
}

impl OwnBroker {
    /// With these properties.
    pub(crate) fn start(properties: &[(&str, &str)]) -> Self {
        let mut own = OwnParts::new().unwrap();
        for (name, value) in properties {
            own.set_kafka_property(name, value);
        }
        own.up(&[Part::Kafka]).unwrap();
        let proxy = Proxy::start(own.proxy_address(), own.proxied_address(), Speaks::Kafka).unwrap();
        Self { own, proxy }
    }

    /// The topics of the stream on it, that of the output with this configuration. Clients go past the proxy.
    pub(crate) fn place(&self, output: &[(&str, &str)]) -> Place {
        Place::new(
            self.own.addresses().unwrap().brokers,
            "t.".to_owned(),
            None,
            output,
        )
    }

    /// A stage whose clients go through the proxy.
    pub(crate) fn behind_proxy(&self, mut shared: Shared) -> Shared {
        shared.kafka.brokers = self.proxy.address().to_string();
        shared
    }
}

/// The topics of the stream, on some broker.
pub(crate) struct Place {
    brokers: String,
    /// Brokers that hold each partition.
    copies: i32,
    prefix: Prefix,
    _sandbox: Option<Sandbox>,
}

impl Place {
    /// On the broker that all tests share.
    pub(crate) fn in_sandbox(test_name: &str, output: &[(&str, &str)]) -> Self {
        let sandbox = wait(Sandbox::new(test_name)).unwrap();
        let (brokers, prefix) = (sandbox.brokers().to_owned(), sandbox.topic_prefix());
        Self::new(brokers, prefix, Some(sandbox), output)
    }

    /// On a broker that somebody else has started.
    pub(crate) fn on(brokers: String) -> Self {
        Self::new(brokers, "t.".to_owned(), None, &[])
    }

    /// On a cluster of two brokers, which hold everything both.
    pub(crate) fn on_both(brokers: String) -> Self {
        Self::with(brokers, 2, "t.".to_owned(), None, &[])
    }

    fn new(brokers: String, prefix: String, sandbox: Option<Sandbox>, output: &[(&str, &str)]) -> Self {
        Self::with(brokers, 1, prefix, sandbox, output)
    }

    fn with(
        brokers: String,
        copies: i32,
        prefix: String,
        sandbox: Option<Sandbox>,
        output: &[(&str, &str)],
    ) -> Self {
        let place = Self {
            brokers,
            copies,
            prefix: Prefix::new(prefix),
            _sandbox: sandbox,
        };
        let changelogs = Changelog::all().filter(|changelog| changelog.stage == STAGE);
        let changelogs =
            changelogs.map(|changelog| (changelog.topic_name(), changelog.partitions(PARTITIONS)));
        let topics = Topic::all().map(|topic| (topic.name().to_owned(), PARTITIONS));
        let all: Vec<_> = topics
            .chain(changelogs)
            .map(|(name, partitions)| (place.prefix.apply(&name), partitions))
            .collect();
        let signals = place.topic(Topic::Signals);
        let copies = place.copies;
        let new = all.iter().map(|(name, partitions)| {
            let new = NewTopic::new(name, *partitions, TopicReplication::Fixed(copies));
            let config = if *name == signals { output } else { &[] };
            config.iter().fold(new, |new, (key, value)| new.set(key, value))
        });
        place.create(&new.collect::<Vec<_>>());
        place
    }

    /// The name of a topic here.
    pub(crate) fn topic(&self, topic: Topic) -> String {
        self.prefix.apply(topic.name())
    }

    /// What lanes of the stage need.
    pub(crate) fn shared(&self, watcher: &Arc<Watcher>) -> Shared {
        let mut kafka = KafkaSettings {
            partitions: u32::try_from(PARTITIONS).unwrap(),
            session_timeout_ms: 6_000,
            transaction_timeout_ms: 5_000,
            ..KafkaSettings::default()
        };
        self.brokers.clone_into(&mut kafka.brokers);
        Shared {
            kafka,
            dead_letters: settings::DeadLetterSettings::default(),
            prefix: self.prefix.clone(),
            instance: "test".to_owned(),
            ids: IDS,
            schemas: Arc::new(OwnSchemas),
            observer: Arc::<Watcher>::clone(watcher),
            stop: Stop::default(),
        }
    }

    /// Writes the events of these numbers to the stage's input, all of them acknowledged.
    pub(crate) fn produce(&self, numbers: Range<usize>) {
        self.produce_records(numbers.map(|number| (subject(number), encoded(number, subject(number), IDS))));
    }

    /// Writes these records to the stage's input: key and value.
    pub(crate) fn produce_records(&self, records: impl Iterator<Item = (String, Vec<u8>)>) {
        let producer: BaseProducer = self.client().set("enable.idempotence", "true").create().unwrap();
        let topic = self.topic(Topic::EventsScored);
        for (key, value) in records {
            let sent = producer.send(BaseRecord::to(&topic).key(&key).payload(&value));
            sent.map_err(|(error, _)| error).unwrap();
            producer.poll(std::time::Duration::ZERO);
        }
        producer.flush(PATIENCE).unwrap();
    }

    /// Every committed output of the stage, in the order of each partition.
    pub(crate) fn outputs(&self) -> Vec<Signal> {
        let schemas: Arc<dyn SchemaSource> = Arc::new(OwnSchemas);
        let mut decoder = Decoder::new(schemas);
        let values = self.committed(&self.topic(Topic::Signals), PARTITIONS);
        values
            .iter()
            .map(|value| decoder.decode(value).unwrap())
            .collect()
    }

    /// Stops the stage, and fails unless it has counted so many events, each once.
    pub(crate) fn stop_and_count(&self, shared: &Shared, running: RunningStage, events: usize) {
        shared.stop.set();
        running.join().unwrap();
        counted_once(&self.outputs(), events);
    }

    /// The committed values of a topic. Waits for transactions that are still open: they may yet be committed.
    pub(crate) fn committed(&self, topic: &str, partitions: i32) -> Vec<Vec<u8>> {
        let consumer: BaseConsumer = self
            .client()
            .set("group.id", "reader")
            .set("isolation.level", "read_committed")
            .set("enable.partition.eof", "true")
            .create()
            .unwrap();
        let mut list = TopicPartitionList::new();
        for partition in 0..partitions {
            list.add_partition_offset(topic, partition, Offset::Beginning)
                .unwrap();
        }
        consumer.assign(&list).unwrap();
        let (mut values, mut ended) = (Vec::new(), 0);
        while ended < partitions {
            match consumer.poll(PATIENCE) {
                Some(Ok(message)) => values.push(message.payload().unwrap_or_default().to_vec()),
                Some(Err(KafkaError::PartitionEOF(_))) => ended += 1,
                Some(Err(error)) => panic!("{error}"),
                None => panic!("no record and no end of {topic}"),
            }
        }
        values
    }

    /// Makes an input topic of the stage that was deleted again, with nothing in it.
    pub(crate) fn create_input(&self) {
        let name = self.topic(Topic::EventsScored);
        self.create(&[NewTopic::new(&name, PARTITIONS, TopicReplication::Fixed(1))]);
    }

    /// Deletes the input topic of the stage.
    pub(crate) fn delete_input(&self) {
        let name = self.topic(Topic::EventsScored);
        let deleted = wait(self.admin().delete_topics(&[&name], &AdminOptions::new())).unwrap();
        for deleted in deleted {
            deleted.unwrap();
        }
    }

    /// Deletes all records that are in the input of the stage now, as retention does.
    pub(crate) fn delete_input_records(&self) {
        let mut ends = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            let topic = self.topic(Topic::EventsScored);
            ends.add_partition_offset(&topic, partition, Offset::End).unwrap();
        }
        let deleted = wait(self.admin().delete_records(&ends, &AdminOptions::new())).unwrap();
        deleted
            .elements()
            .iter()
            .for_each(|element| element.error().unwrap());
    }

    fn create(&self, new: &[NewTopic<'_>]) {
        let created = wait(self.admin().create_topics(new, &AdminOptions::new())).unwrap();
        for created in created {
            created.unwrap();
        }
    }

    /// A client of this broker.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &self.brokers);
        client
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.client().create().unwrap()
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
