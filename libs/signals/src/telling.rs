//! When a signal is told, and told again: what changed decides, so that a signal of 100,000 events costs a few dozen
//! records. No I/O.

use crate::{Over, Policy, Standing, life, title};
use model::{Millis, Signal, SignalState};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Up to so much evidence, each event is told of: three reports are more than two.
pub const EACH: i64 = 16;

/// What was told last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// How much evidence there was.
    pub evidence: i64,
    /// The state.
    pub state: SignalState,
    /// Hash of level and title.
    pub headline: u64,
    /// When, in record time.
    pub at: Millis,
}

impl Standing {
    /// Whether it was told of.
    pub fn is_open(&self) -> bool {
        self.signal.version > 0
    }

    /// Whether it is worth telling: one event is enough, or several independent senders say something weak.
    pub fn is_worth_telling(&self, policy: &Policy) -> bool {
        let weak = self.best > 0.0 && self.signal.independent_count >= policy.weak_senders;
        self.best >= policy.floor(&self.signal.kind) || weak
    }

    /// Whether a version is due: it begins, its state, level or title changed, it has grown by half, or nothing was told
    /// for long.
    pub fn is_due(&self, policy: &Policy, now: Millis) -> bool {
        if !self.is_open() {
            return self.is_worth_telling(policy);
        }
        let Some(told) = &self.told else { return true };
        let evidence = self.signal.evidence_count;
        let grown = evidence > told.evidence && (evidence <= EACH || evidence >= told.evidence / 2 * 3);
        let silent = evidence > told.evidence && now.saturating_sub(told.at) >= policy.repeat_after;
        grown || silent || told.state != self.signal.state || told.headline != self.headline()
    }

    /// The next version, which is told now, with the title that stands for it best.
    pub fn tell(&mut self, now: Millis) -> Signal {
        title::choose(&mut self.signal);
        self.heat.tell(&mut self.signal);
        self.signal.version += 1;
        self.told = Some(Told {
            evidence: self.signal.evidence_count,
            state: self.signal.state,
            headline: self.headline(),
            at: now,
        });
        self.signal.clone()
    }

    /// The last version of a signal that is over, where it was told of at all; `time` is that of its events, `now` that of
    /// records.
    pub fn close(mut self, over: Over, time: Millis, now: Millis) -> Option<Signal> {
        life::change(&mut self.signal, SignalState::Closed, time, over.reason());
        self.signal.merged_into = over.into_signal();
        self.is_open().then(|| self.tell(now))
    }

    fn headline(&self) -> u64 {
        xxh3_64(format!("{}\u{1f}{}", self.signal.level, self.signal.title).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standing::tests::{policy, scored};
    use model::ScoredEvent;

    fn told(events: impl IntoIterator<Item = ScoredEvent>) -> (Standing, Vec<Signal>) {
        let (policy, mut standing) = (policy(), Standing::default());
        let mut told = Vec::new();
        for event in events {
            standing.add(event, false, &policy);
            standing.judge(&policy);
            if standing.is_due(&policy, 0) {
                told.push(standing.tell(0));
            }
        }
        (standing, told)
    }

    #[test]
    fn an_event_below_the_floor_opens_nothing_and_counts_later() {
        let (standing, none) = told([scored("1", "a", 9.9)]);
        assert_eq!((none.len(), standing.signal.evidence_count), (0, 1));
        let (_, later) = told([scored("1", "a", 9.9), scored("2", "a", 10.0)]);
        assert_eq!(
            (later.len(), later[0].evidence_count, later[0].version),
            (1, 2, 1)
        );
    }

    #[test]
    fn weak_words_of_three_independent_senders_open_a_signal() {
        let weak = |sources: [&str; 3], score| {
            let events = (0..).zip(sources);
            told(events.map(|(id, source): (u8, _)| scored(&id.to_string(), source, score)))
                .1
                .len()
        };
        assert_eq!(weak(["a", "b", "c"], 1.0), 1);
        assert_eq!(weak(["a", "b", "b"], 1.0), 0, "two of them are one sender");
        assert_eq!(weak(["a", "b", "c"], 0.0), 0, "they say nothing");
        assert_eq!(weak(["a", "b", "c"], -20.0), 0);
    }

    #[test]
    fn a_hundred_thousand_events_are_a_few_dozen_versions() {
        let (standing, told) = told((0..100_000).map(|id: u32| scored(&id.to_string(), "a", 20.0)));
        assert_eq!(standing.signal.evidence_count, 100_000);
        assert!((20..=60).contains(&told.len()), "{}", told.len());
        assert!(told.last().unwrap().evidence_count > 66_000);
        let versions: Vec<i64> = told.iter().map(|signal| signal.version).collect();
        assert!(versions.iter().zip(1..).all(|(version, due)| *version == due));
    }

    #[test]
    fn what_goes_on_is_told_again_after_a_while() {
        let (policy, mut standing) = (policy(), Standing::default());
        for id in 0..17_u8 {
            standing.add(scored(&id.to_string(), "a", 20.0), false, &policy);
        }
        standing.tell(0);
        standing.add(scored("more", "a", 20.0), false, &policy);
        assert!(!standing.is_due(&policy, policy.repeat_after - 1));
        assert!(standing.is_due(&policy, policy.repeat_after));
    }

    #[test]
    fn a_signal_that_nobody_heard_of_ends_in_silence() {
        let (quiet, _) = told([scored("1", "a", 1.0)]);
        assert_eq!(quiet.close(Over::Silent, 5, 5), None);
        let (loud, _) = told([scored("1", "a", 50.0)]);
        let last = loud.close(Over::Merged("sig_2".to_owned()), 5, 5).unwrap();
        assert_eq!((last.state, last.version), (SignalState::Closed, 2));
        assert_eq!(last.merged_into.as_deref(), Some("sig_2"));
        let why = last
            .changes
            .last()
            .map(|change| (change.state, change.reason.as_str()));
        assert_eq!(why, Some((SignalState::Closed, "sig_2 took it in")));
    }
}
