//! The recent events of one key, and the fullest window around a new one. No clock, no I/O.

use serde::{Deserialize, Serialize, Serializer};

use crate::alarm::Reached;

/// How much a window spans and keeps. Times are milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Events are together when the last is less than this after the first; `None` for streaks that may
    /// take as long as they like.
    pub window_ms: Option<i64>,
    /// How much earlier than the newest event of its key an event may be and still count.
    pub lateness_ms: i64,
    /// The count that is a crossing.
    pub least: usize,
    /// The most events kept; the oldest go first, and what is older than they were is late from there on.
    pub keep: usize,
}

/// Events of one key, ordered by their time; equal times keep their order of arrival.
///
/// Its size is bounded by [`Bounds::keep`]; serialised, it is what a changelog holds. Of a crossing that is known already,
/// only the events at its edges are kept ([`Sliding::thin`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sliding<T> {
    entries: Vec<Entry<T>>,
    newest: i64,
    /// Events up to here were dropped for want of room.
    #[serde(default = "never")]
    dropped: i64,
}

fn never() -> i64 {
    i64::MIN
}

/// `item` is what counted, or `None` for what ends a streak. Written as a pair, since a window writes many.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "(i64, Option<T>)")]
struct Entry<T> {
    at: i64,
    item: Option<T>,
}

impl<T> From<(i64, Option<T>)> for Entry<T> {
    fn from((at, item): (i64, Option<T>)) -> Self {
        Self { at, item }
    }
}

impl<T: Serialize> Serialize for Entry<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.at, &self.item).serialize(serializer)
    }
}

/// The fullest window that a new event is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<'a, T> {
    entries: &'a [Entry<T>],
    at: i64,
    /// First and last event at which a window with the new one reached the least count.
    reached: Option<(i64, i64)>,
    ends: (i64, i64),
}

impl<'a, T> Run<'a, T> {
    /// How many events there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Where the new event stands at or above the threshold, if it does.
    pub fn reached(&self) -> Option<Reached> {
        self.reached.map(|(from, to)| Reached {
            at: self.at,
            from,
            to,
            ends: self.ends,
        })
    }

    /// Time of the first event.
    pub fn first_at(&self) -> i64 {
        self.entries.first().map_or(0, |entry| entry.at)
    }

    /// Time of the last event.
    pub fn last_at(&self) -> i64 {
        self.entries.last().map_or(0, |entry| entry.at)
    }

    /// What was counted, oldest first.
    pub fn items(&self) -> impl Iterator<Item = &'a T> + use<'a, T> {
        self.entries.iter().filter_map(|entry| entry.item.as_ref())
    }
}

impl<T> Default for Sliding<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            newest: i64::MIN,
            dropped: i64::MIN,
        }
    }
}

impl<T> Sliding<T> {
    /// Counts an event that happened at `at`; answers with the fullest window that it is part of, or
    /// `None` when it comes too late to count, or is older than all that there is room for.
    pub fn hit(&mut self, at: i64, item: T, bounds: &Bounds) -> Option<Run<'_, T>> {
        let place = self.insert(at, Some(item), bounds)?;
        Some(self.fullest_around(place, bounds))
    }

    /// Notes an event at `at` that ends a streak. Answers whether it came in time.
    pub fn reset(&mut self, at: i64, bounds: &Bounds) -> bool {
        self.insert(at, None, bounds).is_some()
    }

    /// Whether an event at `at` comes too late to count: this much after a newer one of its key.
    pub fn is_late(&self, at: i64, bounds: &Bounds) -> bool {
        at < self.settled(bounds.lateness_ms) || at < self.dropped
    }

    /// Events before this are late.
    pub fn settled(&self, lateness_ms: i64) -> i64 {
        self.newest.saturating_sub(lateness_ms)
    }

    /// Within these spans the threshold is known to be reached: of the events there, only the first and the last `edge`
    /// can still make a difference to the counts beside them.
    pub fn thin(&mut self, spans: impl Iterator<Item = (i64, i64)>, edge: usize) {
        for (from, to) in spans {
            let mut first = self.entries.partition_point(|entry| entry.at < from);
            let mut behind = self.entries.partition_point(|entry| entry.at <= to);
            let is_end = |entry: &Entry<T>| entry.item.is_none();
            while first < behind && is_end(&self.entries[first]) {
                first += 1;
            }
            while first < behind && is_end(&self.entries[behind - 1]) {
                behind -= 1;
            }
            let (inner, outer) = (first.saturating_add(edge), behind.saturating_sub(edge));
            if inner < outer && !self.entries[first..behind].iter().any(is_end) {
                self.entries.drain(inner..outer);
            }
        }
    }

    /// Keeps no more than this weighs. As where there are too many, the oldest go first, and what is older than they were
    /// is late from there on.
    pub fn shed(&mut self, most: usize, weigh: impl Fn(Option<&T>) -> usize) {
        let mut weight: usize = self.entries.iter().map(|entry| weigh(entry.item.as_ref())).sum();
        let mut over = 0;
        while weight > most && over + 1 < self.entries.len() {
            weight -= weigh(self.entries[over].item.as_ref());
            over += 1;
        }
        if let Some(last) = over.checked_sub(1) {
            self.dropped = self.dropped.max(self.entries[last].at);
            self.entries.drain(..over);
        }
    }

    /// How many events are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds and prunes; answers with the place of the new entry.
    fn insert(&mut self, at: i64, item: Option<T>, bounds: &Bounds) -> Option<usize> {
        if self.is_late(at, bounds) {
            return None;
        }
        self.newest = self.newest.max(at);
        let place = self.entries.partition_point(|entry| entry.at <= at);
        self.entries.insert(place, Entry { at, item });
        place.checked_sub(self.prune(bounds))
    }

    /// Drops what no event to come can be together with; answers with how many entries went.
    fn prune(&mut self, bounds: &Bounds) -> usize {
        let settled = self.settled(bounds.lateness_ms);
        let horizon = bounds
            .window_ms
            .map_or(i64::MIN, |window| settled.saturating_sub(window));
        let too_old = self.entries.partition_point(|entry| entry.at <= horizon);
        let settled_entries = self.entries.partition_point(|entry| entry.at < settled);
        let last_end = self.entries[..settled_entries]
            .iter()
            .rposition(|entry| entry.item.is_none());
        let ended = last_end.map_or(0, |place| place + 1);
        let over = self.entries.len().saturating_sub(bounds.keep.max(1));
        let gone = too_old.max(ended).max(over);
        if over > too_old.max(ended)
            && let Some(last) = self.entries.get(over - 1)
        {
            self.dropped = self.dropped.max(last.at);
        }
        self.entries.drain(..gone);
        gone
    }

    /// Of all windows with the entry at `place` in them, unbroken by the end of a streak, the fullest,
    /// and the earliest of those.
    fn fullest_around(&self, place: usize, bounds: &Bounds) -> Run<'_, T> {
        let counts = |entry: &Entry<T>| entry.item.is_some();
        let begin = self.entries[..place]
            .iter()
            .rposition(|entry| !counts(entry))
            .map_or(0, |end| end + 1);
        let length = self.entries[place..].iter().position(|entry| !counts(entry));
        let end = length.map_or(self.entries.len(), |length| place + length);
        let (mut fullest, mut reached) = (place..place, None);
        let mut first = begin;
        for last in place..end {
            let oldest = bounds
                .window_ms
                .map_or(i64::MIN, |window| self.entries[last].at.saturating_sub(window));
            while first < last && bounds.window_ms.is_some() && self.entries[first].at <= oldest {
                first += 1;
            }
            if first > place {
                break;
            }
            let count = last + 1 - first;
            if count >= bounds.least {
                let at = self.entries[last].at;
                reached = Some((reached.map_or(at, |(from, _)| from), at));
            }
            if count > fullest.len() {
                fullest = first..last + 1;
            }
        }
        let time_of = |place: Option<usize>| {
            place
                .and_then(|place| self.entries.get(place))
                .map(|entry| entry.at)
        };
        Run {
            entries: &self.entries[fullest],
            at: self.entries[place].at,
            reached,
            ends: (
                time_of(begin.checked_sub(1)).unwrap_or(i64::MIN),
                time_of(Some(end)).unwrap_or(i64::MAX),
            ),
        }
    }
}
