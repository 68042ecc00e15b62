//! The topics of one test: notifications in, receipts out.

use crate::watcher::{PATIENCE, Watcher};
use crate::world::{DONE, World};
use model::{Decoder, Encoder, Notification, Receipt, Record, SchemaIds};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use runtime::{RunningStage, Shared, Stop, run_effect};
use settings::{DeadLetterSettings, KafkaSettings};
use std::sync::Arc;
use testkit::Sandbox;
pub(crate) use testkit::{OwnSchemas, SCHEMA_IDS as IDS};
use tokio::runtime::Handle;
use topology::{Changelog, Prefix, StageName, Topic};

pub(crate) const STAGE: StageName = StageName::NotifierDeliver;
/// A broker, a prefix, and how many partitions.
#[derive(Clone)]
pub(crate) struct Stream {
    brokers: String,
    prefix: String,
    partitions: i32,
}

impl Stream {
    /// Fresh topics; the sandbox is to be kept as long as the test runs.
    pub(crate) async fn create(test_name: &str, partitions: i32) -> (Self, Sandbox) {
        let sandbox = Sandbox::new(test_name).await.unwrap();
        let stream = Self::at(sandbox.brokers(), &sandbox.topic_prefix(), partitions);
        stream.create_topics().await;
        (stream, sandbox)
    }

    /// Topics that are there already.
    pub(crate) fn at(brokers: &str, prefix: &str, partitions: i32) -> Self {
        Self {
            brokers: brokers.to_owned(),
            prefix: prefix.to_owned(),
            partitions,
        }
    }

    pub(crate) fn address(&self) -> (&str, &str) {
        (&self.brokers, &self.prefix)
    }

    async fn create_topics(&self) {
        let changelogs = ["parked", DONE].map(|store| Changelog { stage: STAGE, store });
        let topics = Topic::all().map(|topic| topic.name().to_owned());
        let names: Vec<_> = topics
            .chain(changelogs.map(Changelog::topic_name))
            .map(|name| format!("{}{name}", self.prefix))
            .collect();
        let new = |name| NewTopic::new(name, self.partitions, TopicReplication::Fixed(1));
        let new: Vec<_> = names.iter().map(|name| new(name)).collect();
        let admin: AdminClient<DefaultClientContext> = self.client().create().unwrap();
        for created in admin.create_topics(&new, &AdminOptions::new()).await.unwrap() {
            created.unwrap();
        }
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        config
    }

    fn topic(&self, topic: Topic) -> String {
        format!("{}{}", self.prefix, topic.name())
    }

    /// What a process needs to run the stage.
    pub(crate) fn process(&self, instance: &str, watcher: &Arc<Watcher>) -> Shared {
        let kafka = KafkaSettings {
            brokers: self.brokers.clone(),
            partitions: u32::try_from(self.partitions).unwrap(),
            session_timeout_ms: 6_000,
            transaction_timeout_ms: 5_000,
            ..KafkaSettings::default()
        };
        Shared {
            kafka,
            dead_letters: DeadLetterSettings::default(),
            prefix: Prefix::new(self.prefix.clone()),
            instance: instance.to_owned(),
            ids: IDS,
            schemas: Arc::new(OwnSchemas),
            observer: Arc::<Watcher>::clone(watcher),
            stop: Stop::default(),
        }
    }

    /// Writes notifications of these ids; the part after the last `/` of each is its group, and so its key.
    pub(crate) fn write<'a>(&self, ids: impl IntoIterator<Item = &'a str>) {
        self.write_with(IDS, ids);
    }

    /// The same, with these schema ids.
    pub(crate) fn write_with<'a>(&self, schemas: SchemaIds, ids: impl IntoIterator<Item = &'a str>) {
        let producer: BaseProducer = self.client().create().unwrap();
        let topic = self.topic(Topic::NotificationsOutbox);
        for id in ids {
            let notification = Notification {
                id: id.to_owned(),
                group: id.rsplit('/').next().unwrap_or_default().to_owned(),
                ..Notification::default()
            };
            let bytes = Encoder::new(schemas).encoded(&notification);
            let key = notification.key();
            let record = BaseRecord::to(&topic).key(key.as_ref()).payload(&bytes);
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(PATIENCE).unwrap();
    }

    /// Every committed receipt, in the order of each partition.
    pub(crate) fn receipts(&self) -> Vec<Receipt> {
        let consumer: BaseConsumer = self
            .client()
            .set("group.id", "reader")
            .set("isolation.level", "read_committed")
            .set("enable.partition.eof", "true")
            .create()
            .unwrap();
        let (topic, mut list) = (
            self.topic(Topic::NotificationsReceipts),
            TopicPartitionList::new(),
        );
        for partition in 0..self.partitions {
            list.add_partition_offset(&topic, partition, Offset::Beginning)
                .unwrap();
        }
        consumer.assign(&list).unwrap();
        let mut decoder = Decoder::new(Arc::new(OwnSchemas));
        let (mut receipts, mut ended) = (Vec::new(), 0);
        while ended < self.partitions {
            match consumer.poll(PATIENCE).expect("no record and no end") {
                Ok(message) => receipts.push(decoder.decode(message.payload().unwrap()).unwrap()),
                Err(KafkaError::PartitionEOF(_)) => ended += 1,
                Err(error) => panic!("{error}"),
            }
        }
        receipts
    }
}

/// Runs the stage, performing this many at once.
pub(crate) fn run(shared: &Shared, world: &Arc<World>, concurrency: usize) -> RunningStage {
    run_effect(shared, STAGE, Arc::clone(world), concurrency, &Handle::current()).unwrap()
}

/// Stops it.
pub(crate) fn stop(shared: &Shared, running: RunningStage) {
    shared.stop.set();
    running.join().unwrap();
}
