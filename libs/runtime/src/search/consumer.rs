//! A simulated consumer, in a group or not.

mod calls;

use super::broker::{Broker, Place};
use super::group::Word;

use super::schedule;
use super::world::{World, choose, note, travel, troubled, world};
use crate::lane::GroupContext;
use rdkafka::ClientContext;
use rdkafka::Timestamp;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::OwnedMessage;
use rdkafka::topic_partition_list::TopicPartitionList;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a poll costs that finds nothing.
const LOOK: Duration = Duration::from_micros(50);
/// A client asks again so often for what is not decided yet.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// A partition that is fetched.
#[derive(Debug, Clone, Default)]
struct Fetched {
    next: i64,
    /// Where whoever polls stands; nowhere before the first record or end.
    position: Option<i64>,
    paused: bool,
    /// The end that was told last.
    told: Option<i64>,
    /// A replica that is behind ends here, until then.
    behind: Option<(i64, Duration)>,
}

#[derive(Debug, Default)]
struct State {
    fetched: BTreeMap<Place, Fetched>,
    generation: i32,
    lost: bool,
    answered: bool,
    last: Option<Place>,
}

/// See the module.
pub(super) struct Consumer {
    id: u64,
    group: String,
    instance: String,
    session: Duration,
    committed: bool,
    tells_ends: bool,
    context: Option<GroupContext>,
    process: u64,
    state: Mutex<State>,
}

type Answer<T> = Result<T, KafkaError>;

impl Consumer {
    pub(super) fn new(config: &ClientConfig, context: Option<GroupContext>) -> Self {
        let text = |key| config.get(key).unwrap_or_default().to_owned();
        Self {
            id: world(World::next_client),
            group: text("group.id"),
            instance: text("group.instance.id"),
            session: Duration::from_millis(text("session.timeout.ms").parse().unwrap_or(6_000)),
            committed: text("isolation.level") != "read_uncommitted",
            tells_ends: text("enable.partition.eof") == "true",
            context,
            process: schedule::process(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the context what the group says; `false` if it says nothing.
    fn hear(&self) -> bool {
        let Some(context) = &self.context else {
            return false;
        };
        let Some((generation, word)) = world(|world| world.broker.group(&self.group).next(self.id)) else {
            return false;
        };
        note(&format!(
            "{} hears in generation {generation}: {word:?}",
            self.instance
        ));
        let mut state = self.state();
        state.generation = state.generation.max(generation);
        state.answered = false;
        state.lost = matches!(word, Word::Lost(_));
        drop(state);
        match word {
            Word::Assigned(places) => context.assigned(self, &list_of(&places)),
            Word::Lost(places) => context.revoked(self, &list_of(&places)),
            Word::Revoked(places) => {
                context.revoked(self, &list_of(&places));
                world(|world| {
                    let now = world.broker.now;
                    world.broker.group(&self.group).gave_back(self.id, &places, now);
                    world.broker.rebalance_soon(&self.group);
                });
            }
            Word::Fenced => {
                let error = KafkaError::Global(Code::FencedInstanceId);
                context.error(error, "another member has this group.instance.id");
                return true;
            }
        }
        assert!(self.state().answered, "a word of the group was not answered");
        true
    }

    /// The next record, end or error, if there is one.
    fn fetch(&self) -> Option<Answer<OwnedMessage>> {
        let mut state = self.state();
        let State { fetched, last, .. } = &mut *state;
        world(|world| {
            if world.away_until > world.broker.now {
                return None;
            }
            let mut ready: Vec<Place> = Vec::new();
            for (place, own) in fetched.iter_mut().filter(|(_, own)| !own.paused) {
                if is_ready(&world.broker, place, own, self.committed, self.tells_ends) {
                    ready.push(place.clone());
                }
            }
            // Records come in runs.
            let stays = last
                .as_ref()
                .filter(|last| ready.contains(last))
                .filter(|_| !world.dice.one_in(4));
            let place = match stays {
                Some(place) => place.clone(),
                None if ready.is_empty() => return None,
                None => ready.swap_remove(world.dice.below(ready.len())),
            };
            if self.context.is_none() {
                world.restores(self.process, &place);
            }
            *last = Some(place.clone());
            let own = fetched.get_mut(&place)?;
            Some(take(&world.broker, place, own, self.committed))
        })
    }
}

/// Whether the broker answers; an error where it does not, or where the call meets trouble.
fn ask(limit: Duration, of: fn(Code) -> KafkaError) -> Answer<()> {
    if !travel(limit) {
        return Err(of(Code::OperationTimedOut));
    }
    if troubled() {
        let troubles = [
            Code::OperationTimedOut,
            Code::NotCoordinator,
            Code::NotLeaderForPartition,
        ];
        return Err(of(troubles[choose(troubles.len())]));
    }
    Ok(())
}

/// Whether a poll brings something of a partition.
fn is_ready(broker: &Broker, place: &Place, own: &mut Fetched, committed: bool, tells_ends: bool) -> bool {
    let Some(log) = broker.log(place) else { return true };
    if own.next < log.begin || own.next > log.end {
        return true;
    }
    let end = end_of(broker, place, own, committed);
    if log.next(own.next, end).is_some() {
        return true;
    }
    own.next = own.next.max(end);
    tells_ends && own.told != Some(own.next)
}

/// The end as the replica tells it that is read from.
fn end_of(broker: &Broker, place: &Place, own: &Fetched, committed: bool) -> i64 {
    let end = broker.log(place).map_or(0, |log| log.end_of(committed));
    let behind = own.behind.filter(|(_, until)| *until > broker.now);
    behind.map_or(end, |(at, _)| at.min(end))
}

fn take(broker: &Broker, place: Place, own: &mut Fetched, committed: bool) -> Answer<OwnedMessage> {
    let log = broker
        .log(&place)
        .ok_or(KafkaError::MessageConsumption(Code::UnknownTopicOrPartition))?;
    if own.next < log.begin || own.next > log.end {
        return Err(KafkaError::MessageConsumption(Code::AutoOffsetReset));
    }
    let end = end_of(broker, &place, own, committed);
    let Some((offset, record)) = log.next(own.next, end) else {
        own.told = Some(own.next);
        own.position = Some(own.next);
        return Err(KafkaError::PartitionEOF(place.1));
    };
    own.next = offset + 1;
    own.position = Some(own.next);
    let record = record.clone();
    let time = Timestamp::LogAppendTime(record.time);
    Ok(OwnedMessage::new(
        record.value,
        record.key,
        place.0,
        time,
        place.1,
        offset,
        record.headers,
    ))
}

impl Drop for Consumer {
    /// Nobody tells the group: a static member is given up after its session.
    fn drop(&mut self) {
        if self.context.is_some() {
            world(|world| world.broker.lapse(&self.group, self.id, self.session));
        }
    }
}

fn list_of<'a>(places: impl IntoIterator<Item = &'a Place>) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for (topic, partition) in places {
        list.add_partition(topic, *partition);
    }
    list
}
