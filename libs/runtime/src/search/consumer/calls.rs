//! The calls of a simulated consumer, each as librdkafka's of the same name.

use super::{ASK_AGAIN, Answer, Consumer, Fetched, LOOK, State, ask, list_of};
use crate::kafka::{DescribedGroup, GroupConsumer, GroupMember, Reader};
use crate::lane::GroupContext;
use crate::search::broker::Place;
use crate::search::group::Membership;
use crate::search::schedule::{self, GRAIN};
use crate::search::world::{BROKER, World, choose, travel, troubled, world};
use rdkafka::consumer::CommitMode;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::OwnedMessage;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::BTreeSet;
use std::time::Duration;

impl Reader for Consumer {
    type Record<'a> = OwnedMessage;

    fn poll(&self, wait: Duration) -> Option<Answer<OwnedMessage>> {
        let wait = if wait.is_zero() { wait } else { wait.max(GRAIN) };
        let until = world(|world| world.broker.now).saturating_add(wait);
        loop {
            if self.hear() {
                return None;
            }
            if let Some(fetched) = self.fetch() {
                if choose(24) == 0 {
                    travel(wait.max(LOOK));
                }
                return Some(fetched);
            }
            if troubled() {
                let troubles = [
                    Code::BrokerTransportFailure,
                    Code::NotLeaderForPartition,
                    Code::AllBrokersDown,
                ];
                return Some(Err(KafkaError::MessageConsumption(
                    troubles[choose(troubles.len())],
                )));
            }
            if world(|world| world.broker.now) >= until {
                schedule::sleep(LOOK);
                return None;
            }
            schedule::wait(until, BROKER);
        }
    }

    fn position(&self) -> Answer<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for ((topic, partition), own) in &self.state().fetched {
            let offset = own.position.map_or(Offset::Invalid, Offset::Offset);
            list.add_partition_offset(topic, *partition, offset)?;
        }
        Ok(list)
    }

    fn incremental_assign(&self, partitions: &TopicPartitionList) -> Answer<()> {
        let mut state = self.state();
        state.answered = true;
        for element in partitions.elements() {
            let place = place_of(element.topic(), element.partition());
            let begun = world(|world| {
                let log = world.broker.log(&place).cloned().unwrap_or_default();
                let next = match element.offset() {
                    Offset::Offset(offset) => offset,
                    Offset::Beginning => log.begin,
                    _ => log.end,
                };
                let behind = (world.lagging && world.dice.one_in(3)).then(|| {
                    let missing = usize::try_from(log.end - log.begin).unwrap_or_default();
                    let at = log.end - i64::try_from(world.dice.below(missing + 1)).unwrap_or_default();
                    (
                        at.max(next),
                        world.broker.now + world.dice.time(Duration::from_secs(2)),
                    )
                });
                Fetched {
                    next,
                    behind,
                    ..Fetched::default()
                }
            });
            if state.fetched.insert(place, begun).is_some() {
                return Err(KafkaError::Subscription("assigned twice".to_owned()));
            }
        }
        Ok(())
    }

    fn incremental_unassign(&self, partitions: &TopicPartitionList) -> Answer<()> {
        let mut state = self.state();
        for element in partitions.elements() {
            let place = place_of(element.topic(), element.partition());
            if state.fetched.remove(&place).is_none() {
                return Err(KafkaError::Subscription(format!("{place:?} is not assigned")));
            }
        }
        state.answered = true;
        Ok(())
    }

    /// Waits for open transactions that hold an offset.
    fn committed_offsets(
        &self,
        partitions: TopicPartitionList,
        limit: Duration,
    ) -> Answer<TopicPartitionList> {
        ask(limit, KafkaError::OffsetFetch)?;
        let until = world(|world| world.broker.now) + limit;
        let places = places_of(&partitions);
        loop {
            let group = |world: &mut World| {
                places
                    .iter()
                    .all(|place| world.broker.group(&self.group).is_stable(place))
            };
            if world(group) {
                break;
            }
            if world(|world| world.broker.now) >= until {
                return Err(KafkaError::OffsetFetch(Code::OperationTimedOut));
            }
            schedule::sleep(ASK_AGAIN);
        }
        let mut answer = TopicPartitionList::new();
        for place in places {
            let known = world(|world| world.broker.group(&self.group).offsets.get(&place).cloned());
            let mut element = answer.add_partition(&place.0, place.1);
            if let Some((offset, metadata)) = known {
                element.set_offset(Offset::Offset(offset))?;
                element.set_metadata(metadata);
            }
        }
        Ok(answer)
    }

    fn commit(&self, offsets: &TopicPartitionList, _: CommitMode) -> Answer<()> {
        ask(Duration::from_secs(10), KafkaError::ConsumerCommit)?;
        for element in offsets.elements() {
            let place = place_of(element.topic(), element.partition());
            let offset = (
                element.offset().to_raw().unwrap_or_default(),
                element.metadata().to_owned(),
            );
            world(|world| world.broker.group(&self.group).offsets.insert(place, offset));
        }
        Ok(())
    }

    fn fetch_watermarks(&self, topic: &str, partition: i32, limit: Duration) -> Answer<(i64, i64)> {
        ask(limit, KafkaError::MetadataFetch)?;
        let place = place_of(topic, partition);
        let ends = |world: &mut World| {
            let log = world.broker.log(&place)?;
            Some((log.begin, log.end_of(self.committed)))
        };
        world(ends).ok_or(KafkaError::MetadataFetch(Code::UnknownPartition))
    }

    fn offsets_for_times(
        &self,
        partitions: TopicPartitionList,
        limit: Duration,
    ) -> Answer<TopicPartitionList> {
        ask(limit, KafkaError::OffsetFetch)?;
        let mut answer = TopicPartitionList::new();
        for element in partitions.elements() {
            let place = place_of(element.topic(), element.partition());
            let log = world(|world| world.broker.log(&place).cloned());
            let log = log.ok_or(KafkaError::OffsetFetch(Code::UnknownPartition))?;
            let offset = match element.offset() {
                Offset::Beginning => log.begin,
                _ => log.end_of(self.committed),
            };
            answer.add_partition_offset(&place.0, place.1, Offset::Offset(offset))?;
        }
        Ok(answer)
    }

    fn partitions(&self, topic: &str, limit: Duration) -> Answer<Vec<i32>> {
        ask(limit, KafkaError::MetadataFetch)?;
        let count = world(|world| world.broker.partitions(topic));
        Ok((0..i32::try_from(count).unwrap_or_default()).collect())
    }
}

impl GroupConsumer for Consumer {
    type Group = Membership;

    fn context(&self) -> &GroupContext {
        self.context.as_ref().expect("it is in a group")
    }

    fn subscribe(&self, topics: &[&str]) -> Answer<()> {
        let topics: BTreeSet<String> = topics.iter().map(|topic| (*topic).to_owned()).collect();
        world(|world| {
            if world
                .broker
                .group(&self.group)
                .join(&self.instance, self.id, topics)
            {
                world.broker.rebalance_soon(&self.group);
            }
        });
        Ok(())
    }

    fn unsubscribe(&self) {
        world(|world| {
            if world.broker.group(&self.group).leave(self.id) {
                world.broker.rebalance_soon(&self.group);
            }
        });
    }

    fn assignment(&self) -> Answer<TopicPartitionList> {
        Ok(list_of(self.state().fetched.keys()))
    }

    fn assignment_lost(&self) -> bool {
        self.state().lost
    }

    fn pause(&self, partitions: &TopicPartitionList) -> Answer<()> {
        set_paused(&mut self.state(), partitions, true)
    }

    fn resume(&self, partitions: &TopicPartitionList) -> Answer<()> {
        set_paused(&mut self.state(), partitions, false)
    }

    fn seek_partitions(&self, partitions: TopicPartitionList, limit: Duration) -> Answer<TopicPartitionList> {
        if troubled() {
            travel(limit);
            return Err(KafkaError::Seek("timed out".to_owned()));
        }
        let mut state = self.state();
        for element in partitions.elements() {
            let own = state
                .fetched
                .get_mut(&place_of(element.topic(), element.partition()));
            let own = own.ok_or_else(|| KafkaError::Seek("not assigned".to_owned()))?;
            own.next = element.offset().to_raw().unwrap_or_default();
        }
        Ok(partitions)
    }

    fn group_metadata(&self) -> Option<Membership> {
        Some(Membership {
            group: self.group.clone(),
            instance: self.instance.clone(),
            client: self.id,
            generation: self.state().generation,
        })
    }

    fn describe(&self, group: &str, limit: Duration) -> Answer<Option<DescribedGroup>> {
        ask(limit, KafkaError::GroupListFetch)?;
        let members = world(|world| world.broker.group(group).described());
        let members = members.into_iter().map(|(id, owned)| GroupMember {
            id,
            assignment: assignment(&owned),
        });
        Ok(Some(DescribedGroup {
            stable: true,
            members: members.collect(),
        }))
    }
}

fn set_paused(state: &mut State, partitions: &TopicPartitionList, paused: bool) -> Answer<()> {
    for (topic, partition) in partitions.to_topic_map().keys() {
        let own = state.fetched.get_mut(&place_of(topic, *partition));
        let own = own.ok_or_else(|| KafkaError::PauseResume("not assigned".to_owned()))?;
        own.paused = paused;
    }
    Ok(())
}

fn place_of(topic: &str, partition: i32) -> Place {
    (topic.to_owned(), partition)
}

fn places_of(list: &TopicPartitionList) -> Vec<Place> {
    let elements = list.elements();
    elements
        .iter()
        .map(|element| place_of(element.topic(), element.partition()))
        .collect()
}

/// As the protocol of consumers writes it: a version, then topics with their partitions.
fn assignment(owned: &[Place]) -> Vec<u8> {
    let mut bytes = vec![0, 1];
    bytes.extend(i32::try_from(owned.len()).unwrap_or_default().to_be_bytes());
    for (topic, partition) in owned {
        bytes.extend(i16::try_from(topic.len()).unwrap_or_default().to_be_bytes());
        bytes.extend(topic.as_bytes());
        bytes.extend(1_i32.to_be_bytes());
        bytes.extend(partition.to_be_bytes());
    }
    bytes.extend([0; 4]);
    bytes
}
