//! A simulated transactional producer.

use super::broker::{Offset as Committed, Place};
use super::consumer::Consumer;
use super::group::Membership;
use super::log::Record;
use super::schedule;
use super::world::{World, choose, comes_late, note, travel, troubled, world};
use crate::kafka::{Kafka, Outgoing, Producer, TransactionError};
use crate::lane::{Deliveries, GroupContext};
use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::OwnedHeaders;
use rdkafka::topic_partition_list::TopicPartitionList;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The clients of a search.
pub(super) struct Simulated;

impl Kafka for Simulated {
    type Consumer = Consumer;
    type Reader = Consumer;
    type Producer = Writer;

    fn consumer(config: &ClientConfig, context: GroupContext) -> Result<Consumer, KafkaError> {
        Ok(Consumer::new(config, Some(context)))
    }

    fn reader(config: &ClientConfig) -> Result<Consumer, KafkaError> {
        Ok(Consumer::new(config, None))
    }

    fn producer(config: &ClientConfig) -> Result<Writer, KafkaError> {
        Ok(Writer::new(config))
    }
}

/// Records that wait to be sent, at most.
const QUEUE: usize = 64;
/// A client asks again so often while the coordinator is busy.
const ASK_AGAIN: Duration = Duration::from_millis(5);
/// The client says the same of a connection only once in this time.
const SUPPRESSED: Duration = Duration::from_secs(30);
/// A request that is held up arrives this late at most.
const HELD_UP: Duration = Duration::from_millis(300);
/// A call that is lost in the client comes back when nobody waits for it any more.
const LOST: Duration = Duration::from_hours(1);

struct Queued {
    place: Place,
    record: Record,
    task: usize,
}

#[derive(Default)]
struct State {
    epoch: u32,
    queue: Vec<Queued>,
    /// The partitions that were added to the open transaction.
    added: BTreeSet<Place>,
    /// Why nothing more is taken into the transaction.
    failed: Option<TransactionError>,
    /// When it was last said that a connection broke.
    said: Option<Duration>,
}

/// See the module.
pub(super) struct Writer {
    id: String,
    timeout: Duration,
    deliveries: Deliveries,
    state: Mutex<State>,
}

/// What becomes of a call on its way.
enum Fate {
    Arrives,
    /// The answer is lost, or the request; the client cannot tell.
    Unknown {
        arrives: bool,
    },
    /// It arrives, and once more later.
    Twice,
    /// The client never comes back.
    Lost,
}

fn fate() -> Fate {
    if !troubled() {
        return Fate::Arrives;
    }
    match choose(8) {
        0 => Fate::Unknown { arrives: false },
        1 => Fate::Unknown { arrives: true },
        2 => Fate::Lost,
        _ => Fate::Twice,
    }
}

impl Writer {
    fn new(config: &ClientConfig) -> Self {
        let timeout = config
            .get("transaction.timeout.ms")
            .and_then(|text| text.parse().ok());
        Self {
            id: config.get("transactional.id").unwrap_or_default().to_owned(),
            timeout: Duration::from_millis(timeout.unwrap_or(10_000)),
            deliveries: Deliveries::default(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection broke while a request was on its way.
    fn breaks(&self) {
        let now = world(|world| world.broker.now);
        let said = self.state().said;
        if said.is_none_or(|said| now >= said + SUPPRESSED) {
            self.state().said = Some(now);
            self.deliveries
                .log(RDKafkaLogLevel::Error, "REQTMOUT", "Timed out 1 in-flight");
        }
    }

    /// Sends what waits; what the broker does not take fails the transaction.
    fn deliver(&self) {
        let mut state = self.state();
        let epoch = state.epoch;
        while !state.queue.is_empty() {
            let Queued { place, record, task } = state.queue.remove(0);
            let added = state.added.contains(&place);
            let appended = world(|world| {
                if world.broker.now < world.away_until {
                    return Err(Code::ConcurrentTransactions);
                }
                let writer = (self.id.as_str(), epoch);
                world.broker.append(writer, &place, record.clone(), added)
            });
            match appended {
                Ok(()) => {
                    state.added.insert(place);
                }
                Err(Code::ConcurrentTransactions) => {
                    state.queue.insert(0, Queued { place, record, task });
                    return;
                }
                Err(code) => {
                    state.queue.clear();
                    state.failed = Some(failure(code, code != Code::ProducerFenced));
                    self.deliveries
                        .failed(&place.0, &KafkaError::MessageProduction(code), task);
                }
            }
        }
    }

    /// Asks the coordinator until it is not busy.
    fn ask<T>(
        &self,
        limit: Duration,
        ask: impl Fn(&mut World) -> Result<T, Code>,
    ) -> Result<T, TransactionError> {
        let until = world(|world| world.broker.now) + limit;
        loop {
            let left = until.saturating_sub(world(|world| world.broker.now));
            if left.is_zero() || !travel(left) {
                return Err(failure(Code::OperationTimedOut, false));
            }
            match world(&ask) {
                Err(Code::ConcurrentTransactions) => schedule::sleep(ASK_AGAIN),
                Ok(answer) => return Ok(answer),
                Err(code @ (Code::ProducerFenced | Code::InvalidProducerIdMapping)) => {
                    return Err(self.fail(failure(code, false)));
                }
                Err(code) => return Err(self.fail(failure(code, true))),
            };
        }
    }

    fn fail(&self, error: TransactionError) -> TransactionError {
        self.state().failed = Some(error.clone());
        error
    }

    fn end(&self, commit: bool, limit: Duration) -> Result<(), TransactionError> {
        let epoch = self.state().epoch;
        let end = |world: &mut World| world.broker.end(&self.id, epoch, commit);
        let fate = if comes_late() { Fate::Twice } else { fate() };
        match fate {
            Fate::Arrives => self.ask(limit, end)?,
            Fate::Twice => {
                self.breaks();
                self.ask(limit, end)?;
                world(|world| {
                    let after = world.dice.time(HELD_UP);
                    world.note(&format!(
                        "{}: a request to end ({commit}) is on its way for {after:?}",
                        self.id
                    ));
                    if world.dice.one_in(2) {
                        world.broker.hold_up(&self.id, epoch, commit);
                    } else {
                        world.broker.end_late(after, &self.id, epoch, commit);
                    }
                });
            }
            Fate::Unknown { arrives } => {
                self.breaks();
                if arrives {
                    self.ask(limit, end)?;
                }
                schedule::sleep(limit);
                return Err(failure(Code::OperationTimedOut, false));
            }
            Fate::Lost => {
                schedule::sleep(LOST);
                return Err(failure(Code::OperationTimedOut, false));
            }
        }
        note(&format!("{}: ended, commit {commit}", self.id));
        let mut state = self.state();
        state.queue.clear();
        state.added.clear();
        state.failed = None;
        Ok(())
    }
}

fn failure(code: Code, requires_abort: bool) -> TransactionError {
    TransactionError {
        code: Some(code),
        message: format!("simulated: {code:?}"),
        requires_abort,
    }
}

impl Producer for Writer {
    type Group = Membership;

    fn deliveries(&self) -> &Deliveries {
        &self.deliveries
    }

    fn poll(&self) {
        if choose(4) == 0 {
            self.deliver();
        }
    }

    fn send<'a>(&self, record: Outgoing<'a>) -> Result<(), (KafkaError, Outgoing<'a>)> {
        let refused = |code| KafkaError::MessageProduction(code);
        let mut state = self.state();
        if state.failed.is_some() {
            return Err((refused(Code::State), record));
        }
        if state.queue.len() >= QUEUE {
            return Err((refused(Code::QueueFull), record));
        }
        let partition = record
            .partition
            .unwrap_or_else(|| partition_of(record.topic, record.key.unwrap_or_default()));
        let record_of = |time| Record {
            key: record.key.map(<[u8]>::to_vec),
            value: record.payload.map(<[u8]>::to_vec),
            headers: record.headers.clone() as Option<OwnedHeaders>,
            time,
        };
        let queued = Queued {
            place: (record.topic.to_owned(), partition),
            record: record_of(crate::work::wall_clock()),
            task: record.delivery_opaque,
        };
        state.queue.push(queued);
        drop(state);
        // A batch is full.
        if choose(6) == 0 {
            self.deliver();
        }
        if troubled() {
            self.breaks();
        }
        Ok(())
    }

    fn pulse(&self) {
        self.deliver();
    }

    fn flush(&self, limit: Duration) -> Result<(), TransactionError> {
        let until = world(|world| world.broker.now) + limit;
        loop {
            self.deliver();
            if self.state().queue.is_empty() {
                return Ok(());
            }
            if world(|world| world.broker.now) >= until {
                return Err(TransactionError {
                    code: None,
                    ..failure(Code::OperationTimedOut, false)
                });
            }
            schedule::sleep(ASK_AGAIN);
        }
    }

    fn init_transactions(&self, limit: Duration) -> Result<(), TransactionError> {
        if let Fate::Lost = fate() {
            schedule::sleep(LOST);
            return Err(failure(Code::OperationTimedOut, false));
        }
        let epoch = self.ask(limit, |world| world.broker.init(&self.id, self.timeout))?;
        note(&format!("{}: epoch {epoch}", self.id));
        self.state().epoch = epoch;
        Ok(())
    }

    fn begin_transaction(&self) -> Result<(), TransactionError> {
        if troubled() || comes_late() {
            self.breaks();
        }
        match &self.state().failed {
            Some(failed) => Err(failed.clone()),
            None => Ok(()),
        }
    }

    fn send_offsets_to_transaction(
        &self,
        offsets: &TopicPartitionList,
        group: &Membership,
        limit: Duration,
    ) -> Result<(), TransactionError> {
        if let Some(failed) = self.state().failed.clone() {
            return Err(failed);
        }
        let epoch = self.state().epoch;
        let all = || {
            let elements = offsets.elements();
            let each = elements.iter().map(|element| {
                let place = (element.topic().to_owned(), element.partition());
                let offset: Committed = (
                    element.offset().to_raw().unwrap_or_default(),
                    element.metadata().to_owned(),
                );
                (place, offset)
            });
            each.collect()
        };
        self.ask(limit, |world| {
            world.broker.add_offsets(&self.id, epoch, group, all())
        })
    }

    fn commit_transaction(&self, limit: Duration) -> Result<(), TransactionError> {
        if let Some(failed) = self.state().failed.clone() {
            return Err(failed);
        }
        self.end(true, limit)
    }

    fn abort_transaction(&self, limit: Duration) -> Result<(), TransactionError> {
        if let Some(failed) = self
            .state()
            .failed
            .clone()
            .filter(|failed| !failed.requires_abort)
        {
            return Err(failed);
        }
        self.state().queue.clear();
        self.end(false, limit)
    }
}

/// Kafka hashes keys; any hash that stays the same will do.
fn partition_of(topic: &str, key: &[u8]) -> i32 {
    let partitions = world(|world| world.broker.partitions(topic)).max(1);
    let hash = key.iter().fold(7_usize, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(usize::from(*byte))
    });
    i32::try_from(hash % partitions).unwrap_or_default()
}
