//! What is said at the end of an afternoon.

use serde_json::{Value, json};
use std::time::Duration;

/// The p99 under attack is at most so many times that of the quiet time.
const MOST_DELAY: f64 = 3.0;

/// See the module.
#[derive(Debug, Clone)]
pub struct Report {
    /// Events of the client that was not hostile.
    pub taken: usize,
    /// Of them, those that were taken and never came to the database.
    pub lost: usize,
    /// From the first attempt to the answer, without attacks.
    pub quiet_p99: Duration,
    /// The same with them.
    pub hostile_p99: Duration,
    /// Attempts under attack that had to be made again.
    pub again: usize,
    /// Whether the process ran and was ready, during the attacks and after them.
    pub whole: bool,
    /// Whether everything that any stage read is accounted for, and nothing is left.
    pub conserves: bool,
}

impl Report {
    /// By what factor the attacks delayed the client.
    pub fn delay(&self) -> f64 {
        self.hostile_p99.as_secs_f64() / self.quiet_p99.as_secs_f64().max(0.000_001)
    }

    /// Whether everything holds.
    pub fn holds(&self) -> bool {
        self.lost == 0 && self.whole && self.conserves && self.delay() <= MOST_DELAY
    }

    /// For people.
    pub fn lines(&self) -> Vec<String> {
        let millis = |wait: Duration| wait.as_secs_f64() * 1_000.0;
        vec![
            format!("events taken             {:>10}", self.taken),
            format!("of them lost             {:>10}", self.lost),
            format!("p99 without attacks      {:>10.1} ms", millis(self.quiet_p99)),
            format!("p99 with attacks         {:>10.1} ms", millis(self.hostile_p99)),
            format!("factor (at most {MOST_DELAY})       {:>10.2}", self.delay()),
            format!("attempts made again      {:>10}", self.again),
            format!("every stage ran          {:>10}", self.whole),
            format!("everything accounted for {:>10}", self.conserves),
        ]
    }

    /// For programs, under the names of the bench.
    pub fn json(&self) -> Value {
        json!({
            "hostile_events": self.taken,
            "hostile_lost": self.lost,
            "hostile_quiet_p99_ms": self.quiet_p99.as_secs_f64() * 1_000.0,
            "hostile_p99_ms": self.hostile_p99.as_secs_f64() * 1_000.0,
            "hostile_p99_factor": self.delay(),
            "hostile_stages_ran": self.whole,
            "hostile_conserves": self.conserves,
        })
    }
}
