//! A simulated broker: topics, transactions, and groups ([`super::group`]). Requests that clients send take effect here,
//! at once and as a whole; what the network does to them is the clients' part.

use super::dice::Dice;
use super::group::{Group, Membership};
use super::log::{Log, Record, Writer};
use rdkafka::error::RDKafkaErrorCode as Code;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A partition by its topic's name.
pub(super) type Place = (String, i32);
/// An offset, and what is kept beside it.
pub(super) type Offset = (i64, String);

/// A marker of a transaction takes up to this long to reach its partition.
const MARKER: Duration = Duration::from_millis(20);
/// A rebalance begins this late at most.
const REBALANCE: Duration = Duration::from_millis(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Empty,
    /// With its number among those of the producer.
    Open(u64),
    /// So many markers are still on their way.
    Ending(usize),
}

/// What a coordinator knows of one transactional id.
#[derive(Debug)]
struct Transaction {
    writer: Writer,
    epoch: u32,
    timeout: Duration,
    state: State,
    number: u64,
    places: BTreeSet<Place>,
    offsets: Vec<(String, Place, Offset)>,
    records: usize,
}

/// What happens by itself, later.
#[derive(Debug, Clone)]
enum Later {
    Marker {
        id: String,
        place: Place,
        commit: bool,
    },
    OffsetsMarker {
        id: String,
        commit: bool,
    },
    /// A request to end a transaction that was held up on its way.
    End {
        id: String,
        epoch: u32,
        commit: bool,
    },
    Expire {
        id: String,
        number: u64,
    },
    Rebalance(String),
    Lapse {
        group: String,
        client: u64,
    },
}

/// See the module.
#[derive(Debug)]
pub(super) struct Broker {
    pub(super) now: Duration,
    topics: BTreeMap<String, Vec<Log>>,
    transactions: BTreeMap<String, Transaction>,
    groups: BTreeMap<String, Group>,
    later: BTreeMap<(Duration, u64), Later>,
    sequence: u64,
    /// Requests to end a transaction that come in the middle of a later one of the same producer.
    held_up: BTreeMap<String, (u32, bool)>,
    /// Partitions that take no records, and what they answer.
    pub(super) refuses: BTreeMap<Place, Code>,
    /// The largest transaction that was committed, in records.
    pub(super) largest: usize,
    dice: Dice,
}

impl Broker {
    pub(super) fn new(dice: Dice) -> Self {
        Self {
            now: Duration::ZERO,
            topics: BTreeMap::new(),
            transactions: BTreeMap::new(),
            groups: BTreeMap::new(),
            later: BTreeMap::new(),
            sequence: 0,
            held_up: BTreeMap::new(),
            refuses: BTreeMap::new(),
            largest: 0,
            dice,
        }
    }

    pub(super) fn create(&mut self, topic: String, partitions: usize) {
        self.topics.insert(topic, vec![Log::default(); partitions]);
    }

    pub(super) fn partitions(&self, topic: &str) -> usize {
        self.topics.get(topic).map_or(0, Vec::len)
    }

    pub(super) fn log(&self, (topic, partition): &Place) -> Option<&Log> {
        self.topics.get(topic)?.get(usize::try_from(*partition).ok()?)
    }

    pub(super) fn log_mut(&mut self, (topic, partition): &Place) -> Option<&mut Log> {
        self.topics
            .get_mut(topic)?
            .get_mut(usize::try_from(*partition).ok()?)
    }

    pub(super) fn topic_mut(&mut self, name: &str) -> &mut [Log] {
        self.topics.get_mut(name).map_or(&mut [], Vec::as_mut_slice)
    }

    /// The logs of one topic.
    pub(super) fn topic(&self, name: &str) -> &[Log] {
        self.topics.get(name).map_or(&[], Vec::as_slice)
    }

    /// When something happens by itself next.
    pub(super) fn next_event(&self) -> Option<Duration> {
        self.later.keys().next().map(|(at, _)| *at)
    }

    fn later(&mut self, after: Duration, what: Later) {
        self.sequence += 1;
        self.later.insert((self.now + after, self.sequence), what);
    }

    /// It is so late now; what was to happen until then happens. Says whether anything did.
    pub(super) fn advance(&mut self, now: Duration) -> bool {
        let mut happened = false;
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now) {
            self.now = entry.key().0;
            let what = entry.remove();
            self.happen(what);
            happened = true;
        }
        self.now = now;
        happened
    }

    fn happen(&mut self, what: Later) {
        match what {
            Later::Marker { id, place, commit } => {
                let writer = self.transactions.get(&id).map(|transaction| transaction.writer);
                if let (Some(writer), Some(log)) = (writer, self.log_mut(&place)) {
                    log.mark(writer, commit);
                }
                self.marked(&id);
            }
            Later::OffsetsMarker { id, commit } => {
                let offsets = self
                    .transactions
                    .get_mut(&id)
                    .map(|own| std::mem::take(&mut own.offsets));
                for (group, place, offset) in offsets.unwrap_or_default() {
                    self.group(&group).settle(&id, &place, commit.then_some(offset));
                }
                self.marked(&id);
            }
            Later::End { id, epoch, commit } => {
                let _ = self.end(&id, epoch, commit);
            }
            Later::Expire { id, number } => {
                let own = self.transactions.get_mut(&id);
                if let Some(own) = own.filter(|own| own.state == State::Open(number)) {
                    own.epoch += 1;
                    self.finish(&id, false);
                }
            }
            Later::Rebalance(group) => self.rebalance(&group),
            Later::Lapse { group, client } => {
                let now = self.now;
                if self.group(&group).lapse(client, now) {
                    self.rebalance_soon(&group);
                }
            }
        }
    }

    fn marked(&mut self, id: &str) {
        if let Some(own) = self.transactions.get_mut(id)
            && let State::Ending(left) = own.state
        {
            own.state = if left > 1 {
                State::Ending(left - 1)
            } else {
                State::Empty
            };
        }
    }

    /// A producer of this id begins: whoever had it is fenced, and what it left open is aborted first.
    pub(super) fn init(&mut self, id: &str, timeout: Duration) -> Result<u32, Code> {
        let writer = self.transactions.len();
        let own = self.transactions.entry(id.to_owned()).or_insert(Transaction {
            writer,
            epoch: 0,
            timeout,
            state: State::Empty,
            number: 0,
            places: BTreeSet::new(),
            offsets: Vec::new(),
            records: 0,
        });
        match own.state {
            State::Empty => {
                own.epoch += 1;
                Ok(own.epoch)
            }
            State::Open(_) => {
                own.epoch += 1;
                self.finish(id, false);
                Err(Code::ConcurrentTransactions)
            }
            State::Ending(_) => Err(Code::ConcurrentTransactions),
        }
    }

    /// The transaction that a request belongs to; it begins with its first request.
    fn open(&mut self, id: &str, epoch: u32) -> Result<&mut Transaction, Code> {
        let own = self
            .transactions
            .get_mut(id)
            .ok_or(Code::InvalidProducerIdMapping)?;
        if own.epoch != epoch {
            return Err(Code::ProducerFenced);
        }
        match own.state {
            State::Ending(_) => return Err(Code::ConcurrentTransactions),
            State::Open(_) => {}
            State::Empty => {
                own.number += 1;
                own.state = State::Open(own.number);
                (own.places, own.offsets, own.records) = Default::default();
                let (number, timeout) = (own.number, own.timeout);
                let id = id.to_owned();
                self.later(timeout, Later::Expire { id, number });
            }
        }
        self.transactions
            .get_mut(id)
            .ok_or(Code::InvalidProducerIdMapping)
    }

    /// `added`: the client has added the partition to its transaction before. Where that is over meanwhile, the record
    /// belongs to none (KIP-890, part 1).
    pub(super) fn append(
        &mut self,
        (id, epoch): (&str, u32),
        place: &Place,
        record: Record,
        added: bool,
    ) -> Result<(), Code> {
        if let Some(code) = self.refuses.get(place) {
            return Err(*code);
        }
        if self.log(place).is_none() {
            return Err(Code::UnknownTopicOrPartition);
        }
        let known = self.transactions.get(id);
        let is_in = |own: &Transaction| matches!(own.state, State::Open(_)) && own.places.contains(place);
        if added && known.is_some_and(|own| own.epoch == epoch && !is_in(own)) {
            return Err(Code::InvalidTransactionalState);
        }
        let own = self.open(id, epoch)?;
        own.places.insert(place.clone());
        own.records += 1;
        let writer = own.writer;
        if let Some(log) = self.log_mut(place) {
            log.append(record, Some(writer));
        }
        if self.dice.one_in(8)
            && let Some((epoch, commit)) = self.held_up.remove(id)
        {
            let _ = self.end(id, epoch, commit);
        }
        Ok(())
    }

    /// The offsets of a member become part of the transaction.
    pub(super) fn add_offsets(
        &mut self,
        id: &str,
        epoch: u32,
        member: &Membership,
        offsets: Vec<(Place, Offset)>,
    ) -> Result<(), Code> {
        self.group(&member.group).check(member)?;
        self.open(id, epoch)?;
        for (place, _) in &offsets {
            self.group(&member.group).hold(id, place);
        }
        let own = self.open(id, epoch)?;
        let offsets = offsets
            .into_iter()
            .map(|(place, offset)| (member.group.clone(), place, offset));
        own.offsets.extend(offsets);
        Ok(())
    }

    /// Ends whatever transaction of the producer is open: a request does not say which one it means.
    pub(super) fn end(&mut self, id: &str, epoch: u32, commit: bool) -> Result<(), Code> {
        let own = self
            .transactions
            .get_mut(id)
            .ok_or(Code::InvalidProducerIdMapping)?;
        if own.epoch != epoch {
            return Err(Code::ProducerFenced);
        }
        if matches!(own.state, State::Open(_)) {
            if commit {
                self.largest = self.largest.max(own.records);
            }
            self.finish(id, commit);
        }
        Ok(())
    }

    /// The same, in the middle of a later transaction, which is the worst moment.
    pub(super) fn hold_up(&mut self, id: &str, epoch: u32, commit: bool) {
        self.held_up.insert(id.to_owned(), (epoch, commit));
    }

    /// The same, some time later.
    pub(super) fn end_late(&mut self, after: Duration, id: &str, epoch: u32, commit: bool) {
        let id = id.to_owned();
        self.later(after, Later::End { id, epoch, commit });
    }

    /// It is decided; each partition hears of it in its own time.
    fn finish(&mut self, id: &str, commit: bool) {
        let Some(own) = self.transactions.get_mut(id) else {
            return;
        };
        own.state = State::Ending(own.places.len() + 1);
        let id = id.to_owned();
        for place in own.places.clone() {
            let (after, id) = (self.dice.time(MARKER), id.clone());
            self.later(after, Later::Marker { id, place, commit });
        }
        let after = self.dice.time(MARKER);
        self.later(after, Later::OffsetsMarker { id, commit });
    }

    pub(super) fn group(&mut self, name: &str) -> &mut Group {
        self.groups.entry(name.to_owned()).or_default()
    }

    pub(super) fn rebalance_soon(&mut self, group: &str) {
        let after = self.dice.time(REBALANCE);
        self.later(after, Later::Rebalance(group.to_owned()));
    }

    fn rebalance(&mut self, name: &str) {
        let group = self.groups.entry(name.to_owned()).or_default();
        let topics = &self.topics;
        let count = |topic: &String| topics.get(topic).map_or(0, Vec::len);
        let all = group.topics().into_iter().flat_map(|topic| {
            let partitions = i32::try_from(count(&topic)).unwrap_or_default();
            (0..partitions).map(move |partition| (topic.clone(), partition))
        });
        let all: BTreeSet<Place> = all.collect();
        group.rebalance(&all);
    }

    /// A member that is silent from now on is given up after its session.
    pub(super) fn lapse(&mut self, group: &str, client: u64, session: Duration) {
        let group = group.to_owned();
        self.later(session, Later::Lapse { group, client });
    }
}
