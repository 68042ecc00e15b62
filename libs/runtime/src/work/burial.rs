//! Records that are given up: how many may be, and what is kept of them. Stages and drains do the same here, whatever
//! they write it with.

use super::{Carried, child, trace};
use crate::config::LaneConfig;
use crate::dead_letter_limit::{DeadLetterLimit, Limits};
use crate::fault::Fault;
use crate::lane::Outbox;
use crate::names::Names;
use ::stage::{Cx, Poison, Task};
use model::DeadLetter;
use std::collections::HashMap;
use telemetry::TraceContext;

/// The dead letter of a record, and the trace that leads from the record to it.
pub(crate) struct Letter {
    content: DeadLetter,
    trace: TraceContext,
}

impl Letter {
    pub(crate) fn of(names: &Names, cx: &Cx<'_>, carried: Carried<'_>, poison: Poison) -> Self {
        let topic = names.topic(cx.topic);
        let content = DeadLetter {
            stage: names.stage.to_string(),
            topic: topic.to_owned(),
            partition: cx.partition,
            offset: cx.offset,
            time: cx.time,
            reason: poison.reason.to_owned(),
            message: poison.message,
            trace_id: Some(trace(names, cx).trace_id()),
            key: cx.key.map(<[u8]>::to_vec),
            payload: carried.value.map(<[u8]>::to_vec),
            headers: carried.headers(),
            attempts: carried.failures().saturating_add(1),
            ..DeadLetter::default()
        };
        Self {
            content,
            trace: child(names, cx),
        }
    }

    /// Writes it into the open transaction. Where its record is too large for it, it must not vanish even so: where the
    /// record stood is enough to find it again.
    pub(crate) fn send(mut self, outbox: &mut Outbox) -> Result<(), Fault> {
        let letter = &mut self.content;
        tracing::debug!(stage = %letter.stage, reason = letter.reason, offset = letter.offset, "dead letter");
        if let Err(refused) = outbox.send_all(std::slice::from_ref(letter), &self.trace)? {
            letter.payload = None;
            letter.key = None;
            letter.headers = Vec::new();
            letter.message = format!("{} (without its bytes: {refused})", letter.message);
            let sent = outbox.send_all(std::slice::from_ref(letter), &self.trace)?;
            sent.map_err(|poison| Fault::halt(poison.to_string()))?;
        }
        Ok(())
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

    /// Fails where this dead letter is one too many. What is not committed or stored yet never is then, so its records
    /// are not lost to the dead letters. `number` is how many records the task has read, this one included.
    pub(crate) fn spend(&mut self, cx: &Cx<'_>, poison: &Poison, number: u64) -> Result<(), Fault> {
        let (topic, partition) = (cx.topic, cx.partition);
        let limit = self.dead.entry(Task { topic, partition }).or_default();
        let Some(exceeded) = limit.note(number, self.limits) else {
            return Ok(());
        };
        let (stage, setting) = (self.names.stage, exceeded.setting());
        Err(Fault::halt(format!(
            "{exceeded} of {}-{partition} became dead letters, which is more than dead_letters.{setting} allows; at \
             last offset {}, {poison}; nothing since the last commit is written. See `sluicebox dlq list --stage \
             {stage}`, mend the cause or raise dead_letters.stages.{stage}.{setting}, and start again",
            self.names.topic(topic),
            cx.offset,
        )))
    }
}
