//! What an effect keeps of the records whose offset is passed before it is known what becomes of them: the record as
//! it came, and how far it got. No clock, no I/O.

use crate::work::ATTEMPTS_HEADER;
use ::stage::{AnyStore, Attempt, Cx, Store, Stores, Task};
use model::Millis;
use rdkafka::message::{BorrowedHeaders, Header, Headers, OwnedHeaders};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use topology::Changelog;

/// What a header, and what the record itself, has around its bytes; more than enough.
const AROUND: usize = 1024;

/// The parked records of one task, by offset, and what the effect keeps of it.
#[derive(Debug)]
pub(crate) struct EffectStores<S> {
    pub parked: Store<i64, Parked>,
    pub own: S,
}

impl<S: Default> Default for EffectStores<S> {
    fn default() -> Self {
        Self {
            parked: Store::new("parked"),
            own: S::default(),
        }
    }
}

impl<S: Stores> Stores for EffectStores<S> {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.parked);
        self.own.each(visit);
    }
}

/// What a record had beside its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    #[serde(with = "serde_bytes")]
    key: Option<Vec<u8>>,
    time: Millis,
    traceparent: Option<String>,
}

impl Origin {
    /// Where the record stood.
    pub(crate) fn cx(&self, task: Task, offset: i64) -> Cx<'_> {
        Cx {
            topic: task.topic,
            partition: task.partition,
            offset,
            time: self.time,
            clock: self.time,
            key: self.key.as_deref(),
            traceparent: self.traceparent.as_deref(),
        }
    }
}

/// One parked record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parked {
    /// What it had beside its value.
    pub origin: Origin,
    /// Its value.
    #[serde(with = "serde_bytes")]
    pub value: Vec<u8>,
    headers: Vec<model::Header>,
    /// Attempts that are known to have begun.
    attempts: u32,
    /// Those among them that were due; older records knew no others.
    #[serde(default)]
    scheduled: Option<u32>,
    /// Whether the last attempt was due.
    #[serde(skip)]
    was_due: bool,
    /// When the first one began, by the clock of the wall.
    begun: Option<Millis>,
    pause: Option<Pause>,
    /// Whether it was done before and is done again and again, so that it counts as settled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    standing: bool,
}

/// The wait before the next attempt, by the clock of the wall: the one clock that outlives a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Pause {
    since: Millis,
    ms: u64,
}

impl Parked {
    /// A record that came just now.
    pub(crate) fn new(cx: &Cx<'_>, value: &[u8], headers: Option<&BorrowedHeaders>) -> Self {
        let origin = Origin {
            key: cx.key.map(<[u8]>::to_vec),
            time: cx.time,
            traceparent: cx.traceparent.map(str::to_owned),
        };
        Self {
            origin,
            value: value.to_vec(),
            headers: headers
                .into_iter()
                .flat_map(Headers::iter)
                .map(|header| model::Header {
                    key: header.key.to_owned(),
                    value: header.value.map(<[u8]>::to_vec),
                })
                .collect(),
            attempts: 0,
            scheduled: None,
            was_due: false,
            begun: None,
            pause: None,
            standing: false,
        }
    }

    /// Its key.
    pub(crate) fn key(&self) -> Option<&[u8]> {
        self.origin.key.as_deref()
    }

    /// Its headers.
    pub(crate) fn headers(&self) -> OwnedHeaders {
        let new = OwnedHeaders::new_with_capacity(self.headers.len());
        self.headers.iter().fold(new, |headers, header| {
            headers.insert(Header {
                key: &header.key,
                value: header.value.as_ref(),
            })
        })
    }

    /// What it takes of the memory.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.value.len() + self.key().map_or(0, <[u8]>::len)
    }

    /// Whether its changelog takes it, whatever is noted of it later.
    pub(crate) fn fits_changelog(&self) -> bool {
        let headers = self.headers.iter();
        let headers =
            headers.map(|header| header.key.len() + header.value.as_ref().map_or(0, Vec::len) + AROUND);
        let trace = self.origin.traceparent.as_ref().map_or(0, String::len);
        let all = self.size() + trace + headers.sum::<usize>() + AROUND;
        all <= Changelog::MAX_MESSAGE_BYTES as usize
    }

    /// Counts an attempt that begins, because it was due or to find out whether its part is back.
    pub(crate) fn begin_attempt(&mut self, now: Millis, was_due: bool) -> Attempt {
        let scheduled = self.scheduled.unwrap_or(self.attempts);
        let scheduled = scheduled.saturating_add(u32::from(was_due));
        self.scheduled = Some(scheduled);
        self.was_due = was_due;
        self.attempts = self.attempts.saturating_add(1);
        self.pause = None;
        let begun = *self.begun.get_or_insert(now);
        let elapsed = u64::try_from(now.saturating_sub(begun)).unwrap_or_default();
        Attempt {
            number: self.attempts,
            scheduled,
            replayed: self.was_replayed(),
            elapsed: Duration::from_millis(elapsed),
        }
    }

    /// The attempt that was begun last was none.
    pub(crate) fn take_back_attempt(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
        let scheduled = self.scheduled.unwrap_or_default();
        self.scheduled = Some(scheduled.saturating_sub(u32::from(self.was_due)));
        if self.attempts == 0 {
            self.begun = None;
        }
    }

    /// It was done, and is to be done again after this long: attempts are counted from 1 anew.
    pub(crate) fn stand(&mut self, now: Millis, wait: Duration) {
        (self.attempts, self.scheduled, self.begun) = (0, None, None);
        self.standing = true;
        self.pause(now, wait);
    }

    /// Whether it was done before and stays.
    pub(crate) const fn is_standing(&self) -> bool {
        self.standing
    }

    /// Whether the last attempt was due.
    pub(crate) const fn was_due(&self) -> bool {
        self.was_due
    }

    /// Whether an attempt came to nothing.
    pub(crate) const fn was_tried(&self) -> bool {
        self.attempts > 0
    }

    /// Whether it was given up, and put back.
    fn was_replayed(&self) -> bool {
        self.headers.iter().any(|header| header.key == ATTEMPTS_HEADER)
    }

    /// The attempt came to nothing; the next one is to wait this long.
    pub(crate) fn pause(&mut self, now: Millis, wait: Duration) {
        let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.pause = Some(Pause { since: now, ms });
    }

    /// How much of its wait is left: never more than it was, so that a clock that was set back holds nothing up.
    pub(crate) fn pause_left(&self, now: Millis) -> Duration {
        let Some(Pause { since, ms }) = self.pause else {
            return Duration::ZERO;
        };
        let passed = u64::try_from(now.saturating_sub(since)).unwrap_or_default();
        Duration::from_millis(ms.saturating_sub(passed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::stage::golden;
    use topology::Topic;

    const SECOND: Duration = Duration::from_secs(1);

    fn parked() -> Parked {
        let cx = Cx {
            key: Some(b"ops"),
            ..Cx::at(Topic::NotificationsOutbox, 7)
        };
        let headers = OwnedHeaders::new().insert(Header {
            key: "tenant",
            value: Some("acme"),
        });
        Parked::new(&cx, b"\x00record", Some(headers.as_borrowed()))
    }

    #[test]
    fn parked_records_are_written_as_they_always_were() {
        let mut record = parked();
        record.begin_attempt(1_700_000_000_000, true);
        record.pause(1_700_000_000_500, SECOND);
        let mut store = Store::new("parked");
        store.put(42, record);
        let versions = [include_str!("../../../tests/golden/parked.v1.hex")];
        assert_eq!(
            golden(store, || Store::<i64, Parked>::new("parked"), &versions),
            Ok(())
        );
    }

    fn begun(record: &mut Parked, now: Millis) -> (u32, Duration) {
        let attempt = record.begin_attempt(now, true);
        (attempt.number, attempt.elapsed)
    }

    fn restored(record: Parked) -> Parked {
        let (mut kept, mut again) = (EffectStores::<()>::default(), EffectStores::<()>::default());
        kept.parked.put(42, record);
        kept.each(&mut |store| {
            let show = &mut |(key, value): ::stage::Change<'_>| {
                again.parked.restore(key, value).unwrap();
            };
            store.changes(show).unwrap();
        });
        again.parked.get(&42).unwrap().clone()
    }

    #[test]
    fn attempts_and_waits_survive_the_changelog() {
        let mut record = parked();
        assert_eq!(begun(&mut record, 1_000), (1, Duration::ZERO));
        record.pause(1_500, SECOND);
        let mut restored = restored(record);
        assert_eq!(
            (&restored.value[..], restored.key()),
            (&b"\x00record"[..], Some(&b"ops"[..]))
        );
        assert_eq!(restored.pause_left(1_600), Duration::from_millis(900));
        assert_eq!(begun(&mut restored, 3_000), (2, 2 * SECOND));
    }

    #[test]
    fn headers_count_for_the_changelogs_limit() {
        assert!(parked().fits_changelog());
        let long = vec![0; Changelog::MAX_MESSAGE_BYTES as usize];
        let headers = OwnedHeaders::new().insert(Header {
            key: "long",
            value: Some(&long),
        });
        let record = Parked::new(
            &Cx::at(Topic::NotificationsOutbox, 7),
            b"record",
            Some(headers.as_borrowed()),
        );
        assert!(!record.fits_changelog());
    }

    #[test]
    fn a_clock_that_jumps_never_makes_a_wait_longer() {
        let mut record = parked();
        assert_eq!(record.pause_left(0), Duration::ZERO);
        begun(&mut record, 1_000_000);
        record.pause(1_000_000, SECOND);
        assert_eq!(record.pause_left(0), SECOND, "set back");
        assert_eq!(record.pause_left(i64::MAX), Duration::ZERO, "set forward");
        assert_eq!(begun(&mut record, 0), (2, Duration::ZERO));
    }

    #[test]
    fn what_was_no_attempt_is_not_counted_and_a_probe_is_none_of_the_schedule() {
        let mut record = parked();
        record.begin_attempt(0, true);
        record.take_back_attempt();
        assert!(!record.was_tried());
        record.begin_attempt(5, true);
        let probe = record.begin_attempt(6, false);
        assert_eq!((probe.number, probe.scheduled, probe.replayed), (2, 1, false));
        record.begin_attempt(7, false);
        record.take_back_attempt();
        let due = record.begin_attempt(1_005, true);
        assert_eq!((due.number, due.scheduled, due.elapsed), (3, 2, SECOND));
    }

    #[test]
    fn what_is_done_again_is_no_further_attempt_and_waits_over_a_restart() {
        let mut record = parked();
        begun(&mut record, 1_000);
        record.stand(2_000, SECOND);
        assert!(record.is_standing() && !record.was_tried());
        let mut restored = restored(record);
        assert!(restored.is_standing());
        assert_eq!(restored.pause_left(2_400), Duration::from_millis(600));
        assert_eq!(begun(&mut restored, 3_000), (1, Duration::ZERO));
    }

    #[test]
    fn a_record_of_an_older_version_keeps_its_place_in_the_schedule() {
        let mut record = parked();
        (record.attempts, record.scheduled) = (4, None);
        assert_eq!(record.begin_attempt(0, true).scheduled, 5);
    }
}
