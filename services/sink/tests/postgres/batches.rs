//! Records and batches for tests.

use model::{
    DeadLetter, Detection, Event, Evidence, Notification, RawEvent, Reason, Receipt, ScoredEvent, Signal,
    StoryChange, StoryChangeKind, StoryMember, Value,
};
use sink::SinkInput;
use stage::{Advance, Batch, Drained, FlowCounts, Task};
use std::collections::BTreeMap;
use topology::Topic;

/// 2026-01-02T03:04:05.678Z.
pub(crate) const NOW: i64 = 1_767_323_045_678;

/// A batch that grows record by record; each task begins where it is told, else at 0.
#[derive(Default)]
pub(crate) struct Builder {
    records: Vec<Drained<SinkInput>>,
    tasks: BTreeMap<Task, (i64, FlowCounts)>,
    begins: i64,
}

impl Builder {
    pub(crate) fn from(offset: i64) -> Self {
        Self {
            begins: offset,
            ..Self::default()
        }
    }

    pub(crate) fn with(mut self, input: SinkInput) -> Self {
        let task = Task {
            topic: topic_of(&input),
            partition: 0,
        };
        let (read, counts) = self.tasks.entry(task).or_default();
        let offset = self.begins + *read;
        *read += 1;
        counts.count_out(1);
        self.records.push(Drained {
            input,
            task,
            offset,
            time: NOW,
            trace_id: Some("4bf9".repeat(8)),
        });
        self
    }

    pub(crate) fn batch(self) -> Batch<SinkInput> {
        let begins = self.begins;
        let advance = |(task, (read, counts))| Advance {
            task,
            from: begins,
            to: begins + read,
            counts,
        };
        Batch {
            records: self.records,
            advances: self.tasks.into_iter().map(advance).collect(),
        }
    }
}

fn topic_of(input: &SinkInput) -> Topic {
    match input {
        SinkInput::Raw(_) => Topic::IngestEvents,
        SinkInput::Scored(_) => Topic::EventsScored,
        SinkInput::Member(_) => Topic::StoriesMembers,
        SinkInput::Change(_) => Topic::StoriesChanges,
        SinkInput::Signal(_) => Topic::SignalsEnriched,
        SinkInput::Detection(_) => Topic::Detections,
        SinkInput::Notification(_) => Topic::NotificationsOutbox,
        SinkInput::Receipt(_) => Topic::NotificationsReceipts,
        SinkInput::DeadLetter(_) => Topic::DeadLetters,
    }
}

pub(crate) fn raw(id: &str, data: &[u8]) -> SinkInput {
    SinkInput::Raw(Box::new(RawEvent {
        id: id.to_owned(),
        source: "web".to_owned(),
        kind: "user.purchase".to_owned(),
        subject: Some("user:1".to_owned()),
        time: Some(NOW),
        tenant: "default".to_owned(),
        datacontenttype: None,
        data: Some(data.to_vec()),
        extensions: BTreeMap::new(),
        ..RawEvent::default()
    }))
}

pub(crate) fn scored_event(id: &str) -> ScoredEvent {
    let event = Event {
        id: id.to_owned(),
        source: "web".to_owned(),
        kind: "user.purchase".to_owned(),
        subject: "user:1".to_owned(),
        tenant: "default".to_owned(),
        time: NOW,
        received_at: NOW,
        text: Some("somebody bought $PEPE for a thousand dollars and told everybody about it".to_owned()),
        lang: Some("en".to_owned()),
        lang_confidence: 0.93,
        cashtags: vec!["PEPE".to_owned()],
        attributes: [
            ("amount", Value::Double(1234.5)),
            ("product", Value::from("Widget")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into(),
        ..Event::default()
    };
    let reason = Reason {
        rule: "purchases.big".into(),
        points: 40.0,
        text: "bought for 1234.5".into(),
    };
    ScoredEvent {
        event,
        score: 40.0,
        level: "medium".into(),
        matched: 1,
        reasons: vec![reason],
        ..Default::default()
    }
}

pub(crate) fn scored(id: &str) -> SinkInput {
    SinkInput::Scored(Box::new(scored_event(id)))
}

pub(crate) fn member(event: &str, part: &str) -> StoryMember {
    StoryMember {
        tenant: "default".to_owned(),
        source: "web".to_owned(),
        event_id: event.to_owned(),
        time: NOW,
        part: part.to_owned(),
        copy: false,
    }
}

/// A change of this id; into nothing else where `into` is empty.
pub(crate) fn change(kind: StoryChangeKind, id: &str, into: &str) -> SinkInput {
    let why = (!into.is_empty()).then_some(("words", 0.5));
    SinkInput::Change(Box::new(StoryChange {
        tenant: "default".to_owned(),
        time: NOW,
        kind,
        id: id.to_owned(),
        into: why.map(|_| into.to_owned()),
        tier: why.map(|(tier, _)| tier.to_owned()),
        similarity: why.map(|(_, similarity)| similarity),
        shared: why.map_or_else(Vec::new, |_| vec!["wallet".to_owned(), "drain".to_owned()]),
        ..StoryChange::default()
    }))
}

pub(crate) fn signal_of(key: &str, version: i64, events: &[&str]) -> Signal {
    let evidence = |id: &&str| Evidence {
        event_id: (*id).to_owned(),
        source: "web".to_owned(),
        kind: "user.purchase".to_owned(),
        time: NOW,
        author: None,
        url: None,
        text: Some("somebody bought $PEPE for a thousand dollars and told everybody about it".to_owned()),
        score: 40.0,
        principal: None,
        lang: None,
    };
    Signal {
        signal_key: key.to_owned(),
        tenant: "default".to_owned(),
        kind: "user.purchase".to_owned(),
        subject: "user:1".to_owned(),
        title: format!("title of version {version}"),
        score: 40.0,
        level: "medium".to_owned(),
        evidence: events.iter().map(evidence).collect(),
        evidence_count: i64::try_from(events.len()).unwrap(),
        source_count: 1,
        first_seen: NOW,
        last_seen: NOW,
        version,
        ..Signal::default()
    }
}

pub(crate) fn signal(key: &str, version: i64, events: &[&str]) -> SinkInput {
    SinkInput::Signal(Box::new(signal_of(key, version, events)))
}

pub(crate) fn detection(id: &str) -> SinkInput {
    let attributes = [("b\0".to_owned(), Value::from("\0"))].into();
    SinkInput::Detection(Box::new(Detection {
        id: id.to_owned(),
        attributes,
        ..Detection::default()
    }))
}

pub(crate) fn notification(id: &str) -> SinkInput {
    SinkInput::Notification(Box::new(Notification {
        id: id.to_owned(),
        ..Notification::default()
    }))
}

pub(crate) fn receipt(id: &str, attempts: i32) -> SinkInput {
    SinkInput::Receipt(Receipt {
        notification_id: id.to_owned(),
        attempts,
        ..Receipt::default()
    })
}

pub(crate) fn dead_letter(stage: &str, offset: i64) -> DeadLetter {
    DeadLetter {
        stage: stage.to_owned(),
        topic: "ingest.events".to_owned(),
        offset,
        reason: "undecodable".to_owned(),
        message: "neither Avro\0nor JSON".to_owned(),
        payload: Some(b"\x00\xff".to_vec()),
        ..DeadLetter::default()
    }
}

/// One of everything.
pub(crate) fn one_of_each() -> Builder {
    Builder::default()
        .with(raw("1", br#"{"amount":1234.5}"#))
        .with(scored("1"))
        .with(SinkInput::Member(member("1", "a")))
        .with(change(StoryChangeKind::StoryOpened, "a", ""))
        .with(signal("sig_1", 1, &["1"]))
        .with(detection("det_1"))
        .with(notification("ntf_1"))
        .with(receipt("ntf_1", 1))
        .with(SinkInput::DeadLetter(dead_letter("normalizer", 7)))
        .with(SinkInput::DeadLetter(dead_letter("sink", 1)))
}
