//! How fast each stage reads, from two or more looks. No clock of its own.

use super::report::Report;
use std::time::Instant;

/// Looks at the stream.
#[derive(Default)]
pub(super) struct Pace {
    first: Option<(Instant, Vec<u64>)>,
    /// For each stage, when its count was last seen to change, and to what.
    last: Vec<(Instant, u64)>,
}

impl Pace {
    /// One look.
    pub(super) fn see(&mut self, report: &Report, now: Instant) {
        let counts: Vec<u64> = report.stages.iter().map(|stage| stage.read).collect();
        if self.first.is_none() {
            self.last = counts.iter().map(|count| (now, *count)).collect();
            self.first = Some((now, counts));
            return;
        }
        for (last, count) in self.last.iter_mut().zip(counts) {
            if last.1 != count {
                *last = (now, count);
            }
        }
    }

    /// Writes the speed of each stage: what it read from the first look to the last that saw something new.
    pub(super) fn tell(&self, report: &mut Report) {
        let Some((began, first)) = &self.first else { return };
        for ((stage, first), (at, last)) in report.stages.iter_mut().zip(first).zip(&self.last) {
            let (read, took) = (last - first, at.duration_since(*began).as_secs_f64());
            stage.events_per_s = (read > 0 && took > 0.0).then(|| (read as f64 / took * 10.0).round() / 10.0);
        }
    }
}
