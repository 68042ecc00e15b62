//! A stage in a lane: each record is decided as it comes.

use super::{Carried, Decoded, Settler, context, decode};
use crate::config::LaneConfig;
use crate::fault::Fault;
use crate::lane::{Outbox, Running, Work};
use crate::names::Names;
use crate::observer::LaneState;
use ::stage::{Emit, Stage, Task};
use model::Decoder;
use rdkafka::Message;
use rdkafka::message::BorrowedMessage;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

const ASK_AGAIN: Duration = Duration::from_millis(200);

/// A stage and what it needs to read.
pub(crate) struct StageWork<'a, S> {
    stage: S,
    decoder: Decoder,
    settler: Settler<'a>,
    names: &'a Names,
    config: &'a LaneConfig,
}

impl<'a, S: Stage> StageWork<'a, S> {
    pub(crate) fn new(stage: S, config: &'a LaneConfig) -> Self {
        Self {
            stage,
            decoder: Decoder::new(Arc::clone(&config.schemas)),
            settler: Settler::new(config),
            names: &config.names,
            config,
        }
    }

    /// A registry that is away is not the record's fault: the lane waits for it.
    fn not_now(&self, why: String) -> Result<(), Fault> {
        self.config.report(&LaneState::Waiting(why));
        if self.config.stop.is_set() {
            return Err(Fault::abort("stopping while the registry is away"));
        }
        std::thread::sleep(ASK_AGAIN);
        Ok(())
    }
}

impl<S: Stage> Work for StageWork<'_, S> {
    type Stores = S::Stores;

    fn take(
        &mut self,
        message: &BorrowedMessage<'_>,
        task: &mut Running<S::Stores>,
        outbox: &mut Outbox,
    ) -> Result<(), Fault> {
        let Some(cx) = context(self.names, message) else {
            return Ok(());
        };
        ::stage::Stores::each(&mut task.stores, &mut |store| store.advance(cx.time));
        let verdict = loop {
            match decode(&cx, message.payload(), &mut self.decoder) {
                Decoded::Input(input) => break self.stage.apply(input, &mut task.stores, &cx),
                Decoded::Tombstone => break Ok(Emit::Filtered("tombstone")),
                Decoded::Dead(poison) => break Err(poison),
                Decoded::NotNow(why) => self.not_now(why)?,
            }
        };
        self.settler
            .settle(&cx, Carried::of(message), verdict, task, outbox)
    }

    fn settle(
        &mut self,
        _: &mut HashMap<Task, Running<S::Stores>>,
        _: &mut Outbox,
        _: &mut dyn FnMut() -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        Ok(())
    }

    fn forget(&mut self) {}
}
