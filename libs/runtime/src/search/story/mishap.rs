//! What only a person can mend: what follows from it, and that everything goes on once it is mended.

use super::{Process, QUIET, Story, broker};
use crate::lane::Note;
use crate::search::dice::Dice;
use crate::search::log::{Log, Record};
use crate::search::oracle::{committed, is_read};
use crate::search::schedule;
use crate::search::stage::{CURSED, DAY};
use crate::search::world::{note, world};
use crate::work::wall_clock;
use rdkafka::error::RDKafkaErrorCode as Code;
use std::time::Duration;

/// What only a person can mend, once a run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mishap {
    /// A changelog is spoilt.
    Spoilt(Spoiling),
    /// Another process is given the id of one that runs.
    Twin,
    /// A topic refuses records for good.
    Refused,
}

/// What became of a changelog.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spoiling {
    MadeAnew,
    Cut,
    Unreadable,
    Cursed,
}

impl Mishap {
    pub(super) fn of(dice: &mut Dice) -> Option<Self> {
        Some(match dice.below(18) {
            0 => Self::Twin,
            1 => Self::Refused,
            2 => Self::Spoilt(Spoiling::MadeAnew),
            3 => Self::Spoilt(Spoiling::Cut),
            4 => Self::Spoilt(Spoiling::Unreadable),
            5 => Self::Spoilt(Spoiling::Cursed),
            _ => return None,
        })
    }
}

impl Story {
    /// Something that only a person can mend happens, if the plan has it; and it is mended.
    pub(super) fn mishap(&mut self) -> Result<(), String> {
        let Some(mishap) = self.plan.mishap else {
            return Ok(());
        };
        let trouble = world(|world| {
            world.away_until = Duration::ZERO;
            std::mem::take(&mut world.trouble)
        });
        match mishap {
            Mishap::Twin => self.twin()?,
            Mishap::Refused => self.refuse_for_good()?,
            Mishap::Spoilt(how) => self.spoil(how)?,
        }
        world(|world| world.trouble = trouble);
        Ok(())
    }

    /// Waits, for a few minutes at most.
    fn await_that(&self, what: &str, mut done: impl FnMut(&Self) -> bool) -> Result<(), String> {
        let until = schedule::now().unwrap_or_default() + QUIET;
        while !done(self) {
            if schedule::now().unwrap_or_default() > until {
                return Err(format!("in vain was waited for this: {what}"));
            }
            schedule::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// One of two processes with the same id ends, and the other goes on.
    fn twin(&mut self) -> Result<(), String> {
        self.start(0);
        let ended = |process: &Process| process.ended.borrow().is_some();
        self.await_that("a process with the id of another one ends", |story| {
            story.processes.iter().any(ended)
        })?;
        let (ended, go_on): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.processes).into_iter().partition(ended);
        self.processes = go_on;
        for process in ended {
            let why = process.ended.borrow().clone();
            if !matches!(&why, Some(Err(why)) if why.contains("instance_id")) {
                return Err(format!("a process with the id of another one ended: {why:?}"));
            }
        }
        Ok(())
    }

    /// The changelog holds many keys whose time is over: their tombstones are written while records come.
    pub(super) fn end_many(&mut self, keys: u64) -> Result<(), String> {
        self.create();
        let input = (self.places.input.clone(), 0);
        let changelog = (self.places.changelogs["seen"].clone(), 0);
        let group = self.places.group.clone();
        let now = wall_clock();
        world(|world| {
            world
                .broker
                .group(&group)
                .offsets
                .insert(input, (0, String::new()));
            if let Some(log) = world.broker.log_mut(&changelog) {
                for key in 0..keys {
                    let key = (1_u128 << 64) + u128::from(key);
                    log.append(state(&key.to_be_bytes(), ended(now - DAY), now), None);
                }
            }
        });
        schedule::spawn("broker".to_owned(), broker);
        self.start(0);
        let left = |_: &Self| world(|world| world.broker.topic(&changelog.0)[0].tombstones() as u64) < keys;
        let until = schedule::now().unwrap_or_default() + QUIET;
        while left(self) {
            if schedule::now().unwrap_or_default() > until {
                return Err("not every key was ended".to_owned());
            }
            self.produce_to(0);
            schedule::sleep(Duration::from_millis(500));
        }
        self.check_none_failed()
    }

    /// The tasks that write to a partition are put aside, until it takes records again.
    fn refuse_for_good(&mut self) -> Result<(), String> {
        let place = (self.places.output.clone(), 0);
        note(&format!("{place:?} refuses for good"));
        world(|world| world.broker.refuses.insert(place, Code::InvalidRecord));
        self.produce_to_all();
        schedule::sleep(Duration::from_secs(20));
        self.check_none_failed()?;
        note("it takes records again");
        world(|world| world.broker.refuses.clear());
        self.retry_all();
        Ok(())
    }

    /// A changelog is spoilt while nobody runs. Its task is put aside; all others go on; nothing of it is read.
    fn spoil(&mut self, how: Spoiling) -> Result<(), String> {
        let partition = i32::try_from(self.dice.below(self.plan.partitions)).unwrap_or_default();
        let place = (self.places.changelogs["signals"].clone(), partition);
        let input = (self.places.input.clone(), partition);
        let names: Vec<_> = self
            .processes
            .iter()
            .map(|process| process.name.clone())
            .collect();
        self.processes
            .drain(..)
            .for_each(|process| schedule::kill(process.id));
        schedule::sleep(Duration::from_secs(8));
        let before = world(|world| {
            let before = world
                .broker
                .log(&place)
                .cloned()
                .filter(|log| log.committed().next().is_some())?;
            let now = wall_clock();
            let log = world.broker.log_mut(&place)?;
            match how {
                Spoiling::MadeAnew => *log = Log::default(),
                Spoiling::Cut => log.cut(),
                Spoiling::Unreadable => log.append(state(b"x", vec![0xc1, 9], now), None),
                Spoiling::Cursed => log.append(state(b"x", cursed(), now), None),
            }
            world.note(&format!("{place:?}: {how:?}"));
            Some(before)
        });
        let stood = world(|world| committed(&mut world.broker, &self.places, &input));
        for name in names {
            self.start(usize::from(name == "b"));
        }
        let Some(before) = before else { return Ok(()) };
        self.produce_to_all();
        let others: Vec<_> = (0..self.places.partitions)
            .filter(|other| *other != partition)
            .collect();
        self.await_that("the other tasks go on", |story| {
            let read = |other: &i32| world(|world| is_read(&mut world.broker, &story.places, *other));
            others.iter().all(read)
        })?;
        schedule::sleep(Duration::from_secs(20));
        self.check_none_failed()?;
        if world(|world| committed(&mut world.broker, &self.places, &input)) != stood {
            return Err(format!("{input:?} went on though its state is spoilt"));
        }
        note(&format!("{place:?}: mended"));
        world(|world| {
            if let Some(log) = world.broker.log_mut(&place) {
                match how {
                    Spoiling::MadeAnew | Spoiling::Cut => *log = before,
                    Spoiling::Unreadable | Spoiling::Cursed => log.forget_last(),
                }
            }
        });
        self.retry_all();
        Ok(())
    }

    pub(super) fn produce_to_all(&mut self) {
        for partition in 0..self.plan.partitions {
            self.produce_to(partition);
        }
    }

    /// A person asks for another try of whatever is noted.
    pub(super) fn retry_all(&self) {
        world(|world| {
            let notes = world.broker.group(&self.places.notes);
            for (_, text) in notes.offsets.values_mut() {
                if let Some(note) = Note::from_metadata(text) {
                    *text = Note { retry: true, ..note }.to_metadata();
                }
            }
        });
    }
}

/// A record of a changelog.
fn state(key: &[u8], value: Vec<u8>, time: i64) -> Record {
    Record {
        key: Some(key.to_vec()),
        value: Some(value),
        headers: None,
        time,
    }
}

/// A key whose time is over since then, in MessagePack.
fn ended(until: i64) -> Vec<u8> {
    let mut value = vec![0x82, 0xa5];
    value.extend(b"until");
    value.push(0xd3);
    value.extend(until.to_be_bytes());
    value.push(0xa5);
    value.extend(b"value");
    value.push(0xc0);
    value
}

/// In MessagePack.
fn cursed() -> Vec<u8> {
    let mut value = vec![0xd3];
    value.extend(CURSED.to_be_bytes());
    value
}
