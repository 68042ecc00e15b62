//! An effect in a lane: records are held, performed a bounded number at once before the commit, and their outputs
//! written in the order of the records.

#[expect(dead_code, reason = "the lane learns to park next")]
mod parked;
#[cfg_attr(not(test), expect(dead_code, reason = "the lane learns to park next"))]
mod queue;

use super::{Carried, Decoded, Settler, Work, context, decode};
use crate::config::{LaneConfig, Stop};
use crate::fault::Fault;
use crate::lane::{Intake, Outbox, Running, Tasks};
use crate::names::Names;
use ::stage::{Attempt, Cx, Effect, Emit, Outcome, Poison, Task};
use futures_util::StreamExt;
use model::Decoder;
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, OwnedHeaders};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// How long a batch runs before the lane looks after its membership.
const LOOK_UP: Duration = Duration::from_millis(200);

/// A record that waits for its turn.
struct Held<I> {
    place: Place,
    value: Option<Vec<u8>>,
    headers: Option<OwnedHeaders>,
    content: Result<Option<I>, Poison>,
}

/// Where a held record stood.
struct Place {
    task: Task,
    offset: i64,
    time: i64,
    key: Option<Vec<u8>>,
    traceparent: Option<String>,
}

impl Place {
    fn of(cx: &Cx<'_>) -> Self {
        Self {
            task: Task {
                topic: cx.topic,
                partition: cx.partition,
            },
            offset: cx.offset,
            time: cx.time,
            key: cx.key.map(<[u8]>::to_vec),
            traceparent: cx.traceparent.map(str::to_owned),
        }
    }

    fn cx(&self) -> Cx<'_> {
        Cx {
            topic: self.task.topic,
            partition: self.task.partition,
            offset: self.offset,
            time: self.time,
            key: self.key.as_deref(),
            traceparent: self.traceparent.as_deref(),
        }
    }
}

/// A record whose effect is known.
struct Done<O> {
    place: Place,
    value: Option<Vec<u8>>,
    headers: Option<OwnedHeaders>,
    verdict: Result<Result<Emit<O>, Poison>, Fault>,
}

/// An effect and what it needs to run.
pub(crate) struct EffectWork<'a, E: Effect> {
    effect: Arc<E>,
    decoder: Decoder,
    settler: Settler<'a>,
    names: &'a Names,
    held: Vec<Held<E::In>>,
    concurrency: usize,
    handle: Handle,
}

impl<'a, E: Effect> EffectWork<'a, E> {
    pub(crate) fn new(effect: Arc<E>, config: &'a LaneConfig, concurrency: usize, handle: Handle) -> Self {
        let decoder = Decoder::new(Arc::clone(&config.schemas));
        Self {
            effect,
            decoder,
            settler: Settler::new(config),
            names: &config.names,
            held: Vec::new(),
            concurrency,
            handle,
        }
    }

    fn perform(
        &mut self,
        mut interrupted: impl FnMut() -> Result<bool, Fault>,
    ) -> Result<Vec<Done<E::Out>>, Fault> {
        let held = std::mem::take(&mut self.held);
        let (effect, concurrency) = (Arc::clone(&self.effect), self.concurrency);
        let (sender, receiver) = mpsc::channel();
        let batch = self.handle.spawn(async move {
            let each = futures_util::stream::iter(held).map(|held| perform(&*effect, held));
            let done: Vec<_> = each.buffered(concurrency).collect().await;
            let _ = sender.send(done);
        });
        loop {
            match receiver.recv_timeout(LOOK_UP) {
                Ok(done) => return Ok(done),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Fault::halt("an effect panicked; see the log"));
                }
                Err(RecvTimeoutError::Timeout) if interrupted()? => {
                    batch.abort();
                    return Err(Fault::abort("interrupted while waiting for the outside world"));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

async fn perform<E: Effect>(effect: &E, held: Held<E::In>) -> Done<E::Out> {
    let Held {
        place,
        value,
        headers,
        content,
    } = held;
    let verdict = match content {
        Ok(Some(input)) => persist(effect, &input, &place).await,
        Ok(None) => Ok(Ok(Emit::Filtered("tombstone"))),
        Err(poison) => Ok(Err(poison)),
    };
    Done {
        place,
        value,
        headers,
        verdict,
    }
}

async fn persist<E: Effect>(
    effect: &E,
    input: &E::In,
    place: &Place,
) -> Result<Result<Emit<E::Out>, Poison>, Fault> {
    let (began, key) = (Instant::now(), effect.idempotency_key(input));
    for number in 1.. {
        let attempt = Attempt {
            number,
            elapsed: began.elapsed(),
        };
        match effect.perform(input, &key, attempt, &place.cx()).await {
            Outcome::Done(emit) => return Ok(Ok(emit)),
            Outcome::Poison(poison) => return Ok(Err(poison)),
            Outcome::Fatal(why) => return Err(Fault::halt(why)),
            Outcome::Retry { after, why } => {
                tracing::info!(number, ?after, why, "an effect is tried again");
                tokio::time::sleep(after).await;
            }
        }
    }
    Err(Fault::abort("an effect was tried too often"))
}

impl<E: Effect> Work for EffectWork<'_, E> {
    type Stores = ();

    fn take(
        &mut self,
        message: &BorrowedMessage<'_>,
        _: &mut Running<()>,
        _: &mut Outbox,
    ) -> Result<(), Fault> {
        let Some(cx) = context(self.names, message) else {
            return Ok(());
        };
        let content = match decode(&cx, message.payload(), &mut self.decoder) {
            Decoded::Input(input) => Ok(Some(input)),
            Decoded::Tombstone => Ok(None),
            Decoded::Dead(poison) => Err(poison),
            Decoded::NotNow(why) => return Err(Fault::rebuild(why)),
        };
        self.held.push(Held {
            place: Place::of(&cx),
            value: message.payload().map(<[u8]>::to_vec),
            headers: message.headers().map(rdkafka::message::BorrowedHeaders::detach),
            content,
        });
        Ok(())
    }

    fn settle(
        &mut self,
        tasks: &mut Tasks<()>,
        outbox: &mut Outbox,
        intake: &Intake,
        stop: &Stop,
    ) -> Result<(), Fault> {
        let interrupted = || {
            if stop.is_set() || intake.has_news() {
                return Ok(true);
            }
            // Paused partitions deliver nothing; the poll keeps the membership alive.
            intake.hold(true)?;
            if intake.poll(Duration::ZERO)?.is_some() {
                return Err(Fault::rebuild("a paused partition delivered a record"));
            }
            intake.hold(false)?;
            Ok(intake.has_news())
        };
        for done in self.perform(interrupted)? {
            let Some(running) = tasks.get_mut(&done.place.task) else {
                return Err(Fault::abort(
                    "a partition was given away while its records were performed",
                ));
            };
            let carried = Carried {
                value: done.value.as_deref(),
                headers: done.headers.as_ref().map(OwnedHeaders::as_borrowed),
            };
            self.settler
                .settle(&done.place.cx(), carried, done.verdict?, running, outbox)?;
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.held.clear();
    }
}
