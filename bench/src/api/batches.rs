//! Batches as the sink has them under load: each event as it was sent and as it was scored, and versions of signals that
//! grow by an event at a time. What is made of a number is the same each time.

use crate::random::SplittableRandom;
use model::{Event, Evidence, RawEvent, Reason, ScoredEvent, Signal, Value};
use sink::SinkInput;
use stage::{Advance, Batch, Drained, FlowCounts, Task};
use std::collections::BTreeMap;
use topology::Topic;

/// Events of a batch.
pub(super) const EVENTS: i64 = 2000;
/// Signals that change in a batch, and how many of them are new.
const SIGNALS: i64 = 250;
const NEW_SIGNALS: i64 = 31;
/// Partitions of each topic.
const PARTITIONS: i32 = 12;
const TEXT: &str =
    "somebody bought $PEPE for a thousand dollars and told everybody about it, twice on a Sunday";

/// The records of one batch after another.
#[derive(Debug)]
pub(super) struct Batches {
    random: SplittableRandom,
    /// Time of the first event, ms.
    begins: i64,
    batch: i64,
    offsets: BTreeMap<Task, i64>,
}

/// The partitions that are read.
pub(super) fn tasks() -> Vec<Task> {
    let topics = [Topic::IngestEvents, Topic::EventsScored, Topic::SignalsEnriched];
    let tasks = topics.into_iter();
    tasks
        .flat_map(|topic| (0..PARTITIONS).map(move |partition| Task { topic, partition }))
        .collect()
}

impl Batches {
    pub(super) fn new(begins: i64) -> Self {
        Self {
            random: SplittableRandom::new(7),
            begins,
            batch: 0,
            offsets: tasks().into_iter().map(|task| (task, 0)).collect(),
        }
    }

    pub(super) fn another(&mut self) -> Batch<SinkInput> {
        let mut records = Vec::new();
        let from = self.offsets.clone();
        for number in self.batch * EVENTS..(self.batch + 1) * EVENTS {
            let event = self.event(number);
            let raw = raw(&event);
            records.push(self.record(Topic::IngestEvents, number, SinkInput::Raw(Box::new(raw))));
            let scored = scored(event);
            records.push(self.record(Topic::EventsScored, number, SinkInput::Scored(Box::new(scored))));
        }
        for place in 0..SIGNALS {
            let signal = self.signal(self.batch * NEW_SIGNALS + place);
            records.push(self.record(Topic::SignalsEnriched, place, SinkInput::Signal(Box::new(signal))));
        }
        self.batch += 1;
        let advances = from
            .into_iter()
            .map(|(task, from)| advance(task, from, self.offsets[&task]));
        Batch {
            records,
            advances: advances.collect(),
        }
    }

    fn record(&mut self, topic: Topic, number: i64, input: SinkInput) -> Drained<SinkInput> {
        let partition = i32::try_from(number % i64::from(PARTITIONS)).unwrap_or_default();
        let task = Task { topic, partition };
        let next = self.offsets.entry(task).or_default();
        *next += 1;
        Drained {
            input,
            task,
            offset: *next - 1,
            time: self.begins,
            trace_id: Some(format!("{number:032x}")),
        }
    }

    /// A number below this: a few are frequent, and many are rare.
    fn skewed(&mut self, values: u128) -> u128 {
        (u128::from(self.random.below(1 << 20)).pow(3) * values) >> 60
    }

    fn event(&mut self, number: i64) -> Event {
        Event {
            id: format!(
                "evt_{:016x}",
                number.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed())
            ),
            source: format!("source-{}", self.skewed(1000)),
            kind: format!("type-{}", self.skewed(30)),
            subject: format!("user:{}", self.skewed(200_000)),
            tenant: "default".to_owned(),
            time: self.begins + number / 10,
            received_at: self.begins + number / 10,
            text: Some(TEXT.to_owned()),
            lang: Some("en".to_owned()),
            lang_confidence: 0.93,
            severity: (number % 10 == 0).then(|| "low".to_owned()),
            cashtags: vec!["PEPE".to_owned()],
            attributes: [
                ("amount", Value::Double(1234.5)),
                ("product", Value::from("Widget")),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
            ..Event::default()
        }
    }

    /// It is new in one batch, and grows in those that follow, until others have come in its place.
    fn signal(&self, number: i64) -> Signal {
        let first = ((number - SIGNALS) / NEW_SIGNALS + 1).max(0);
        let evidence: Vec<_> = (first..=self.batch)
            .map(|batch| self.evidence(batch * EVENTS + (number - batch * NEW_SIGNALS) * 8))
            .collect();
        let count = i64::try_from(evidence.len()).unwrap_or_default();
        let score = 20.0 + 10.0 * evidence.len() as f64;
        Signal {
            signal_key: format!(
                "sig_{:032x}",
                number.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed())
            ),
            tenant: "default".to_owned(),
            kind: format!("type-{}", number % 30),
            subject: format!("user:{}", number % 5000),
            title: TEXT.to_owned(),
            score,
            level: if score > 60.0 { "high" } else { "low" }.to_owned(),
            evidence_count: count,
            source_count: 1,
            first_seen: self.begins,
            last_seen: evidence.last().map_or(self.begins, |newest| newest.time),
            version: count,
            evidence,
            ..Signal::default()
        }
    }

    fn evidence(&self, event: i64) -> Evidence {
        Evidence {
            event_id: format!("evt_{event}"),
            source: "web".to_owned(),
            kind: "post".to_owned(),
            time: self.begins + event / 10,
            author: None,
            url: None,
            text: Some(TEXT.to_owned()),
            score: 40.0,
            principal: None,
            lang: None,
        }
    }
}

fn raw(event: &Event) -> RawEvent {
    RawEvent {
        id: event.id.clone(),
        source: event.source.clone(),
        kind: event.kind.clone(),
        time: Some(event.time),
        tenant: event.tenant.clone(),
        data: Some(format!(r#"{{"amount":1234.5,"product":"Widget","text":"{TEXT}"}}"#).into_bytes()),
        ..RawEvent::default()
    }
}

fn scored(event: Event) -> ScoredEvent {
    let level = if event.source.ends_with('7') {
        "high"
    } else {
        "low"
    };
    ScoredEvent {
        event,
        score: 40.0,
        level: level.to_owned(),
        matched: 1,
        reasons: vec![Reason {
            rule: "purchases.big".into(),
            points: 40.0,
            text: "bought for 1234.5".into(),
        }],
        ..ScoredEvent::default()
    }
}

fn advance(task: Task, from: i64, to: i64) -> Advance {
    let mut counts = FlowCounts::default();
    for _ in from..to {
        counts.count_out(1);
    }
    Advance {
        task,
        from,
        to,
        counts,
    }
}
