//! Windows of so many events, in the order in which they come. No clock, no I/O.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Input, Part};
use crate::plan::{Closed, Plan};

/// The events since the last full window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    #[serde(rename = "n")]
    events: u64,
    #[serde(rename = "s")]
    span: Option<(i64, i64)>,
    #[serde(rename = "p")]
    parts: Vec<Part>,
    /// Full, until it is asked for.
    #[serde(rename = "f", default, skip_serializing_if = "Vec::is_empty")]
    full: Vec<(i64, i64, Vec<Part>)>,
}

/// Full windows that nobody asks for are not kept beyond this.
const MOST_FULL: usize = 16;

impl Batch {
    pub(crate) fn fits(&self, plan: &Plan) -> bool {
        self.events == 0 || plan.fits(&self.parts)
    }

    pub(crate) fn add(&mut self, plan: &Plan, events: u64, at: i64, inputs: &[Input<'_>]) {
        if self.events == 0 {
            self.parts = plan.nothing();
        }
        plan.add(&mut self.parts, at, inputs);
        self.events += 1;
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
        if self.events >= events && self.full.len() < MOST_FULL {
            let (first, last) = self.span.take().unwrap_or((at, at));
            self.full.push((first, last, std::mem::take(&mut self.parts)));
            self.events = 0;
        }
    }

    pub(crate) fn close(&mut self, plan: &Plan) -> Vec<Closed> {
        let full = std::mem::take(&mut self.full);
        full.into_iter()
            .map(|(first, last, parts)| plan.closed(first, last, &parts, false))
            .collect()
    }

    pub(crate) fn look(&self, plan: &Plan, now: i64) -> Closed {
        let (first, last) = self.span.unwrap_or((now, now));
        let nothing = plan.nothing();
        let parts = if self.events == 0 { &nothing } else { &self.parts };
        plan.closed(first, last, parts, false)
    }
}
