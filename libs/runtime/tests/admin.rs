//! Topics, lag and contents on a real broker.
#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

use rdkafka::config::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use runtime::admin::{Admin, Change};
use runtime::{PublishError, Publisher};
use settings::Settings;
use stage::FlowCounts;
use std::collections::HashMap;
use std::time::Duration;
use testkit::Sandbox;
use topology::{Prefix, Schema, StageName, Topic};

const SOON: Duration = Duration::from_secs(10);

fn admin(settings: &Settings) -> Admin {
    Admin::new(&settings.kafka, &Prefix::new(&settings.topic_prefix)).unwrap()
}

async fn with_topics(name: &str) -> (Sandbox, Settings, Admin) {
    let sandbox = Sandbox::new(name).await.unwrap();
    let settings = sandbox.settings();
    let admin = admin(&settings);
    admin.apply(&admin.plan().await.unwrap(), false).await.unwrap();
    (sandbox, settings, admin)
}

async fn write(settings: &Settings, topic: Topic, values: &[&str]) {
    let ids = model::SchemaIds([0; Schema::ALL.len()]);
    let publisher = Publisher::new(&settings.kafka, &Prefix::new(&settings.topic_prefix), ids).unwrap();
    for value in values {
        let (key, value) = value.split_once('=').unwrap_or(("", value));
        publisher
            .publish_raw(topic, Some(key.as_bytes()), value.as_bytes())
            .await
            .unwrap();
    }
    publisher.flush(SOON).await.unwrap();
}

#[tokio::test]
async fn applying_twice_changes_nothing_and_a_difference_is_seen_and_mended() {
    let (_sandbox, mut settings, before) = with_topics("topics").await;
    assert_eq!(before.plan().await.unwrap().0, vec![]);

    settings.kafka.partitions = 2;
    let plan = admin(&settings).plan().await.unwrap();
    assert!(plan.0.iter().all(Change::is_refused) && !plan.0.is_empty());

    settings.kafka.partitions = 4;
    let larger = admin(&settings);
    let plan = larger.plan().await.unwrap();
    larger.apply(&plan, false).await.unwrap();
    assert_eq!(larger.plan().await.unwrap(), plan, "nothing grows unasked");
    larger.apply(&plan, true).await.unwrap();
    assert_eq!(larger.plan().await.unwrap().0, vec![]);

    assert!(larger.delete_all().await.unwrap() > 9);
}

/// Whoever refuses changes nothing: not the topics whose keys have no state either.
#[tokio::test]
async fn partitions_are_not_added_where_keys_would_move_away_from_their_state() {
    let (_sandbox, mut settings, _) = with_topics("growth").await;
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", &settings.kafka.brokers)
        .create()
        .unwrap();
    let changelog = format!("{}detector.seen.changelog", settings.topic_prefix);
    let state = FutureRecord::to(&changelog).key("key").payload("value");
    producer.send(state, SOON).await.unwrap();

    settings.kafka.partitions = 4;
    let larger = admin(&settings);
    let plan = larger.plan().await.unwrap();
    let refused = larger.apply(&plan, true).await.unwrap_err().to_string();
    assert!(
        refused.contains("detector has state in") && refused.contains("Nothing was changed"),
        "{refused}"
    );
    assert_eq!(larger.plan().await.unwrap(), plan);
}

#[tokio::test]
async fn a_changed_setting_is_mended_and_settings_of_others_stay() {
    let (_sandbox, settings, admin) = with_topics("topic settings").await;
    let name = format!("{}signals", settings.topic_prefix);
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.kafka.brokers);
    let client: rdkafka::admin::AdminClient<_> = config.create().unwrap();
    let resource = rdkafka::admin::ResourceSpecifier::Topic(&name);
    let by_hand = rdkafka::admin::AlterConfig::new(resource)
        .set("cleanup.policy", "delete")
        .set("segment.ms", "777777");
    client
        .alter_configs(&[by_hand], &rdkafka::admin::AdminOptions::new())
        .await
        .unwrap()
        .remove(0)
        .unwrap();

    // The broker answers before it has taken the change up.
    let seen = async {
        loop {
            let plan = admin.plan().await.unwrap();
            if !plan.0.is_empty() {
                return plan;
            }
        }
    };
    let plan = tokio::time::timeout(SOON, seen).await.unwrap();
    assert!(
        matches!(
            &plan.0[0],
            Change::Configure {
                key: "cleanup.policy",
                ..
            }
        ),
        "{plan:?}"
    );
    admin.apply(&plan, false).await.unwrap();
    assert_eq!(admin.plan().await.unwrap().0, vec![]);
    assert_eq!(admin.topics().await.unwrap()[&name].own["segment.ms"], "777777");
}

#[tokio::test]
async fn without_a_prefix_nothing_is_deleted() {
    let sandbox = Sandbox::new("no prefix").await.unwrap();
    let admin = Admin::new(&sandbox.settings().kafka, &Prefix::default()).unwrap();
    assert!(admin.delete_all().await.is_err());
}

#[tokio::test]
async fn the_latest_value_of_each_key_is_read_and_every_record_too() {
    let (_sandbox, settings, admin) = with_topics("read").await;
    write(&settings, Topic::Signals, &["a=1", "b=1", "a=2"]).await;
    let topics = [Topic::Signals.name().to_owned()];
    let mut latest: Vec<_> = admin
        .read_latest(&topics)
        .await
        .unwrap()
        .into_iter()
        .map(|record| (record.key, record.value.unwrap_or_default()))
        .collect();
    latest.sort();
    assert_eq!(
        latest,
        [(b"a".to_vec(), b"2".to_vec()), (b"b".to_vec(), b"1".to_vec())]
    );
    assert_eq!(admin.read_every(&topics).await.unwrap().len(), 3);
    assert!(admin.read_every(&["no.such.topic".to_owned()]).await.is_err());
}

#[tokio::test]
async fn markers_and_aborted_records_are_no_lag() {
    let (_sandbox, settings, admin) = with_topics("lag").await;
    let lag = |next: HashMap<i32, i64>| {
        admin.lag_from(StageName::Sink, Topic::Detections, next, FlowCounts::default())
    };
    assert_eq!(lag(HashMap::new()).await.unwrap().total(), 0);

    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.kafka.brokers)
        .set("transactional.id", &settings.topic_prefix);
    let producer: FutureProducer = config.create().unwrap();
    let topic = format!("{}detections", settings.topic_prefix);
    let send = async |value: &str| {
        let record = FutureRecord::<(), str>::to(&topic).partition(0).payload(value);
        producer.send(record, SOON).await.unwrap();
    };
    producer.init_transactions(SOON).unwrap();
    producer.begin_transaction().unwrap();
    send("committed").await;
    producer.commit_transaction(SOON).unwrap();
    producer.begin_transaction().unwrap();
    send("aborted").await;
    producer.abort_transaction(SOON).unwrap();

    assert!(lag(HashMap::new()).await.unwrap().total() >= 1);
    assert_eq!(
        lag(HashMap::from([(0, 1)])).await.unwrap().total(),
        0,
        "a marker and an aborted record are left"
    );

    producer.begin_transaction().unwrap();
    send("open").await;
    assert_eq!(
        lag(HashMap::from([(0, 1)])).await.unwrap().total(),
        0,
        "what is not committed is not there yet"
    );
    producer.abort_transaction(SOON).unwrap();
}

#[tokio::test]
async fn every_stage_has_a_lag_before_anything_ran() {
    let (_sandbox, settings, admin) = with_topics("stage lag").await;
    write(&settings, Topic::IngestEvents, &["a=1", "b=2"]).await;
    let lags = admin.lag().await.unwrap();
    let of = |stage| lags.iter().find(|lag| lag.stage == stage).unwrap().total();
    assert_eq!(of(StageName::Normalizer), 2);
    assert_eq!(of(StageName::Scorer), 0);
}

#[tokio::test]
async fn the_cluster_says_who_it_is_and_its_clock_is_ours() {
    let (_sandbox, _settings, admin) = with_topics("cluster").await;
    let cluster = admin.cluster().await.unwrap();
    assert!(cluster.id.is_some() && cluster.brokers.len() == 1, "{cluster:?}");
    assert!(admin.clock_ahead().await.unwrap().abs() < 1_000);
    let topics = [Topic::IngestEvents.name().to_owned()];
    assert_eq!(
        admin.read_every(&topics).await.unwrap(),
        vec![],
        "asking leaves nothing behind"
    );
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_said_with_its_mending() {
    let sandbox = Sandbox::new("no topics").await.unwrap();
    let settings = sandbox.settings();
    let publisher = Publisher::new(
        &settings.kafka,
        &Prefix::new(&settings.topic_prefix),
        model::SchemaIds([0; Schema::ALL.len()]),
    )
    .unwrap();
    let sent = publisher.publish_raw(Topic::IngestEvents, None, b"{}").await;
    let Err(PublishError::Unavailable { why }) = sent else {
        panic!("{sent:?}")
    };
    assert!(why.contains("topics apply") || why.contains("timed out"), "{why}");
}

#[tokio::test]
async fn what_stands_behind_an_open_transaction_is_told_until_it_ends() {
    let (_sandbox, settings, admin) = with_topics("open transaction").await;
    assert_eq!(admin.open_transactions().await.unwrap(), vec![]);
    let topic = format!("{}signals", settings.topic_prefix);
    let hanging: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", &settings.kafka.brokers)
        .set("transactional.id", format!("{topic}.hanging"))
        .create()
        .unwrap();
    hanging.init_transactions(SOON).unwrap();
    hanging.begin_transaction().unwrap();
    let record = FutureRecord::to(&topic).partition(1).key("a").payload("1");
    hanging.send(record, SOON).await.unwrap();
    let behind: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", &settings.kafka.brokers)
        .create()
        .unwrap();
    for _ in 0..3 {
        let record = FutureRecord::to(&topic).partition(1).key("b").payload("2");
        behind.send(record, SOON).await.unwrap();
    }

    let open = admin.open_transactions().await.unwrap();
    let [open] = open.as_slice() else {
        unreachable!("{open:?}")
    };
    assert_eq!(
        (open.topic, open.partition, open.offset, open.records),
        (Topic::Signals, 1, 0, 4)
    );
    assert!(open.since.is_some_and(|since| since > 1_600_000_000_000));
    let lags = admin.lag_of(&[StageName::Enricher]).await.unwrap();
    assert_eq!(lags[0].total(), 0, "which alone looks drained");

    hanging.commit_transaction(SOON).unwrap();
    let ended = async { while admin.open_transactions().await.unwrap() != vec![] {} };
    tokio::time::timeout(SOON, ended).await.unwrap();
    let lags = admin.lag_of(&[StageName::Enricher]).await.unwrap();
    assert_eq!(lags[0].total(), 5, "with the marker");
}
