//! A lane whose output is a store outside Kafka: rows and offsets in one transaction of that store.
//!
//! The store knows where it stands, and is asked before anything is taken: when the group gives a task, and when it is
//! unknown what became of a batch. While the store is away the lane waits, stays in its group, and says so.

mod asking;
mod gathered;
mod graveyard;
mod standing;

use crate::client::ends;
use crate::config::LaneConfig;
use crate::fault::{Fault, Fenced, Recovery};
use crate::kafka::Librdkafka;
use crate::lane::{Ended, Intake, Membership, Quarantine};
use crate::observer::{Committed, Deaths, LaneState};
use crate::work::Waiting;
use asking::Asking;
use gathered::{Gathered, Offered};
use graveyard::Graveyard;
use model::Decoder;
use stage::{Advance, Batch, Drain, DrainError, FlowCounts, Task};
use standing::{Fetch, Standing};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// How long a batch may grow while records keep coming.
const GREATEST_AGE: Duration = Duration::from_millis(100);
const QUIET: Duration = Duration::from_millis(5);
const IDLE_WAIT: Duration = Duration::from_millis(50);
const TRY_AGAIN: Duration = Duration::from_millis(500);
const KNOCK_AGAIN: Duration = Duration::from_secs(1);

/// A draining lane.
pub(crate) struct DrainLane<'a, D: Drain> {
    config: &'a LaneConfig,
    drain: &'a mut D,
    intake: Intake,
    decoder: Decoder,
    asking: Asking,
    standing: Standing,
    graveyard: Graveyard<'a>,
    /// The tasks whose next record the registry must explain.
    waiting: Waiting,
    quarantine: Quarantine,
    /// Why the store is waited for.
    store_away: Option<String>,
    /// What was reported last.
    told: LaneState,
    began: Instant,
    /// When a broker was asked last whether it answers.
    knocked: Instant,
}

impl<'a, D: Drain> DrainLane<'a, D> {
    pub(crate) fn connect(config: &'a LaneConfig, drain: &'a mut D, handle: Handle) -> Result<Self, Fault> {
        let intake = Intake::new(config)?;
        let decoder = Decoder::new(Arc::clone(&config.schemas));
        Ok(Self {
            config,
            drain,
            intake,
            decoder,
            asking: Asking::new(handle, config.stop.clone(), config.pulse.clone()),
            standing: Standing::default(),
            graveyard: Graveyard::new::<D::In>(config),
            waiting: Waiting::default(),
            quarantine: Quarantine::new::<Librdkafka>(config),
            store_away: None,
            told: LaneState::Starting,
            began: Instant::now(),
            knocked: Instant::now(),
        })
    }

    /// Runs until it is stopped, or cannot go on.
    pub(crate) fn run(mut self) -> Ended {
        let fault = loop {
            if self.config.stop.is_set() {
                self.intake.leave();
                return Ended::Stopped;
            }
            if let Err(fault) = self.turn() {
                break fault;
            }
        };
        tracing::warn!(stage = %self.config.names.stage, recovery = ?fault.recovery, "{fault}");
        if fault.recovery == Recovery::Halt {
            self.intake.leave();
            Ended::Halted(fault.message)
        } else {
            self.intake.forsake();
            Ended::Rebuild(fault)
        }
    }

    /// First what the group says, then what the store says, then a batch.
    fn turn(&mut self) -> Result<(), Fault> {
        self.config.pulse.beat()?;
        self.intake.look_around()?;
        while let Some(membership) = self.intake.membership() {
            self.heed(membership)?;
        }
        self.look_at_quarantine()?;
        let unknown = self.standing.unknown();
        if !unknown.is_empty() {
            return self.take_over(&unknown);
        }
        self.go_on()?;
        let mut batch = Gathered::default();
        self.gather(&mut batch)?;
        if batch.is_empty() {
            self.watch_broker();
            Ok(())
        } else if self.intake.has_news() {
            self.give_back(&batch.beginnings());
            Ok(())
        } else {
            self.store(batch)
        }
    }

    fn heed(&mut self, membership: Membership) -> Result<(), Fault> {
        match membership {
            Membership::Assigned(tasks) => {
                self.quarantine.restores(&tasks);
                self.standing.give(tasks);
            }
            // The store refuses a former owner, so being counted out costs no more than a revocation.
            Membership::Revoked(tasks) | Membership::Lost(tasks) => {
                self.standing.take_away(&tasks);
                self.graveyard.let_go(&tasks);
                for task in tasks {
                    self.waiting.let_go(task);
                    self.quarantine.let_go(task);
                }
            }
            Membership::Broken(why) => return Err(Fault::rebuild(why)),
            Membership::Fenced(why) => return Err(Fault::fenced(why, Fenced::Member)),
        }
        self.report();
        Ok(())
    }

    /// Tasks that cannot go on are put aside, what came before is stored already; those that are asked for begin anew.
    fn look_at_quarantine(&mut self) -> Result<(), Fault> {
        while let Some(task) = self.quarantine.next_found() {
            self.put_aside(task)?;
        }
        let standing = &self.standing;
        let retried = self.quarantine.look(|task| standing.runs(task));
        if let Some(task) = retried.filter(|task| !standing.runs(*task)) {
            self.graveyard.retry(task);
            self.standing.give(vec![task]);
        }
        Ok(())
    }

    fn put_aside(&mut self, task: Task) -> Result<(), Fault> {
        self.standing.take_away(&[task]);
        self.graveyard.let_go(&[task]);
        self.waiting.let_go(task);
        self.intake.put_down(task)?;
        let why = self.quarantine.enter(task);
        tracing::error!(stage = %self.config.names.stage, ?task, why, "the task is quarantined");
        self.report();
        Ok(())
    }

    /// The store has answered for every task: whatever was held for it is taken again, but for the tasks that wait.
    fn go_on(&mut self) -> Result<(), Fault> {
        self.store_away = None;
        if self.asking.resume(&self.intake)? {
            for task in self.waiting.paused() {
                self.intake.pause(task, true)?;
            }
        }
        while let Some((task, pause)) = self.waiting.next_change(self.began.elapsed()) {
            self.intake.pause(task, pause)?;
            let put_back = self.standing.expected(task).filter(|_| pause);
            let put_back: Vec<_> = put_back.map(|offset| (task, offset)).into_iter().collect();
            self.intake.rewind(&put_back)?;
        }
        self.report();
        Ok(())
    }

    /// Asks a broker that was away whether it is back.
    fn watch_broker(&mut self) {
        if self.intake.is_away() && self.knocked.elapsed() >= KNOCK_AGAIN {
            self.knocked = Instant::now();
            self.intake.knock();
        }
    }

    /// Says where the lane stands, where that has changed.
    fn report(&mut self) {
        let waits = match (&self.store_away, self.waiting.why()) {
            (Some(why), _) => Some(why.clone()),
            _ if self.intake.is_away() => Some("no broker answers".to_owned()),
            (None, why) => why.map(str::to_owned),
        };
        let tasks = self.standing.len();
        let quarantined = self.quarantine.reasons(&self.config.names);
        let running = if quarantined.is_empty() {
            LaneState::Running { tasks }
        } else {
            LaneState::Degraded { tasks, quarantined }
        };
        let state = waits.map_or(running, LaneState::Waiting);
        if state != self.told {
            self.config.report(&state);
            self.told = state;
        }
    }

    /// Asks the store where it stands with these tasks, and begins to fetch them from there.
    fn take_over(&mut self, tasks: &[Task]) -> Result<(), Fault> {
        let answer = self.drain.take_over(tasks);
        let stored = match self.asking.ask(&self.intake, answer)? {
            Some(Ok(stored)) => stored,
            Some(Err(DrainError::Away(why) | DrainError::Moved(why))) => return self.wait(why),
            Some(Err(DrainError::Fatal(why))) => return Err(Fault::halt(why)),
            None => return Ok(()),
        };
        for (task, stored) in tasks.iter().zip(stored) {
            match self.standing.learn(*task, stored)? {
                Some(Fetch::From(stored)) => match self.begin(*task, stored) {
                    Ok(()) => self.quarantine.runs(*task),
                    Err(fault) if fault.quarantines().is_some() => {
                        self.quarantine.find(*task, fault.message);
                    }
                    Err(fault) => return Err(fault),
                },
                Some(Fetch::Again(first)) => self.intake.rewind(&[(*task, first)])?,
                None => {}
            }
        }
        Ok(())
    }

    fn begin(&self, task: Task, stored: Option<i64>) -> Result<(), Fault> {
        self.config.pulse.beat()?;
        if let Some(stored) = stored {
            self.refuse_gap(task, stored)?;
        }
        self.intake.take_up(&[(task, stored)])?;
        // The client remembers a pause from the last time the partition was ours; and while the store is waited for,
        // nothing is taken of anything.
        self.intake.pause(task, self.asking.is_paused())
    }

    /// Records that were deleted before they were stored are lost; going on would hide it.
    fn refuse_gap(&self, task: Task, stored: i64) -> Result<(), Fault> {
        let name = self.config.names.topic(task.topic);
        let (low, high) = ends(&*self.intake.consumer(), name, task.partition)?;
        if (low..=high).contains(&stored) {
            return Ok(());
        }
        Err(Fault::halt(format!(
            "{name}-{}: the store stands at {stored}, but the topic goes from {low} to {high}: records were deleted \
             before they were stored, or the topic was made anew; lengthen the retention, and set the store's offset \
             to {low} to accept the loss",
            task.partition
        ))
        .of_task(task))
    }

    /// Waits a moment for a store that is away, or for the group to say whose a task is.
    fn wait(&mut self, why: String) -> Result<(), Fault> {
        if self.store_away.as_ref() != Some(&why) {
            tracing::warn!(stage = %self.config.names.stage, why, "waiting for the store");
            self.store_away = Some(why);
            self.report();
        }
        self.asking.look_up(&self.intake, TRY_AGAIN)?;
        Ok(())
    }

    fn gather(&mut self, batch: &mut Gathered<D::In>) -> Result<(), Fault> {
        let mut began = None;
        while !batch.is_full() && !self.intake.has_news() {
            let wait = if began.is_some() { QUIET } else { IDLE_WAIT };
            let Some(message) = self.intake.poll(wait)? else {
                return Ok(());
            };
            let offered = batch.add(
                self.config,
                &mut self.decoder,
                &mut self.standing,
                &mut self.graveyard,
                &message,
            )?;
            match offered {
                Offered::Taken(task) => self.waiting.taken(task),
                Offered::NotOurs => {}
                Offered::Never(task, why) => {
                    self.quarantine.find(task, why);
                    return Ok(());
                }
                Offered::NotNow(task, why) => {
                    self.waiting.not_now(task, why, self.began.elapsed());
                    return Ok(());
                }
            }
            if began.get_or_insert_with(Instant::now).elapsed() >= GREATEST_AGE {
                return Ok(());
            }
        }
        Ok(())
    }

    /// These records are read again, once the store has said where it stands.
    fn give_back(&mut self, beginnings: &[(Task, i64, i64)]) {
        for (task, from, first) in beginnings {
            self.standing.doubt(*task, *from, *first);
        }
    }

    /// The dead letters first: a batch that is not stored after them is read again, and they are not written again.
    fn store(&mut self, batch: Gathered<D::In>) -> Result<(), Fault> {
        let began = Instant::now();
        let (beginnings, advances, deaths) = (batch.beginnings(), batch.advances(), batch.deaths);
        self.graveyard.bury(&self.intake, batch.dead)?;
        let stored = self.drain.store(Batch {
            records: batch.records,
            advances: advances.clone(),
        });
        match self.asking.ask(&self.intake, stored)? {
            Some(Ok(())) => {
                self.stored(&advances, &deaths, began.elapsed());
                Ok(())
            }
            Some(Err(DrainError::Fatal(why))) => Err(Fault::halt(why)),
            Some(Err(DrainError::Away(why) | DrainError::Moved(why))) => {
                self.give_back(&beginnings);
                self.wait(why)
            }
            None => {
                self.give_back(&beginnings);
                Ok(())
            }
        }
    }

    fn stored(&mut self, advances: &[Advance], deaths: &Deaths, took: Duration) {
        let mut counts = FlowCounts::default();
        for advance in advances {
            counts.add(&advance.counts);
            self.standing.stored(advance.task, advance.to);
        }
        self.graveyard.stored(advances);
        let (stage, counts) = (self.config.names.stage, &counts);
        self.config.observer.committed(&Committed {
            stage,
            counts,
            deaths,
            took,
        });
        let progress: Vec<_> = advances
            .iter()
            .map(|advance| (advance.task, advance.to))
            .collect();
        self.intake.show_progress(&progress);
    }
}
