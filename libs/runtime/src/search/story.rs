//! One run of a search: processes with a lane each, an input that grows, faults, and then quiet, in which everything must
//! come to its end.

mod faults;
mod mishap;

use super::dice::Dice;
use super::oracle::{NoSchemas, Places, is_done, judge};
use super::producer::Simulated;
use super::schedule::{self, Broken, Schedule};
use super::stage::Count;
use super::world::{BROKER, Member, World, note, world};
use crate::config::{LaneConfig, commit_policy};
use crate::run::run_lane;
use crate::work::StageWork;
use crate::{Committed, LaneState, Observer, Shared, Stop};
use mishap::Mishap;
use model::SchemaIds;
use settings::{DeadLetterSettings, KafkaSettings};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use topology::{Changelog, Prefix, Schema, StageName, Topic};

const STAGE: StageName = StageName::DedupAggregator;
/// A run that takes more turns goes in circles.
const TURNS: u64 = 400_000;
/// Once it is quiet, everything comes to its end within this.
const QUIET: Duration = Duration::from_mins(5);
/// And a lane begins anew so often at most, and aborts so often.
const BEGINNINGS: u64 = 8;
const ABORTS: u64 = 40;

/// What a search may do, beside what every search does.
#[derive(Debug, Clone, Copy, Default)]
struct Plan {
    partitions: usize,
    processes: usize,
    steps: usize,
    /// One call in so many meets trouble.
    trouble: usize,
    /// One request in so many to end a transaction arrives once more, late.
    late: usize,
    mishap: Option<Mishap>,
}

impl Plan {
    fn of(dice: &mut Dice) -> Self {
        Self {
            partitions: 1 + dice.below(3),
            processes: 1 + dice.below(2),
            steps: 4 + dice.below(16),
            trouble: [0, 2_000, 500, 150][dice.below(4)],
            late: [0, 0, 30, 6][dice.below(4)],
            mishap: Mishap::of(dice),
        }
    }
}

/// Whoever watches the lanes of a run.
#[derive(Default)]
pub(super) struct Watch {
    begun: AtomicU64,
    aborted: AtomicU64,
    states: Mutex<std::collections::BTreeMap<String, LaneState>>,
}

/// The watch, as seen by one process.
struct Eye(String, Arc<Watch>);

impl Observer for Eye {
    fn lane(&self, _: StageName, _: u16, state: &LaneState) {
        let Self(name, watch) = self;
        if *state == LaneState::Starting {
            watch.begun.fetch_add(1, Ordering::Relaxed);
        }
        note(&format!("{name}: {state}"));
        let mut states = watch.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.insert(name.clone(), state.clone());
    }

    fn committed(&self, committed: &Committed<'_>) {
        note(&format!(
            "{}: committed {} records",
            self.0, committed.counts.read
        ));
    }

    fn aborted(&self, _: StageName, why: &str) {
        self.1.aborted.fetch_add(1, Ordering::Relaxed);
        note(&format!("{}: aborted: {why}", self.0));
    }
}

/// One process of the stage.
struct Process {
    name: String,
    stop: Stop,
    id: u64,
    ended: Rc<RefCell<Option<Result<(), String>>>>,
}

struct Story {
    plan: Plan,
    dice: Dice,
    places: Places,
    watch: Arc<Watch>,
    processes: Vec<Process>,
    /// Records made so far, by number; some are sent again.
    made: u64,
}

/// Runs the world of a seed; an error says what does not hold, after what happened.
pub(super) fn run(seed: u64) -> Result<u64, String> {
    run_main(seed, |dice| Story::new(dice).tell())
}

fn run_main(seed: u64, tell: impl FnOnce(Dice) -> Result<(), String> + 'static) -> Result<u64, String> {
    let mut dice = Dice::of(seed);
    World::new(dice.split()).begin();
    let turns = dice.split();
    let verdict: Rc<RefCell<Result<(), String>>> =
        Rc::new(RefCell::new(Err("nothing came of it".to_owned())));
    let told = Rc::clone(&verdict);
    let main = move || *told.borrow_mut() = tell(dice);
    let outcome = Schedule::run(turns, TURNS, main);
    let trace = World::end().map(World::trace).unwrap_or_default();
    let verdict = match outcome {
        Ok(turns) => verdict.replace(Ok(())).map(|()| turns),
        Err(Broken::Panicked(thread, why)) => Err(format!("{thread} panicked: {why}")),
        Err(Broken::TooLong) => Err("it goes in circles".to_owned()),
    };
    verdict.map_err(|why| format!("{}\nseed {seed}: {why}", trace.join("\n")))
}

impl Story {
    fn new(mut dice: Dice) -> Self {
        let plan = Plan::of(&mut dice);
        let changelog = |store: &&'static str| (*store, Changelog { stage: STAGE, store }.topic_name());
        Self {
            plan,
            dice,
            places: Places {
                input: Topic::EventsScored.name().to_owned(),
                output: Topic::Signals.name().to_owned(),
                dead: Topic::DeadLetters.name().to_owned(),
                group: STAGE.as_str().to_owned(),
                notes: STAGE.quarantine_group(),
                changelogs: STAGE.stores().iter().map(changelog).collect(),
                partitions: i32::try_from(plan.partitions).unwrap_or_default(),
                ahead: 300_000,
            },
            watch: Arc::default(),
            processes: Vec::new(),
            made: 0,
        }
    }

    fn tell(mut self) -> Result<(), String> {
        note(&format!("{:?}", self.plan));
        self.create();
        schedule::spawn("broker".to_owned(), broker);
        for process in 0..self.plan.processes {
            self.start(process);
        }
        world(|world| {
            world.trouble = self.plan.trouble;
            world.late = self.plan.late;
            world.lagging = true;
        });
        let mishap_at = self.dice.below(self.plan.steps);
        for step in 0..self.plan.steps {
            self.step()?;
            if step == mishap_at {
                self.mishap()?;
            }
            let pause = [20, 300, 3_000][self.dice.below(3)];
            let pause = self.dice.time(Duration::from_millis(pause));
            schedule::sleep(pause);
            self.check_none_failed()?;
        }
        calm();
        self.come_to_an_end()?;
        self.stop_all()?;
        world(|world| judge(&mut world.broker, &self.places))
    }

    fn create(&self) {
        let (plan, places) = (self.plan, &self.places);
        world(|world| {
            let topics = [&places.input, &places.output, &places.dead];
            for topic in topics.into_iter().chain(places.changelogs.values()) {
                world.broker.create(topic.clone(), plan.partitions);
            }
        });
    }

    fn start(&mut self, number: usize) {
        let name = ["a", "b"][number].to_owned();
        let stop = Stop::default();
        let shared = Shared {
            kafka: KafkaSettings {
                partitions: u32::try_from(self.plan.partitions).unwrap_or_default(),
                transaction_timeout_ms: 3_000,
                session_timeout_ms: 4_000,
                ..KafkaSettings::default()
            },
            dead_letters: DeadLetterSettings {
                ratio: 1.0,
                consecutive: 0,
                ..DeadLetterSettings::default()
            },
            prefix: Prefix::new(String::new()),
            instance: name.clone(),
            ids: SchemaIds([0; Schema::ALL.len()]),
            schemas: Arc::new(NoSchemas),
            observer: Arc::new(Eye(name.clone(), Arc::clone(&self.watch))),
            stop: stop.clone(),
        };
        let ended = Rc::new(RefCell::new(None));
        let told = Rc::clone(&ended);
        let id = schedule::spawn_process(name.clone(), move || {
            let config = LaneConfig::new(&shared, STAGE, 0);
            let member = Member {
                group: config.names.group(),
                instance: config
                    .consumer
                    .get("group.instance.id")
                    .unwrap_or_default()
                    .to_owned(),
                input: config.names.topic(Topic::EventsScored).to_owned(),
            };
            world(|world| world.members.insert(schedule::process(), member));
            let policy = commit_policy(&shared.kafka, 50);
            let work = StageWork::new(Count, &config);
            let outcome = run_lane::<_, Simulated>(&config, work, policy);
            *told.borrow_mut() = Some(outcome.map_err(|failed| failed.to_string()));
        });
        note(&format!("{name}: starts"));
        self.processes.push(Process {
            name,
            stop,
            id,
            ended,
        });
    }

    fn check_none_failed(&self) -> Result<(), String> {
        if let Some(why) = world(|world| world.violation.clone()) {
            return Err(why);
        }
        for process in &self.processes {
            if let Some(Err(why)) = &*process.ended.borrow() {
                return Err(format!("{} failed: {why}", process.name));
            }
        }
        Ok(())
    }

    fn come_to_an_end(&mut self) -> Result<(), String> {
        self.produce_to_all();
        self.retry_all();
        let (begun, aborted) = (self.begun(), self.aborted());
        let until = schedule::now().unwrap_or_default() + QUIET;
        while !world(|world| is_done(&mut world.broker, &self.places)) {
            schedule::sleep(Duration::from_millis(50));
            self.check_none_failed()?;
            if schedule::now().unwrap_or_default() > until {
                return Err("not everything was read".to_owned());
            }
        }
        let (begun, aborted) = (self.begun() - begun, self.aborted() - aborted);
        if begun > BEGINNINGS || aborted > ABORTS {
            return Err(format!(
                "while it was quiet, lanes began anew {begun} times and aborted {aborted} times"
            ));
        }
        Ok(())
    }

    /// How often lanes began.
    fn begun(&self) -> u64 {
        self.watch.begun.load(Ordering::Relaxed)
    }

    /// How many transactions were aborted.
    fn aborted(&self) -> u64 {
        self.watch.aborted.load(Ordering::Relaxed)
    }

    fn stop_all(&self) -> Result<(), String> {
        for process in &self.processes {
            process.stop.set();
        }
        let until = schedule::now().unwrap_or_default() + Duration::from_mins(1);
        for process in &self.processes {
            while process.ended.borrow().is_none() {
                if schedule::now().unwrap_or_default() > until {
                    return Err(format!("{} does not stop", process.name));
                }
                schedule::sleep(Duration::from_millis(20));
            }
        }
        // Markers are on their way.
        schedule::sleep(Duration::from_millis(100));
        self.check_none_failed()
    }
}

/// Runs a world in which so many keys of a store end at once; says how many records the largest transaction had.
pub(super) fn run_expiry(keys: u64) -> Result<usize, String> {
    let largest = Rc::new(RefCell::new(0));
    let told = Rc::clone(&largest);
    run_main(3, move |dice| {
        let mut story = Story::new(dice);
        story.plan = Plan {
            partitions: 1,
            processes: 1,
            ..Plan::default()
        };
        story.places.partitions = 1;
        story.end_many(keys)?;
        *told.borrow_mut() = world(|world| world.broker.largest);
        Ok(())
    })?;
    Ok(largest.take())
}

/// Nothing goes wrong any more.
fn calm() {
    note("it is quiet from now on");
    world(|world| {
        world.trouble = 0;
        world.late = 0;
        world.away_until = Duration::ZERO;
        world.lagging = false;
        world.latency = Duration::from_millis(2);
    });
}

/// Lets happen what happens by itself at the broker.
fn broker() {
    loop {
        let next = world(|world| world.broker.next_event());
        let far = schedule::now().unwrap_or_default() + Duration::from_secs(1);
        schedule::wait(next.unwrap_or(far).min(far), BROKER);
        world(|_| ());
    }
}
