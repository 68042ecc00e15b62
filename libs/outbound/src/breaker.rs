//! A circuit breaker: an endpoint that fails again and again is left alone for a while. No clock, no I/O: time is
//! passed in.

use std::time::{Duration, Instant};

/// When to open and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// This many failures in a row open it.
    pub failures: u32,
    /// How long it stays open before one call may try.
    pub open_for: Duration,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            failures: 5,
            open_for: Duration::from_secs(10),
        }
    }
}

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Yes.
    Granted,
    /// Not for this long.
    Refused(Duration),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// One call tries; should it never come back, another may try after `until`.
    HalfOpen {
        until: Instant,
    },
}

/// The breaker of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    policy: BreakerPolicy,
    state: State,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(policy: BreakerPolicy) -> Self {
        Self {
            policy,
            state: State::Closed { failures: 0 },
        }
    }

    /// Asks for a call; its end must be told by [`Breaker::succeeded`] or [`Breaker::failed`].
    pub fn admit(&mut self, now: Instant) -> Admission {
        match self.state {
            State::Open { until } | State::HalfOpen { until } if now < until => {
                Admission::Refused(until - now)
            }
            State::Open { .. } | State::HalfOpen { .. } => {
                self.state = State::HalfOpen {
                    until: now + self.policy.open_for,
                };
                Admission::Granted
            }
            State::Closed { .. } => Admission::Granted,
        }
    }

    /// The endpoint answered, were it with a refusal.
    pub fn succeeded(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    /// The endpoint did not answer, or said that it is broken.
    pub fn failed(&mut self, now: Instant) {
        self.state = match self.state {
            State::Closed { failures } if failures + 1 < self.policy.failures => State::Closed {
                failures: failures + 1,
            },
            // A call from before the opening must not put off the next try.
            State::Open { until } => State::Open { until },
            State::Closed { .. } | State::HalfOpen { .. } => State::Open {
                until: now + self.policy.open_for,
            },
        };
    }

    /// Whether nothing bad is known, so that the breaker need not be kept.
    pub fn is_idle(&self) -> bool {
        self.state == State::Closed { failures: 0 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: BreakerPolicy = BreakerPolicy {
        failures: 2,
        open_for: Duration::from_secs(10),
    };

    #[test]
    fn it_opens_lets_one_call_try_and_closes_again() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut breaker = Breaker::new(POLICY);
        breaker.failed(at(0));
        assert_eq!(breaker.admit(at(0)), Admission::Granted);
        breaker.failed(at(0));
        assert_eq!(breaker.admit(at(4)), Admission::Refused(Duration::from_secs(6)));
        assert_eq!(breaker.admit(at(10)), Admission::Granted);
        assert!(
            matches!(breaker.admit(at(10)), Admission::Refused(_)),
            "only one may try"
        );
        breaker.failed(at(11));
        assert_eq!(breaker.admit(at(11)), Admission::Refused(Duration::from_secs(10)));
        assert_eq!(breaker.admit(at(21)), Admission::Granted);
        breaker.succeeded();
        assert!(breaker.is_idle());
    }

    #[test]
    fn a_try_that_never_comes_back_does_not_close_it_for_ever() {
        let start = Instant::now();
        let mut breaker = Breaker::new(BreakerPolicy {
            failures: 1,
            ..POLICY
        });
        breaker.failed(start);
        assert_eq!(breaker.admit(start + Duration::from_secs(10)), Admission::Granted);
        assert_eq!(breaker.admit(start + Duration::from_secs(20)), Admission::Granted);
    }

    proptest! {
        #[test]
        fn no_refusal_is_longer_than_the_policy(steps in proptest::collection::vec((0_u8..3, 0_u64..20), 0..60)) {
            let mut now = Instant::now();
            let mut breaker = Breaker::new(POLICY);
            for (step, seconds) in steps {
                now += Duration::from_secs(seconds);
                match step {
                    0 => breaker.succeeded(),
                    1 => breaker.failed(now),
                    _ => if let Admission::Refused(wait) = breaker.admit(now) {
                        prop_assert!(wait <= POLICY.open_for && !wait.is_zero());
                    },
                }
            }
        }
    }
}
