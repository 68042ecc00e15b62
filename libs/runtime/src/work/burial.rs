//! Records that are given up: how many may be, and what is kept of them. Stages and drains do the same here, whatever
//! they write it with.

use super::{Carried, child, trace};
use crate::config::LaneConfig;
use crate::dead_letter_limit::{DeadLetterLimit, Limits};
use crate::fault::Fault;
use crate::kafka::Kafka;
use crate::lane::Outbox;
use crate::names::Names;
use crate::observer::Death;
use ::stage::{Blame, Cx, Input, Poison, Sender, Task, Wire, sender_of};
use model::{DeadLetter, Decoder};
use rdkafka::message::Headers;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use telemetry::TraceContext;

/// The dead letter of a record, and the trace that leads from the record to it.
pub(crate) struct Letter {
    /// Whose record it was.
    task: Task,
    content: DeadLetter,
    trace: TraceContext,
}

impl Letter {
    /// Writes it into the open transaction. Where its record is too large for it, it must not vanish even so: where the
    /// record stood is enough to find it again.
    pub(crate) fn send(mut self, outbox: &mut Outbox<impl Kafka>) -> Result<(), Fault> {
        let (letter, task) = (&mut self.content, self.task);
        tracing::debug!(stage = %letter.stage, reason = letter.reason, offset = letter.offset, "dead letter");
        if let Err(refused) = outbox.send_all(task, std::slice::from_ref(letter), &self.trace)? {
            letter.payload = None;
            letter.key = None;
            letter.headers = Vec::new();
            letter.message = format!("{} (without its bytes: {refused})", letter.message);
            let sent = outbox.send_all(task, std::slice::from_ref(letter), &self.trace)?;
            sent.map_err(|too_large| Fault::halt(too_large.to_string()).of_task(task))?;
        }
        Ok(())
    }
}

/// Finds out whose a record is.
type SenderOf = fn(&Wire<'_>, &mut Decoder) -> Sender;

/// Makes dead letters. A record is read once more for it, to say whose it is: those that live are not to pay for those
/// that die.
pub(crate) struct Burial {
    names: Names,
    decoder: Decoder,
    sender_of: SenderOf,
}

impl Burial {
    /// Of records that are read as `I`.
    pub(crate) fn new<I: Input>(config: &LaneConfig) -> Self {
        Self {
            names: config.names.clone(),
            decoder: Decoder::new(Arc::clone(&config.schemas)),
            sender_of: sender_of::<I>,
        }
    }

    /// The letter of a record, and what is counted of it.
    pub(crate) fn of(
        &mut self,
        cx: &Cx<'_>,
        carried: Carried<'_, impl Headers>,
        poison: Poison,
    ) -> (Letter, Death) {
        let sender = self.sender(cx, carried);
        let death = Death {
            reason: poison.reason,
            fault: poison.blame.fault(),
            sender: sender.clone(),
        };
        let content = DeadLetter {
            stage: self.names.stage.to_string(),
            topic: self.names.topic(cx.topic).to_owned(),
            partition: cx.partition,
            offset: cx.offset,
            time: cx.time,
            reason: poison.reason.to_owned(),
            message: poison.message,
            trace_id: Some(trace(&self.names, cx).trace_id()),
            key: cx.key.map(<[u8]>::to_vec),
            payload: carried.value.map(<[u8]>::to_vec),
            headers: carried.headers(),
            attempts: carried.failures().saturating_add(1),
            fault: poison.blame.fault(),
            tenant: sender.tenant,
            source: sender.source,
        };
        let trace = child(&self.names, cx);
        let task = task_of(cx);
        (Letter { task, content, trace }, death)
    }

    /// Reading may be what the record died of.
    fn sender(&mut self, cx: &Cx<'_>, carried: Carried<'_, impl Headers>) -> Sender {
        let headers = carried.told(cx.topic);
        let record = carried.wire(cx, &headers);
        let read = || (self.sender_of)(&record, &mut self.decoder);
        catch_unwind(AssertUnwindSafe(read)).unwrap_or_default()
    }
}

const fn task_of(cx: &Cx<'_>) -> Task {
    Task {
        topic: cx.topic,
        partition: cx.partition,
    }
}

/// How many dead letters the tasks of a lane may still write.
pub(crate) struct Budget<'a> {
    names: &'a Names,
    limits: Limits,
    dead: HashMap<Task, DeadLetterLimit>,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(config: &'a LaneConfig) -> Self {
        Self {
            names: &config.names,
            limits: config.dead_letters,
            dead: HashMap::new(),
        }
    }

    /// What was counted of a task says nothing of what it does from now on.
    pub(crate) fn forget(&mut self, task: Task) {
        self.dead.remove(&task);
    }

    /// Says why this dead letter is one too many, if it is: its partition stops before the record then, so that its
    /// records are not lost to the dead letters. Those that others are to blame for are never too many. `number` is how
    /// many records of the task have come to an end, this one included.
    pub(crate) fn spend(&mut self, cx: &Cx<'_>, poison: &Poison, number: u64) -> Option<String> {
        if poison.blame != Blame::Ours {
            return None;
        }
        let (topic, partition) = (cx.topic, cx.partition);
        let limit = self.dead.entry(task_of(cx)).or_default();
        let exceeded = limit.note(number, self.limits)?;
        let (stage, setting) = (self.names.stage, exceeded.setting());
        Some(format!(
            "{exceeded} of {}-{partition} became dead letters by our own fault, which is more than \
             dead_letters.{setting} allows: the partition stops before offset {}, {poison}. See `sluicebox dlq list \
             --stage {stage} --fault ours`, and mend the cause or raise dead_letters.stages.{stage}.{setting}",
            self.names.topic(topic),
            cx.offset,
        ))
    }
}
