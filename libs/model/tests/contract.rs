//! The contract: every schema is sound, its bytes are what they were, and every older version can still be read.
//!
//! `golden/<schema>.v<N>.avsc` is a version of a schema as it was released, `golden/<schema>.v<N>.hex` a record written
//! with it. They are never changed; a change of a schema adds the next version.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing test says enough")]

use model::*;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use topology::Schema;

struct OneSchema(WriterSchema);

impl SchemaSource for OneSchema {
    fn schema(&self, _: u32) -> SchemaLookup {
        SchemaLookup::Known(self.0.clone())
    }
}

const IDS: SchemaIds = SchemaIds([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);

fn golden(schema: Schema, version: u32, kind: &str) -> PathBuf {
    let name = format!("{}.v{version}.{kind}", schema.file_stem());
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn decoder(json: &str) -> Decoder {
    Decoder::new(Arc::new(OneSchema(WriterSchema::parse(json).unwrap())))
}

fn encode<R: Record>(record: &R) -> Vec<u8> {
    Encoder::new(IDS).encoded(record)
}

fn holds<R: Record + PartialEq + std::fmt::Debug>(record: &R) {
    let bytes = encode(record);
    let current = schema_text(R::SCHEMA);
    assert_eq!(
        &decoder(current).decode::<R>(&bytes).unwrap(),
        record,
        "round trip"
    );
    assert_eq!(
        &decoder(current).decode_any::<R>(&bytes).unwrap(),
        record,
        "as a library reads it that walks the schema"
    );
    let newest = (1..=u32::MAX)
        .take_while(|version| golden(R::SCHEMA, *version, "avsc").exists())
        .last();
    let newest = newest.unwrap_or_else(|| panic!("no golden version of {}", R::SCHEMA.file_stem()));
    for version in 1..=newest {
        let written = hex::decode(
            fs::read_to_string(golden(R::SCHEMA, version, "hex"))
                .unwrap()
                .trim(),
        )
        .unwrap();
        let schema = fs::read_to_string(golden(R::SCHEMA, version, "avsc")).unwrap();
        let read: R = decoder(&schema).decode(&written).unwrap();
        if version == newest {
            assert_eq!(
                schema,
                current,
                "the schema changed: add golden version {}",
                newest + 1
            );
            assert_eq!(hex::encode(&bytes), hex::encode(&written), "the bytes changed");
            assert_eq!(&read, record);
        }
    }
    truncation_is_an_error::<R>(&bytes);
}

fn truncation_is_an_error<R: Record>(bytes: &[u8]) {
    let mut decoder = decoder(schema_text(R::SCHEMA));
    for end in 0..bytes.len() {
        assert!(
            decoder.decode::<R>(&bytes[..end]).is_err(),
            "{end} of {} bytes were read",
            bytes.len()
        );
    }
}

fn event() -> Event {
    Event {
        id: "e1".into(),
        source: "rss:news".into(),
        kind: "post".into(),
        subject: "symbol:UNI".into(),
        tenant: "default".into(),
        time: 1_700_000_000_000,
        received_at: 1_700_000_000_123,
        title: Some("Заголовок".into()),
        text: Some("gm $UNI".into()),
        url: None,
        author: Some("alice".into()),
        lang: Some("ru".into()),
        lang_confidence: 0.5,
        cashtags: vec!["UNI".into()],
        hashtags: vec![],
        urls: vec!["https://example.com/".into()],
        addresses: vec![Address {
            chain: "eth".into(),
            address: "0x00".into(),
            checksum: Some(true),
        }],
        severity: None,
        tags: vec!["a".into(), "b".into()],
        attributes: [
            ("amount".to_owned(), Value::Double(99.5)),
            ("count".to_owned(), Value::Long(-3)),
            ("nothing".to_owned(), Value::Null),
            ("ok".to_owned(), Value::Bool(false)),
            ("word".to_owned(), Value::from("x")),
        ]
        .into(),
        mentions: vec!["bob".into()],
        ens_names: vec!["vitalik.eth".into()],
        transactions: vec!["0xdb".into()],
        amounts: vec![Amount {
            kind: "money".into(),
            value: 5e6,
            unit: "USD".into(),
        }],
        dates: vec!["2024-05-01".into()],
        keyphrases: vec!["hot wallet".into()],
        urgency: vec!["urgent".into()],
        sentiment: Some(-0.25),
        spam: Some(0.125),
        spam_features: vec!["link".into()],
        author_weight: Some(2.0),
        listed: vec!["etf".into()],
        principal: Some("shop".into()),
        trusted: true,
        time_corrected: true,
    }
}

fn reason() -> Reason {
    Reason {
        rule: "g/r".into(),
        points: -2.5,
        text: "because".into(),
    }
}

#[test]
fn raw_event() {
    holds(&RawEvent {
        id: "1".into(),
        source: "s".into(),
        kind: "t".into(),
        subject: Some("user:1".into()),
        time: Some(-1),
        tenant: "acme".into(),
        datacontenttype: None,
        data: Some(vec![0, 255, b'{']),
        extensions: [("k".to_owned(), "v".to_owned())].into(),
        principal: Some("shop".into()),
        trusted: true,
    });
}

#[test]
fn events() {
    holds(&event());
    holds(&ScoredEvent {
        event: event(),
        score: 7.5,
        level: "high".into(),
        matched: 1,
        reasons: vec![reason()],
        unknown: vec!["market.liquidity_usd".into()],
        rules_version: "abc".into(),
        coverage: Some(Coverage {
            decided: 3,
            undecided: 1,
            could_add: 10.0,
            could_take: -5.0,
        }),
        shadow: Some(Shadow {
            score: 27.5,
            level: "critical".into(),
            reasons: vec![reason()],
        }),
    });
}

fn a_signal() -> Signal {
    let evidence = Evidence {
        event_id: "e1".into(),
        source: "s".into(),
        kind: "post".into(),
        time: 5,
        author: None,
        url: Some("https://example.com/".into()),
        text: Some("gm".into()),
        score: 1.0,
        principal: Some("shop".into()),
        lang: Some("en".into()),
    };
    Signal {
        signal_key: "sig_1".into(),
        tenant: "default".into(),
        kind: "post".into(),
        subject: "symbol:UNI".into(),
        title: "gm".into(),
        lang: Some("en".into()),
        state: SignalState::Closed,
        score: 3.0,
        level: "low".into(),
        reasons: vec![reason()],
        unknown: vec![],
        rules_version: "abc".into(),
        evidence: vec![evidence],
        evidence_count: 300,
        source_count: 2,
        suppressed: 298,
        first_seen: 1,
        last_seen: 9,
        version: 300,
        facts: [("symbol".to_owned(), Value::from("UNI"))].into(),
        independent_count: 2,
        story_key: Some("0af7651916cd43dd8448eb211c80319c".into()),
        topic_key: Some("00000000000000000000000000000007".into()),
        merged_into: Some("sig_2".into()),
        subjects: vec!["symbol:UNI".into()],
        langs: [("en".to_owned(), 299)].into(),
        heat_10m: 40,
        heat_30m: 90,
        slope_10m: 1.5,
        slope_30m: -0.5,
        changes: vec![SignalChange {
            time: 9,
            state: SignalState::Closed,
            reason: "merged".into(),
        }],
    }
}

#[test]
fn signal() {
    holds(&a_signal());
}

#[test]
fn stories() {
    holds(&StoryMember {
        tenant: "acme".into(),
        source: "s".into(),
        event_id: "e1".into(),
        time: 5,
        part: "0af7651916cd43dd8448eb211c80319c".into(),
        copy: true,
    });
    holds(&StoryPart {
        tenant: "acme".into(),
        part: "0af7651916cd43dd8448eb211c80319c".into(),
        representative: vec![0x81, 0xa1, 0],
        signal: Some(a_signal()),
        sources: vec![i64::MIN, -1],
        senders: vec![7],
        unnamed: 2,
        per_minute: vec![MinuteCount {
            minute: 28_333_333,
            events: 3,
        }],
        correction: Some(Correction {
            action: CorrectionAction::Pin,
            story: "0af7651916cd43dd8448eb211c80319c".into(),
            with: Some("00000000000000000000000000000007".into()),
            by: "alice@ops".into(),
            reason: "two launches".into(),
        }),
    });
    holds(&StoryChange {
        tenant: "acme".into(),
        time: 9,
        kind: StoryChangeKind::StoriesMerged,
        id: "0af7651916cd43dd8448eb211c80319c".into(),
        into: Some("00000000000000000000000000000007".into()),
        tier: Some("words_and_vectors".into()),
        similarity: Some(0.5),
        shared: vec!["wallet".into(), "drain".into()],
        by: Some("alice@ops".into()),
        reason: Some("two launches".into()),
    });
}

#[test]
fn detection() {
    holds(&Detection {
        id: "det_1".into(),
        tenant: "default".into(),
        rule: "high_frequency_login".into(),
        subject: "user:1".into(),
        severity: "medium".into(),
        description: "11 logins".into(),
        time: 3,
        window_start: 1,
        window_end: 3,
        count: 11,
        threshold: 10.0,
        event_ids: vec!["a".into()],
        attributes: [("location".to_owned(), Value::from("US"))].into(),
        rules_version: "abc".into(),
        state: Detection::RESOLVED.into(),
    });
}

#[test]
fn notification_and_receipt() {
    holds(&Notification {
        id: "ntf_1".into(),
        tenant: "default".into(),
        channel: "ops".into(),
        group: "user:1".into(),
        origin: Origin::Detection,
        origin_id: "det_1".into(),
        subject: "user:1".into(),
        level: "high".into(),
        state: "detected".into(),
        title: "t".into(),
        body: "b".into(),
        time: 3,
        facts: Facts::new(),
    });
    holds(&Receipt {
        notification_id: "ntf_1".into(),
        tenant: "default".into(),
        channel: "ops".into(),
        status: ReceiptStatus::Failed,
        attempts: 3,
        http_status: Some(503),
        latency_ms: 12,
        detail: "busy".into(),
    });
}

#[test]
fn channel_state() {
    holds(&ChannelState {
        channel: "ops".into(),
        enabled: false,
        time: 9,
        failing_since: Some(3),
        reason: "http_410".into(),
        by: "notifier-deliver".into(),
    });
}

#[test]
fn source_command() {
    holds(&SourceCommand {
        source: "news".into(),
        action: SourceAction::Pause,
        time: 9,
        reason: "their maintenance".into(),
        by: "ann@host".into(),
    });
}

#[test]
fn dead_letter() {
    holds(&DeadLetter {
        stage: "normalizer".into(),
        topic: "ingest.events".into(),
        partition: 3,
        offset: 42,
        time: 9,
        reason: "undecodable".into(),
        message: "first byte 0x01".into(),
        trace_id: Some("0af7651916cd43dd8448eb211c80319c".into()),
        key: None,
        payload: Some(vec![1, 2, 3]),
        headers: vec![Header {
            key: "traceparent".into(),
            value: Some(vec![48, 48]),
        }],
        attempts: 2,
        fault: Fault::Producer,
        tenant: Some("acme".into()),
        source: Some("s".into()),
    });
}

#[test]
fn a_dead_letter_of_the_first_version_has_failed_once() {
    let schema = fs::read_to_string(golden(Schema::DeadLetter, 1, "avsc")).unwrap();
    let written = fs::read_to_string(golden(Schema::DeadLetter, 1, "hex")).unwrap();
    let letter: DeadLetter = decoder(&schema)
        .decode(&hex::decode(written.trim()).unwrap())
        .unwrap();
    assert_eq!((letter.attempts, letter.headers), (1, vec![]));
}

#[test]
fn replay() {
    holds(&Replay {
        id: "rpl_1".into(),
        number: 2,
        by: "alice@ops".into(),
        note: Some("mended".into()),
        started: 9,
        filters: [("stage".to_owned(), "scorer".to_owned())].into(),
        letters: vec![ReplayedLetter {
            partition: 1,
            offset: 7,
            origin_topic: "events.normalized".into(),
            origin_partition: 3,
            origin_offset: 42,
            origin_time: 5,
        }],
    });
}

#[test]
fn every_schema_documents_every_field_and_is_read_by_another_implementation() {
    for schema in Schema::ALL {
        let json: serde_json::Value = serde_json::from_str(schema_text(schema)).unwrap();
        undocumented(&json, schema.file_stem());
        apache_avro::Schema::parse_str(schema_text(schema)).unwrap();
    }
}

fn undocumented(json: &serde_json::Value, path: &str) {
    match json {
        serde_json::Value::Object(members) => {
            let named = members.contains_key("name");
            assert!(
                !named
                    || members
                        .get("doc")
                        .is_some_and(|doc| !doc.as_str().unwrap().is_empty()),
                "{path}: {json}"
            );
            members
                .iter()
                .for_each(|(name, member)| undocumented(member, &format!("{path}.{name}")));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| undocumented(item, path)),
        _ => {}
    }
}

#[test]
fn types_that_two_schemas_share_are_the_same_in_both() {
    let mut seen = std::collections::BTreeMap::new();
    for schema in Schema::ALL {
        same(&serde_json::from_str(schema_text(schema)).unwrap(), &mut seen);
    }
    assert!(seen.len() > Schema::ALL.len());
}

fn same(json: &serde_json::Value, seen: &mut std::collections::BTreeMap<String, serde_json::Value>) {
    match json {
        serde_json::Value::Object(members) => {
            if members.contains_key("namespace") {
                let name = members["name"].as_str().unwrap().to_owned();
                assert_eq!(seen.entry(name).or_insert_with(|| json.clone()), json);
            }
            members.values().for_each(|member| same(member, seen));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| same(item, seen)),
        _ => {}
    }
}
