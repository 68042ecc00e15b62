//! One thread that runs the threads of a simulated world in turns, each up to its next wait, as a seed decides. Time
//! stands still while any of them can go on, and passes by itself once all wait.

use super::dice::Dice;
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

/// What a thread waits for.
#[derive(Debug, Clone, Copy)]
struct Wait {
    until: Duration,
    channel: Option<u64>,
}

type Turns = Coroutine<(), Wait, Outcome, DefaultStack>;
/// How a thread ended: well, or with a panic.
type Outcome = Result<(), Box<dyn Any + Send>>;

struct Thread {
    process: u64,
    name: String,
    turns: Turns,
    /// Its own, once it runs.
    yielder: *const Yielder<(), Wait>,
    wait: Wait,
}

/// A thread that is not started yet.
struct Fresh {
    process: u64,
    name: String,
    run: Box<dyn FnOnce()>,
}

/// What the running thread sees.
struct Running {
    now: Duration,
    yielder: *const Yielder<(), Wait>,
    fresh: Vec<Fresh>,
    woken: Vec<u64>,
    /// The process of the thread that runs, how many there are, and which are to end.
    process: u64,
    processes: u64,
    killed: Vec<u64>,
    /// Every thread is to end at its next wait.
    over: bool,
}

/// Whoever waits for less waits for this long, unless it is woken: the machine is busy.
pub(super) const GRAIN: Duration = Duration::from_millis(10);

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
    static STACKS: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
}

/// Ends a thread of a world that is over.
struct Over;

fn with<T>(look: impl FnOnce(&mut Running) -> T) -> Option<T> {
    RUNNING.with_borrow_mut(|running| running.as_mut().map(look))
}

/// What time it is since the search began; `None` outside of one.
pub(super) fn now() -> Option<Duration> {
    with(|running| running.now)
}

/// The process that runs.
pub(super) fn process() -> u64 {
    with(|running| running.process).unwrap_or_default()
}

/// Begins a thread of the process that runs.
pub(super) fn spawn(name: String, run: impl FnOnce() + 'static) {
    let run = Box::new(run);
    with(|running| {
        let process = running.process;
        running.fresh.push(Fresh { process, name, run });
    });
}

/// Begins a process; gives its number.
pub(super) fn spawn_process(name: String, run: impl FnOnce() + 'static) -> u64 {
    let run = Box::new(run);
    let begun = with(|running| {
        running.processes += 1;
        let process = running.processes;
        running.fresh.push(Fresh { process, name, run });
        process
    });
    begun.unwrap_or_default()
}

/// Ends the threads of a process where they stand.
pub(super) fn kill(process: u64) {
    with(|running| running.killed.push(process));
}

/// Lets whoever waits for this channel look again.
pub(super) fn wake(channel: u64) {
    with(|running| running.woken.push(channel));
}

/// Lets time pass; `false` outside of a search.
pub(crate) fn sleep(time: Duration) -> bool {
    let Some(now) = now() else { return false };
    turn(Wait {
        until: now.saturating_add(time),
        channel: None,
    });
    true
}

/// Waits until this moment, or until somebody wakes the channel.
pub(super) fn wait(until: Duration, channel: u64) {
    let channel = Some(channel);
    turn(Wait { until, channel });
}

/// Lets others go on until the wait is over.
fn turn(wait: Wait) {
    let Some((over, yielder)) = with(|running| (running.over, running.yielder)) else {
        return;
    };
    if over {
        // Whoever is unwinding already goes on with it.
        if !std::thread::panicking() {
            resume_unwind(Box::new(Over));
        }
        return;
    }
    #[expect(
        unsafe_code,
        reason = "the thread that runs has no other way to its own yielder"
    )]
    // SAFETY: `resume` sets the yielder of the coroutine that it resumes, which lives as long as the coroutine's own
    // stack, on which this is called.
    let yielder = unsafe { &*yielder };
    yielder.suspend(wait);
    if with(|running| running.over) == Some(true) {
        resume_unwind(Box::new(Over));
    }
}

/// The world came to a standstill, or a thread panicked.
#[derive(Debug)]
pub(super) enum Broken {
    Panicked(String, String),
    TooLong,
}

/// The threads of one world.
pub(super) struct Schedule {
    threads: Vec<Thread>,
    dice: Dice,
    /// Turns that were taken.
    pub(super) turns: u64,
}

impl Schedule {
    /// Runs `main` as the first thread until it ends, and all that it starts meanwhile; then ends the others.
    pub(super) fn run(dice: Dice, most: u64, main: impl FnOnce() + 'static) -> Result<u64, Broken> {
        RUNNING.set(Some(Running {
            now: Duration::ZERO,
            yielder: std::ptr::null(),
            fresh: Vec::new(),
            woken: Vec::new(),
            process: 0,
            processes: 0,
            killed: Vec::new(),
            over: false,
        }));
        let mut schedule = Self {
            threads: Vec::new(),
            dice,
            turns: 0,
        };
        spawn("main".to_owned(), main);
        let outcome = schedule.go(most);
        with(|running| running.over = true);
        schedule.end();
        RUNNING.set(None);
        outcome.map(|()| schedule.turns)
    }

    fn go(&mut self, most: u64) -> Result<(), Broken> {
        loop {
            self.start_fresh();
            self.end_killed();
            self.turns += 1;
            if self.turns > most {
                return Err(Broken::TooLong);
            }
            let at = self.next();
            let Some((name, outcome)) = self.resume(at) else {
                continue;
            };
            match outcome {
                Err(panic) if !panic.is::<Over>() => return Err(Broken::Panicked(name, words(&*panic))),
                _ if name == "main" => return Ok(()),
                _ => {}
            }
        }
    }

    fn start_fresh(&mut self) {
        for Fresh { process, name, run } in
            with(|running| std::mem::take(&mut running.fresh)).unwrap_or_default()
        {
            let stack = STACKS.with_borrow_mut(Vec::pop).unwrap_or_default();
            let turns = Coroutine::with_stack(stack, move |yielder: &Yielder<(), Wait>, ()| {
                with(|running| running.yielder = yielder);
                catch_unwind(AssertUnwindSafe(run))
            });
            let wait = Wait {
                until: Duration::ZERO,
                channel: None,
            };
            self.threads.push(Thread {
                process,
                name,
                turns,
                yielder: std::ptr::null(),
                wait,
            });
        }
    }

    /// One of those that can go on; time passes until there is one.
    fn next(&mut self) -> usize {
        let (mut now, woken) =
            with(|running| (running.now, std::mem::take(&mut running.woken))).unwrap_or_default();
        for thread in &mut self.threads {
            if thread
                .wait
                .channel
                .is_some_and(|channel| woken.contains(&channel))
            {
                thread.wait.until = now;
            }
        }
        let first = self.threads.iter().map(|thread| thread.wait.until).min();
        now = now.max(first.unwrap_or_default());
        with(|running| running.now = now);
        let ready = |thread: &&Thread| thread.wait.until <= now;
        let count = self.threads.iter().filter(ready).count();
        let chosen = self.dice.below(count);
        let mut ready = (0..self.threads.len()).filter(|at| self.threads[*at].wait.until <= now);
        ready.nth(chosen).unwrap_or_default()
    }

    /// Gives a thread its turn; says which one ended and how, if it did.
    fn resume(&mut self, at: usize) -> Option<(String, Outcome)> {
        let thread = &mut self.threads[at];
        with(|running| (running.yielder, running.process) = (thread.yielder, thread.process));
        match thread.turns.resume(()) {
            CoroutineResult::Yield(wait) => {
                thread.wait = wait;
                thread.yielder = with(|running| running.yielder).unwrap_or(thread.yielder);
                None
            }
            CoroutineResult::Return(outcome) => {
                let ended = self.threads.swap_remove(at);
                STACKS.with_borrow_mut(|stacks| stacks.push(ended.turns.into_stack()));
                Some((ended.name, outcome))
            }
        }
    }

    /// A thread of a killed process never comes back from its wait.
    fn end_killed(&mut self) {
        let killed = with(|running| std::mem::take(&mut running.killed)).unwrap_or_default();
        for process in killed {
            with(|running| running.over = true);
            while let Some(at) = self.threads.iter().position(|thread| thread.process == process) {
                let _ = self.resume(at);
                self.start_fresh();
            }
            with(|running| running.over = false);
        }
    }

    fn end(&mut self) {
        while let Some(last) = self.threads.len().checked_sub(1) {
            let _ = self.resume(last);
            self.start_fresh();
        }
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without a word").to_owned()
}
