//! What lanes do with records: a stage decides at once, an effect asks the outside world.

mod effect;
mod stage;

pub(crate) use effect::EffectWork;
pub(crate) use stage::StageWork;

use crate::fault::Fault;
use crate::lane::{Outbox, Running};
use crate::names::Names;
use ::stage::{Cx, Emit, Input, Output, Poison, Stores};
use model::{DeadLetter, DecodeError, Decoder};
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Headers};
use telemetry::TraceContext;

/// The header that carries the trace context; W3C Trace Context, section 3.2.
pub(crate) const TRACE_HEADER: &str = "traceparent";

/// What a record says, or why it says nothing.
pub(crate) enum Decoded<I> {
    Input(I),
    /// A deleted key of a compacted topic.
    Tombstone,
    Dead(Poison),
    /// The registry cannot be asked now.
    NotNow(String),
}

/// Reads the value of a record.
pub(crate) fn decode<I: Input>(cx: &Cx<'_>, value: Option<&[u8]>, decoder: &mut Decoder) -> Decoded<I> {
    let Some(value) = value else {
        return Decoded::Tombstone;
    };
    match I::decode(cx.topic, value, decoder) {
        Ok(input) => Decoded::Input(input),
        Err(error @ DecodeError::RegistryUnavailable { .. }) => Decoded::NotNow(error.to_string()),
        Err(error) => Decoded::Dead(Poison::new(reason(&error), error.to_string())),
    }
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
pub(crate) fn context<'a>(names: &Names, message: &'a BorrowedMessage<'_>) -> Option<Cx<'a>> {
    Some(Cx {
        topic: names.parse(message.topic())?,
        partition: message.partition(),
        offset: message.offset(),
        time: message.timestamp().to_millis().unwrap_or_default(),
        key: message.key(),
        traceparent: traceparent(message),
    })
}

fn traceparent<'a>(message: &'a BorrowedMessage<'_>) -> Option<&'a str> {
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
fn child(names: &Names, cx: &Cx<'_>) -> String {
    trace(names, cx)
        .child(names.stage.as_str(), cx.partition, cx.offset)
        .to_string()
}

/// Writes what became of a record, and counts it.
pub(crate) fn settle<S: Stores, O: Output>(
    names: &Names,
    cx: &Cx<'_>,
    value: Option<&[u8]>,
    verdict: Result<Emit<O>, Poison>,
    running: &mut Running<S>,
    outbox: &mut Outbox,
) -> Result<(), Fault> {
    let outputs = match verdict {
        Ok(Emit::One(output)) => vec![output],
        Ok(Emit::Many(outputs)) => outputs,
        Ok(Emit::Filtered(reason)) => {
            running.pending.count_filtered(reason);
            return Ok(());
        }
        Ok(Emit::Duplicate) => {
            running.pending.count_duplicate();
            return Ok(());
        }
        Err(poison) => return bury(names, cx, value, poison, running, outbox),
    };
    match outbox.send_all(&outputs, &child(names, cx))? {
        Ok(()) => running.pending.count_out(outputs.len() as u64),
        Err(poison) => bury(names, cx, value, poison, running, outbox)?,
    }
    Ok(())
}

fn bury<S: Stores>(
    names: &Names,
    cx: &Cx<'_>,
    value: Option<&[u8]>,
    poison: Poison,
    running: &mut Running<S>,
    outbox: &mut Outbox,
) -> Result<(), Fault> {
    running.pending.count_dead(poison.reason);
    let mut letter = dead_letter(names, cx, value, poison);
    let child = child(names, cx);
    tracing::debug!(stage = %names.stage, reason = letter.reason, offset = cx.offset, "dead letter");
    if let Err(refused) = outbox.send_all(std::slice::from_ref(&letter), &child)? {
        // Even so it must not vanish: where it stood is enough to find it again.
        letter.payload = None;
        letter.key = None;
        letter.message = format!("{} (without its bytes: {refused})", letter.message);
        let sent = outbox.send_all(&[letter], &child)?;
        sent.map_err(|poison| Fault::halt(poison.to_string()))?;
    }
    Ok(())
}

/// The dead letter of a record.
pub(crate) fn dead_letter(names: &Names, cx: &Cx<'_>, value: Option<&[u8]>, poison: Poison) -> DeadLetter {
    let topic = names.topic(cx.topic);
    DeadLetter {
        stage: names.stage.to_string(),
        topic: topic.to_owned(),
        partition: cx.partition,
        offset: cx.offset,
        time: cx.time,
        reason: poison.reason.to_owned(),
        message: poison.message,
        trace_id: Some(trace(names, cx).trace_id()),
        key: cx.key.map(<[u8]>::to_vec),
        payload: value.map(<[u8]>::to_vec),
    }
}
