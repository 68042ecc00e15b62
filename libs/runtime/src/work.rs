//! What lanes do with records: a stage decides at once, an effect asks the outside world.

mod burial;
mod effect;
mod stage;
mod times;
mod waiting;

pub(crate) use burial::{Budget, Burial, Letter};
pub(crate) use effect::EffectWork;
pub(crate) use stage::StageWork;
pub(crate) use times::{Times, WRITTEN_HEADER, written};
pub(crate) use waiting::Waiting;

use crate::config::LaneConfig;
use crate::fault::Fault;
use crate::host::SystemTime;
use crate::kafka::{Kafka, Librdkafka, RecordOf};
use crate::lane::{Outbox, Running, Tasks};
use crate::names::Names;
use ::stage::{Blame, Cx, Emit, Input, Output, Poison, Stores, Task, Wire};
use model::{DecodeError, Decoder, Millis};
use rdkafka::Message;
use rdkafka::message::{BorrowedHeaders, Headers};
use std::panic::{AssertUnwindSafe, catch_unwind};
use telemetry::TraceContext;
use topology::Topic;

/// The header that carries the trace context; W3C Trace Context, section 3.2.
pub(crate) const TRACE_HEADER: &str = "traceparent";
/// The header of a replayed record: how many times it has failed, in decimal digits.
pub(crate) const ATTEMPTS_HEADER: &str = "sluicebox-attempts";

/// What became of a record that was offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Offered {
    /// It was applied, or is kept to be performed.
    Taken,
    /// Its task cannot go on with it until a person has mended something, and nothing of it was done.
    Never(String),
    /// What it says cannot be told yet, and nothing of it was done. It is to be offered again once its task goes on.
    NotNow,
}

/// What a lane does with its records.
pub(crate) trait Work<K: Kafka = Librdkafka> {
    /// The keyed state of one task.
    type Stores: Stores;

    /// Takes one record, or leaves it where it is.
    fn take(
        &mut self,
        message: &RecordOf<'_, K>,
        task: &mut Running<Self::Stores>,
        outbox: &mut Outbox<K>,
    ) -> Result<Offered, Fault>;

    /// Does what is to be done without a record, once a turn of the lane; says for which tasks something was written.
    fn turn(&mut self, _: &mut Tasks<Self::Stores>, _: &mut Outbox<K>) -> Result<Vec<Task>, Fault> {
        Ok(Vec::new())
    }

    /// Does what is left to do, before a commit.
    fn before_commit(&mut self, _: &mut Tasks<Self::Stores>, _: &mut Outbox<K>) -> Result<(), Fault> {
        Ok(())
    }

    /// A task of which no more can be taken for now (`true`), or can be again (`false`), told once a change.
    fn next_change_of_room(&mut self) -> Option<(Task, bool)> {
        None
    }

    /// What is waited for from outside the stream, if anything.
    fn waits_for(&self) -> Option<&str> {
        None
    }

    /// Whether a lane that is asked to stop is to go on for a moment, because what is under way may come to its end.
    fn lingers(&mut self) -> bool {
        false
    }

    /// Whether something is on its way that no record announces, so that the lane must not sleep.
    fn is_busy(&self) -> bool {
        false
    }

    /// A task stands where its last commit left it: it was restored, or its transaction was aborted.
    fn take_up(&mut self, _: &mut Running<Self::Stores>) {}

    /// A task is no longer ours, or quarantined.
    fn let_go(&mut self, _: Task) {}

    /// A person asks for another try of a quarantined task: what led there is forgiven.
    fn retry(&mut self, _: Task) {}

    /// Forgets what is held of all tasks: the transaction is aborted.
    fn forget(&mut self) {}
}

/// What a record says, or why it says nothing.
pub(crate) enum Decoded<I> {
    Input(I),
    /// A deleted key of a compacted topic.
    Tombstone,
    Dead(Poison),
    /// The registry cannot be asked now.
    NotNow(String),
}

/// Reads a record.
pub(crate) fn decode<I: Input>(
    cx: &Cx<'_>,
    carried: Carried<'_, impl Headers>,
    decoder: &mut Decoder,
) -> Decoded<I> {
    let headers = carried.told(cx.topic);
    if carried.value.is_none() && !model::is_in_headers(&headers) {
        return Decoded::Tombstone;
    }
    let record = carried.wire(cx, &headers);
    let read = catch_unwind(AssertUnwindSafe(|| I::decode(&record, decoder)));
    match read {
        Ok(Ok(input)) => Decoded::Input(input),
        Ok(Err(error @ DecodeError::RegistryUnavailable { .. })) => Decoded::NotNow(error.to_string()),
        Ok(Err(error)) => Decoded::Dead(Poison::of(blame_for_bytes(cx), reason(&error), error.to_string())),
        Err(_) => Decoded::Dead(panicked("reading the record")),
    }
}

/// Who is to blame for bytes that cannot be read: what the stream itself wrote is ours.
const fn blame_for_bytes(cx: &Cx<'_>) -> Blame {
    if cx.topic.is_open() {
        Blame::Producer
    } else {
        Blame::Ours
    }
}

/// A fault of the program that one record brings about; the message of the panic is in the log.
pub(crate) fn panicked(doing: &str) -> Poison {
    Poison::ours(
        "panic",
        format!(
            "{doing} panicked, see the log for where; report it with this record, mend the program, and replay"
        ),
    )
}

/// The wall clock, in milliseconds since 1970.
pub(crate) fn wall_clock() -> Millis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Millis::try_from(since.unwrap_or_default().as_millis()).unwrap_or(Millis::MAX)
}

const fn reason(error: &DecodeError) -> &'static str {
    match error {
        DecodeError::Unrecognized(_) => "undecodable",
        DecodeError::UnknownSchema { .. } => "unknown_schema_id",
        DecodeError::Malformed { .. } => "malformed_avro",
        DecodeError::Json(_) => "invalid_cloudevent",
        DecodeError::RegistryUnavailable { .. } => "registry_unavailable",
    }
}

/// Where a record stood.
pub(crate) fn context<'a>(config: &LaneConfig, message: &'a impl Message) -> Option<Cx<'a>> {
    let topic = config.names.parse(message.topic())?;
    let written = written(topic, message.headers());
    let times = Times::of(message.timestamp(), written, wall_clock, config.max_ahead);
    Some(Cx {
        topic,
        partition: message.partition(),
        offset: message.offset(),
        time: times.time,
        clock: times.clock,
        key: message.key(),
        traceparent: traceparent(message),
    })
}

fn traceparent(message: &impl Message) -> Option<&str> {
    let headers = message.headers()?;
    let header = headers.iter().find(|header| header.key == TRACE_HEADER)?;
    std::str::from_utf8(header.value?).ok()
}

/// The trace of a record: the one it carries, else one made from where it stood, so that a record that is processed
/// again has the same.
pub(crate) fn trace(names: &Names, cx: &Cx<'_>) -> TraceContext {
    let carried = cx.traceparent.and_then(TraceContext::parse);
    carried.unwrap_or_else(|| TraceContext::of_record(names.topic(cx.topic), cx.partition, cx.offset))
}

/// The header of what the stage writes because of a record. Two stages may read the same record, so the span is made
/// from the stage and the place.
fn child(names: &Names, cx: &Cx<'_>) -> TraceContext {
    trace(names, cx).child(names.stage.as_str(), cx.partition, cx.offset)
}

/// What a record brought that its stage does not see; a dead letter keeps it, so that the record can be sent again.
pub(crate) struct Carried<'a, H = BorrowedHeaders> {
    pub value: Option<&'a [u8]>,
    pub headers: Option<&'a H>,
}

impl<H> Copy for Carried<'_, H> {}

impl<H> Clone for Carried<'_, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<'a> Carried<'a> {
    /// A value of a topic whose headers say nothing of it.
    pub(crate) const fn of_value(value: &'a [u8]) -> Self {
        Self {
            value: Some(value),
            headers: None,
        }
    }
}

impl<'a, H: Headers> Carried<'a, H> {
    pub(crate) fn of(message: &'a impl Message<Headers = H>) -> Self {
        Self {
            value: message.payload(),
            headers: message.headers(),
        }
    }

    /// The headers that may say something of the value: those of a topic that anybody writes.
    fn told(&self, topic: Topic) -> Vec<(&'a str, Option<&'a [u8]>)> {
        let headers = self.headers.filter(|_| topic.is_open()).into_iter();
        headers
            .flat_map(|headers| headers.iter())
            .map(|header| (header.key, header.value))
            .collect()
    }

    fn wire<'w>(&self, cx: &Cx<'_>, headers: model::Headers<'w>) -> Wire<'w>
    where
        'a: 'w,
    {
        Wire {
            topic: cx.topic,
            partition: cx.partition,
            offset: cx.offset,
            value: self.value.unwrap_or_default(),
            headers,
        }
    }

    fn headers(&self) -> Vec<model::Header> {
        let each = self.headers.into_iter().flat_map(|headers| headers.iter());
        // When it was written and how often it failed is said anew by whoever sends it again.
        each.filter(|header| header.key != ATTEMPTS_HEADER && header.key != WRITTEN_HEADER)
            .map(|header| model::Header {
                key: header.key.to_owned(),
                value: header.value.map(<[u8]>::to_vec),
            })
            .collect()
    }

    /// How many times the record had failed before.
    fn failures(&self) -> i32 {
        let mut each = self.headers.into_iter().flat_map(|headers| headers.iter());
        let header = each.find(|header| header.key == ATTEMPTS_HEADER);
        let text = header.and_then(|header| std::str::from_utf8(header.value?).ok());
        let failures = text.and_then(|text| text.parse().ok());
        failures.filter(|failures| *failures > 0).unwrap_or_default()
    }
}

/// What came of settling a record.
#[derive(Debug)]
#[must_use]
pub(crate) enum Settling {
    /// What became of it is in the open transaction.
    Done,
    /// The same, and it is a dead letter. Nothing else is left of it.
    Buried,
    /// It would be one dead letter too many: nothing is left of it, and its partition stops before it.
    TooMany(String),
}

/// Writes what becomes of records, and counts it.
pub(crate) struct Settler<'a> {
    names: &'a Names,
    budget: Budget<'a>,
    burial: Burial,
}

impl<'a> Settler<'a> {
    /// For records that are read as `I`.
    pub(crate) fn new<I: Input>(config: &'a LaneConfig) -> Self {
        Self {
            names: &config.names,
            budget: Budget::new(config),
            burial: Burial::new::<I>(config),
        }
    }

    /// A person asks for another try of a task.
    pub(crate) fn retry(&mut self, task: Task) {
        self.budget.forget(task);
    }

    /// Writes what became of a record, and counts it.
    pub(crate) fn settle<S: Stores, O: Output>(
        &mut self,
        cx: &Cx<'_>,
        carried: Carried<'_, impl Headers>,
        verdict: Result<Emit<O>, Poison>,
        running: &mut Running<S>,
        outbox: &mut Outbox<impl Kafka>,
    ) -> Result<Settling, Fault> {
        let (one, many);
        let outputs: &[O] = match verdict {
            Ok(Emit::One(output)) => {
                one = output;
                std::slice::from_ref(&one)
            }
            Ok(Emit::Many(outputs)) => {
                many = outputs;
                &many
            }
            Ok(Emit::Filtered(reason)) => {
                running.pending.count_filtered(reason);
                return Ok(Settling::Done);
            }
            Ok(Emit::Duplicate) => {
                running.pending.count_duplicate();
                return Ok(Settling::Done);
            }
            Err(poison) => return self.bury(cx, carried, poison, running, outbox),
        };
        match outbox.send_all(running.task, outputs, &child(self.names, cx))? {
            Ok(()) => {
                running.pending.count_out(outputs.len() as u64);
                running.pending.count_topics(outputs);
            }
            Err(too_large) => {
                ::stage::take_back(&mut running.stores);
                let poison = too_large.of_record(carried.value.map_or(0, <[u8]>::len));
                return self.bury(cx, carried, poison, running, outbox);
            }
        }
        Ok(Settling::Done)
    }

    fn bury<S: Stores>(
        &mut self,
        cx: &Cx<'_>,
        carried: Carried<'_, impl Headers>,
        poison: Poison,
        running: &mut Running<S>,
        outbox: &mut Outbox<impl Kafka>,
    ) -> Result<Settling, Fault> {
        let number = running.counts.settled() + running.pending.settled() + 1;
        if let Some(why) = self.budget.spend(cx, &poison, number) {
            return Ok(Settling::TooMany(why));
        }
        running.pending.count_dead(poison.reason, poison.blame.fault());
        let (letter, death) = self.burial.of(cx, carried, poison);
        *running.deaths.entry(death).or_default() += 1;
        letter.send(outbox)?;
        Ok(Settling::Buried)
    }
}
