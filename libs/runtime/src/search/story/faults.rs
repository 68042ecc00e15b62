//! What comes to the lanes of a run: records, and whatever may go wrong and mends itself.

use super::{ABORTS, Story};
use crate::search::broker::Place;
use crate::search::log::{Log, Record};
use crate::search::schedule;
use crate::search::stage::DAY;
use crate::search::world::{BROKER, note, world};
use crate::work::{WRITTEN_HEADER, wall_clock};
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::message::{Header, OwnedHeaders};
use std::time::Duration;

impl Story {
    pub(super) fn step(&mut self) -> Result<(), String> {
        match self.dice.below(14) {
            0..6 => self.produce(),
            6 => self.kill(),
            7 => self.restart(),
            8 => self.lapse(),
            9 => {
                let longest = [300, 6_000][self.dice.below(2)];
                let away = self.dice.time(Duration::from_millis(longest));
                note(&format!("the broker is away for {away:?}"));
                world(|world| world.away_until = world.broker.now + away);
            }
            10 => self.compact(),
            11 => self.refuse()?,
            12 => self.disturb(),
            _ => {
                let latency = [1, 5, 40][self.dice.below(3)];
                world(|world| world.latency = Duration::from_millis(latency));
            }
        }
        Ok(())
    }

    fn produce(&mut self) {
        let partition = self.dice.below(self.plan.partitions);
        self.produce_to(partition);
    }

    pub(super) fn produce_to(&mut self, partition: usize) {
        let records = 1 + self.dice.below(30);
        let place: Place = (
            self.places.input.clone(),
            i32::try_from(partition).unwrap_or_default(),
        );
        let now = wall_clock();
        for _ in 0..records {
            let value = self.event(partition);
            let ahead = if self.dice.one_in(60) { 3 * DAY } else { 0 };
            let written = now.to_string();
            let headers = OwnedHeaders::new().insert(Header {
                key: WRITTEN_HEADER,
                value: Some(&written),
            });
            let record = Record {
                key: None,
                value: Some(value),
                headers: Some(headers),
                time: now + ahead,
            };
            world(|world| {
                if let Some(log) = world.broker.log_mut(&place) {
                    log.append(record, None);
                }
            });
        }
        note(&format!("{records} records for {partition}"));
        schedule::wake(BROKER);
    }

    fn event(&mut self, partition: usize) -> Vec<u8> {
        if self.dice.one_in(40) {
            return b"nothing that can be read".to_vec();
        }
        let kind = match self.dice.below(30) {
            _ if self.dice.one_in(2_000) => "large",
            0 => "reject",
            1 => "panic",
            2 => "filter",
            _ => "count",
        };
        let id = if self.made > 0 && self.dice.one_in(3) {
            self.dice.below(usize::try_from(self.made).unwrap_or_default()) as u64
        } else {
            self.made += 1;
            self.made
        };
        let subject = self.dice.below(5);
        format!("{partition}-{subject}|{id}|{kind}").into_bytes()
    }

    fn one(&mut self) -> usize {
        self.dice.below(self.processes.len())
    }

    /// A process is killed, and started anew.
    fn kill(&mut self) {
        let at = self.one();
        let killed = self.processes.swap_remove(at);
        note(&format!("{}: killed", killed.name));
        schedule::kill(killed.id);
        let pause = [0, 100, 5_000][self.dice.below(3)];
        schedule::sleep(Duration::from_millis(pause));
        self.start(usize::from(killed.name == "b"));
    }

    /// A process is stopped, and started anew.
    fn restart(&mut self) {
        let at = self.one();
        let stopped = self.processes.swap_remove(at);
        note(&format!("{}: stops", stopped.name));
        stopped.stop.set();
        let began = schedule::now().unwrap_or_default();
        while stopped.ended.borrow().is_none()
            && schedule::now().unwrap_or_default() < began + Duration::from_mins(1)
        {
            schedule::sleep(Duration::from_millis(20));
        }
        schedule::kill(stopped.id);
        self.start(usize::from(stopped.name == "b"));
    }

    fn lapse(&mut self) {
        let group = self.places.group.clone();
        let clients = world(|world| world.broker.group(&group).clients());
        if clients.is_empty() {
            return;
        }
        let client = clients[self.dice.below(clients.len())];
        note(&format!("client {client} is not counted in any more"));
        world(|world| world.broker.lapse(&group, client, Duration::ZERO));
    }

    fn compact(&self) {
        world(|world| {
            for topic in self.places.changelogs.values() {
                world.broker.topic_mut(topic).iter_mut().for_each(Log::compact);
            }
        });
    }

    /// A partition of some topic takes no records for a while.
    fn refuse(&mut self) -> Result<(), String> {
        let topics: Vec<&String> = [&self.places.output, &self.places.dead]
            .into_iter()
            .chain(self.places.changelogs.values())
            .collect();
        let topic = topics[self.dice.below(topics.len())].clone();
        let place = (
            topic,
            i32::try_from(self.dice.below(self.plan.partitions)).unwrap_or_default(),
        );
        let code = [Code::NotEnoughReplicas, Code::MessageTimedOut][self.dice.below(2)];
        note(&format!("{place:?} refuses: {code:?}"));
        world(|world| world.broker.refuses.insert(place.clone(), code));
        let aborted = self.aborted();
        let pause = self.dice.time(Duration::from_secs(12));
        schedule::sleep(pause);
        let aborted = self.aborted() - aborted;
        if aborted > ABORTS {
            return Err(format!(
                "{aborted} transactions were aborted in {pause:?}, without a rest between"
            ));
        }
        note(&format!("{place:?} takes records again"));
        world(|world| world.broker.refuses.clear());
        Ok(())
    }

    /// Markers of somebody else's transactions come to the changelogs.
    fn disturb(&mut self) {
        let count = 1 + self.dice.below(4);
        for _ in 0..count {
            world(|world| {
                for topic in self.places.changelogs.values() {
                    let place = (topic.clone(), 0);
                    if let Some(log) = world.broker.log_mut(&place) {
                        log.mark(usize::MAX, false);
                    }
                }
            });
            schedule::wake(BROKER);
            schedule::sleep(Duration::from_millis(3));
        }
    }
}
