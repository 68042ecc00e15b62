//! When a condition that holds is news: pending, firing, resolved, as Prometheus has them. No clock, no I/O.

use serde::{Deserialize, Serialize};

/// How long a condition must hold, and how often it is told. Milliseconds of event time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// It holds this long before it is told; 0 for at once.
    pub hold: i64,
    /// Between one telling and the next lies at least this.
    pub suppress: i64,
}

/// Where the condition of one key stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    #[default]
    #[serde(rename = "i")]
    Idle,
    /// It has held since then, and not long enough yet.
    #[serde(rename = "p")]
    Pending(i64),
    /// It has held since then; whether that was told.
    #[serde(rename = "f")]
    Firing(i64, bool),
}

/// The condition of one key, over time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    #[serde(rename = "s")]
    state: State,
    /// When it was told last.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    told: Option<i64>,
    /// The latest time that it was judged at.
    #[serde(rename = "j", default, skip_serializing_if = "Option::is_none")]
    judged: Option<i64>,
}

/// What is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The condition has held since then, long enough.
    Fires(i64),
    /// It held since then, was told, and holds no more.
    Resolves(i64),
}

impl Alert {
    /// The condition holds or does not, at `at`; earlier times than the last count as that.
    pub fn judge(&mut self, at: i64, holds: bool, policy: Policy) -> Option<News> {
        let at = self.judged.map_or(at, |judged| judged.max(at));
        self.judged = Some(at);
        if !holds {
            return self.end();
        }
        let (since, told) = match self.state {
            State::Idle => (at, false),
            State::Pending(since) => (since, false),
            State::Firing(since, told) => (since, told),
        };
        if at.saturating_sub(since) < policy.hold {
            self.state = State::Pending(since);
            return None;
        }
        let quiet = self
            .told
            .is_some_and(|told| at.saturating_sub(told) < policy.suppress);
        self.state = State::Firing(since, told || !quiet);
        if told || quiet {
            return None;
        }
        self.told = Some(at);
        Some(News::Fires(since))
    }

    fn end(&mut self) -> Option<News> {
        match std::mem::take(&mut self.state) {
            State::Firing(since, true) => Some(News::Resolves(since)),
            _ => None,
        }
    }

    /// Whether the condition does not hold: nothing need be asked until something happens.
    pub fn is_idle(&self) -> bool {
        self.state == State::Idle
    }

    /// When it must be judged again though nothing happens, since it may be news by then.
    pub fn due(&self, policy: Policy) -> Option<i64> {
        match self.state {
            State::Idle | State::Firing(_, true) => None,
            State::Pending(since) => Some(since.saturating_add(policy.hold)),
            State::Firing(_, false) => self.told.map(|told| told.saturating_add(policy.suppress)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(policy: Policy, judged: &[(i64, bool)]) -> Vec<Option<News>> {
        let mut alert = Alert::default();
        judged
            .iter()
            .map(|(at, holds)| alert.judge(*at, *holds, policy))
            .collect()
    }

    #[test]
    fn it_fires_once_and_resolves_once() {
        let told = news(
            Policy::default(),
            &[(0, false), (1, true), (2, true), (3, false), (4, false)],
        );
        assert_eq!(
            told,
            [None, Some(News::Fires(1)), None, Some(News::Resolves(1)), None]
        );
    }

    #[test]
    fn it_must_hold_all_the_time() {
        let policy = Policy {
            hold: 10,
            suppress: 0,
        };
        let told = news(
            policy,
            &[
                (0, true),
                (9, true),
                (9, false),
                (10, true),
                (19, true),
                (20, true),
                (30, false),
            ],
        );
        let (fires, resolves) = (Some(News::Fires(10)), Some(News::Resolves(10)));
        assert_eq!(told, [None, None, None, None, None, fires, resolves]);
    }

    #[test]
    fn what_flaps_is_told_again_only_after_the_suppression() {
        let policy = Policy {
            hold: 0,
            suppress: 100,
        };
        let told = news(
            policy,
            &[
                (0, true),
                (10, false),
                (20, true),
                (30, false),
                (40, true),
                (99, true),
                (100, true),
                (110, false),
            ],
        );
        let wanted = [
            Some(News::Fires(0)),
            Some(News::Resolves(0)),
            None,
            None,
            None,
            None,
            Some(News::Fires(40)),
            Some(News::Resolves(40)),
        ];
        assert_eq!(told, wanted, "what was not told is not resolved either");
    }

    #[test]
    fn it_says_when_it_is_to_be_asked_again() {
        let policy = Policy {
            hold: 10,
            suppress: 100,
        };
        let mut alert = Alert::default();
        assert_eq!((alert.is_idle(), alert.due(policy)), (true, None));
        alert.judge(5, true, policy);
        assert_eq!((alert.is_idle(), alert.due(policy)), (false, Some(15)));
        alert.judge(15, true, policy);
        assert_eq!(alert.due(policy), None);
        alert.judge(16, false, policy);
        alert.judge(20, true, policy);
        alert.judge(30, true, policy);
        assert_eq!(alert.due(policy), Some(115));
    }

    #[test]
    fn time_does_not_go_back() {
        let policy = Policy {
            hold: 10,
            suppress: 0,
        };
        assert_eq!(
            news(policy, &[(50, true), (5, true), (60, true)])[2],
            Some(News::Fires(50))
        );
    }
}
