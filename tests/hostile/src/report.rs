//! What is said at the end of an afternoon.

use crate::strikes::Struck;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The p99 under attack is at most so many times that of the quiet time.
const MOST_DELAY: f64 = 3.0;

/// How long the client waited, from the first attempt to the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// How many waits there were.
    pub number: usize,
    /// Half of them were no longer.
    pub p50: Duration,
    /// Of a hundred one was longer.
    pub p99: Duration,
}

impl Waits {
    pub(crate) fn of(mut waits: Vec<Duration>) -> Self {
        waits.sort_unstable();
        let at = |percent: usize| {
            let rank = (waits.len() * percent).div_ceil(100).saturating_sub(1);
            waits.get(rank).copied().unwrap_or_default()
        };
        Self {
            number: waits.len(),
            p50: at(50),
            p99: at(99),
        }
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Report {
    /// Events of the client that was not hostile.
    pub taken: usize,
    /// Of them, those that were taken and never came to the database.
    pub lost: usize,
    /// Without attacks.
    pub quiet: Waits,
    /// With them.
    pub hostile: Waits,
    /// Attempts under attack that had to be made again.
    pub again: usize,
    /// How often the attackers struck.
    pub struck: Vec<Struck>,
    /// Whether the process ran and was ready, during the attacks and after them.
    pub whole: bool,
    /// Whether everything that any stage read is accounted for, and nothing is left.
    pub conserves: bool,
}

impl Report {
    /// By what factor the attacks delayed the client.
    pub fn delay(&self) -> f64 {
        self.hostile.p99.as_secs_f64() / self.quiet.p99.as_secs_f64().max(0.000_001)
    }

    /// Whether everything holds.
    pub fn holds(&self) -> bool {
        let bites = self.struck.iter().all(Struck::bites);
        self.lost == 0 && self.whole && self.conserves && bites && self.delay() <= MOST_DELAY
    }

    /// For people.
    pub fn lines(&self) -> Vec<String> {
        let waits = |name, waits: Waits| {
            let millis = |wait: Duration| wait.as_secs_f64() * 1_000.0;
            let (p50, p99) = (millis(waits.p50), millis(waits.p99));
            format!(
                "p50 and p99 {name} attacks {p50:>8.1} and {p99:.1} ms of {} posts",
                waits.number
            )
        };
        let mut lines = vec![
            format!("events taken             {:>10}", self.taken),
            format!("of them lost             {:>10}", self.lost),
            waits("without", self.quiet),
            waits("with", self.hostile),
            format!("factor (at most {MOST_DELAY})       {:>10.2}", self.delay()),
            format!("attempts made again      {:>10}", self.again),
            format!("every stage ran          {:>10}", self.whole),
            format!("everything accounted for {:>10}", self.conserves),
        ];
        lines.extend(self.struck.iter().map(|struck| {
            let Struck { name, per_s, least } = struck;
            format!("{name:<12} a second {per_s:>14.0} (at least {least:.0})")
        }));
        lines
    }

    /// For programs, under the names of the bench.
    pub fn json(&self) -> Value {
        json!({
            "hostile_events": self.taken,
            "hostile_lost": self.lost,
            "hostile_quiet_p99_ms": self.quiet.p99.as_secs_f64() * 1_000.0,
            "hostile_p99_ms": self.hostile.p99.as_secs_f64() * 1_000.0,
            "hostile_p99_factor": self.delay(),
            "hostile_strikes_per_s": self.struck.iter().map(|struck| (struck.name, struck.per_s.round())).collect::<BTreeMap<_, _>>(),
            "hostile_stages_ran": self.whole,
            "hostile_conserves": self.conserves,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_hundred_is_slower_than_the_p99() {
        let waits = Waits::of((1..=100).map(Duration::from_millis).rev().collect());
        let (p50, p99) = (Duration::from_millis(50), Duration::from_millis(99));
        assert_eq!((waits.number, waits.p50, waits.p99), (100, p50, p99));
        assert_eq!(Waits::of(Vec::new()).p99, Duration::ZERO);
    }
}
