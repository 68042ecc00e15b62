//! A source in its lane: the record that names it stays, and each time it is performed one page is fetched.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::{Millis, RawEvent, SourceCommand};
use settings::Watched;
use stage::{Attempt, Cx, Effect, Emit, IdempotencyKey, Outcome};

use crate::cursor::Cursor;
use crate::events::{Admitting, Taken};
use crate::followed::{Polled, Sources};
use crate::poll::{Obeyed, Pacing, Turn, after};
use crate::source::{FetchError, Page};
use crate::stores::{Memory, SourceStores};

/// A position that was asked for so often in vain is not known any more.
const HOPELESS: u32 = 8;

/// Told of every request: what came of it, and how long it took.
pub type Tell = Arc<dyn Fn(&'static str, Duration) + Send + Sync>;

/// See the module.
pub struct SourcesEffect {
    sources: Watched<Sources>,
    admitting: Admitting,
    tell: Tell,
    /// The sources that this process polled last in vain, and why.
    failing: Mutex<BTreeMap<String, String>>,
}

impl SourcesEffect {
    /// Polls these sources; `tell` hears of every request.
    pub fn new(sources: &Watched<Sources>, admitting: Admitting, tell: Tell) -> Self {
        Self {
            sources: sources.clone(),
            admitting,
            tell,
            failing: Mutex::default(),
        }
    }

    /// The sources that this process polled last in vain, and why.
    pub fn failing(&self) -> Vec<(String, String)> {
        let sources = self.sources.load();
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.retain(|source, _| sources.get(source).is_some());
        failing
            .iter()
            .map(|(source, why)| (source.clone(), why.clone()))
            .collect()
    }

    fn note(&self, source: &str, fetched: &Result<Page, FetchError>) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok(_) => failing.remove(source),
            Err(error) => failing.insert(source.to_owned(), error.to_string()),
        };
    }

    async fn poll(&self, polled: &Polled, mut memory: Memory) -> (Vec<RawEvent>, Memory, Duration) {
        let begun = Instant::now();
        let fetched = polled.source().fetch(&memory.cursor).await;
        (self.tell)(code(&fetched), begun.elapsed());
        self.note(&memory.source, &fetched);
        let now = now();
        match fetched {
            Ok(page) => {
                let (taken, wait) = self.take(page, polled, &mut memory, now);
                (taken.events, memory, wait)
            }
            Err(error) => {
                let wait = failed(&error, polled, &mut memory, now);
                (Vec::new(), memory, wait)
            }
        }
    }

    fn take(&self, page: Page, polled: &Polled, memory: &mut Memory, now: Millis) -> (Taken, Duration) {
        let Memory { cursor, poll, .. } = memory;
        let (wait, unchanged) = (page.wait.unwrap_or_default(), page.unchanged);
        let is_first = poll.answered_at.is_none();
        poll.budget = page.budget;
        let taken = self.admitting.take(page, polled, cursor, is_first, now);
        let pacing = pacing(polled, cursor, wait, now);
        let wait = poll.answered(now, taken.more, &pacing);
        poll.unchanged += u64::from(unchanged);
        poll.items += taken.events.len() as u64;
        poll.refused += taken.refused;
        poll.refusal = taken.refusal.clone().or(poll.refusal.take());
        poll.error = taken.odd.map(str::to_owned);
        if let Some(last) = taken.events.last() {
            poll.last_item_at = Some(now);
            poll.last_item = Some(last.id.clone());
        }
        if let Some(why) = &taken.refusal {
            tracing::warn!(
                source = memory.source,
                refused = taken.refused,
                why,
                "items are refused"
            );
        }
        (taken, wait)
    }
}

fn pacing(polled: &Polled, cursor: &Cursor, wait: Duration, now: Millis) -> Pacing {
    let every = polled.settings().every;
    Pacing {
        every,
        max_pages: polled.settings().max_pages,
        wait,
        polite_at: polled.source().polite(cursor, now, after(now, every)),
    }
}

fn failed(error: &FetchError, polled: &Polled, memory: &mut Memory, now: Millis) -> Duration {
    let every = polled.settings().every;
    let (source, why) = (&memory.source, error.to_string());
    let poll = &mut memory.poll;
    if let FetchError::Gone(_) = error {
        tracing::error!(
            source,
            why,
            "the source is stopped; `sluicebox sources resume` tries again"
        );
        poll.stop(now, &why);
        return every;
    }
    tracing::warn!(
        source,
        why,
        failures = poll.failures + 1,
        "a source was polled in vain"
    );
    let wait = match error {
        FetchError::Later { wait, .. } => *wait,
        FetchError::Gone(_) | FetchError::Lost(_) => None,
    };
    let after = poll.failed(now, &why, wait, every, outbound::chance());
    let is_hopeless = poll.failures >= HOPELESS && !polled.source().reading().keep;
    if is_hopeless || matches!(error, FetchError::Lost(_)) {
        memory.cursor.restart();
    }
    after
}

impl Effect for SourcesEffect {
    type In = SourceCommand;
    type Out = RawEvent;
    type Stores = SourceStores;
    type Memory = Memory;

    /// Asking changes nothing outside, so nobody is told of it.
    fn idempotency_key(&self, input: &SourceCommand) -> IdempotencyKey {
        IdempotencyKey::new(&*input.source)
    }

    fn recall(&self, input: &SourceCommand, stores: &SourceStores) -> Option<Memory> {
        Some(stores.recall(&input.source))
    }

    async fn perform(
        &self,
        input: &SourceCommand,
        _: &IdempotencyKey,
        _: Attempt,
        memory: Option<Memory>,
        cx: &Cx<'_>,
    ) -> Outcome<RawEvent, Memory> {
        let before = memory.unwrap_or_default();
        let mut memory = before.clone();
        memory.source.clone_from(&input.source);
        if memory.poll.obey(input, cx.offset) == Obeyed::Forget {
            memory.cursor = Cursor::default();
        }
        let sources = self.sources.load();
        let Some(polled) = sources.get(&input.source) else {
            return unconfigured(memory);
        };
        memory.poll.configured(polled.fingerprint());
        memory.cursor.for_settings(polled.fingerprint());
        let (outputs, memory, after) = match memory.poll.turn(now(), polled.settings().every) {
            Turn::Rest(after) => (Vec::new(), memory, after),
            Turn::Poll => self.poll(polled, memory).await,
        };
        Outcome::Again {
            outputs,
            learned: (memory != before).then_some(memory),
            after,
        }
    }

    fn remember(&self, memory: Memory, stores: &mut SourceStores) {
        stores.remember(memory);
    }
}

/// Another process of the group may have settings that are newer or older.
fn unconfigured(mut memory: Memory) -> Outcome<RawEvent, Memory> {
    let Some(after) = memory.poll.unconfigured(now()) else {
        memory.is_over = true;
        return Outcome::Learned(Emit::Filtered("not_configured"), memory);
    };
    Outcome::Again {
        outputs: Vec::new(),
        learned: Some(memory),
        after,
    }
}

const fn code(fetched: &Result<Page, FetchError>) -> &'static str {
    match fetched {
        Ok(Page { unchanged: true, .. }) => "unchanged",
        Ok(_) => "ok",
        Err(FetchError::Later { .. }) => "failed",
        Err(FetchError::Gone(_)) => "gone",
        Err(FetchError::Lost(_)) => "lost",
    }
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
