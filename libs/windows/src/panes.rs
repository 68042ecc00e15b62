//! Windows of a fixed length: events are counted once, in the pane that they lie in, and windows are put together of
//! panes. No clock, no I/O.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Input, Part};
use crate::plan::{Added, Closed, Plan};

/// What is known of one span of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pane(i64, Vec<Part>);

/// The panes that some window still needs, in the order of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Panes {
    #[serde(rename = "p")]
    kept: Vec<Pane>,
    /// Windows that end up to here were given.
    #[serde(rename = "c")]
    closed: i64,
    /// Ends of closed windows that are to be given once more.
    #[serde(rename = "d", default, skip_serializing_if = "Vec::is_empty")]
    corrected: Vec<i64>,
}

impl Default for Panes {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            closed: i64::MIN,
            corrected: Vec::new(),
        }
    }
}

impl Panes {
    pub(crate) fn fits(&self, plan: &Plan) -> bool {
        let pane = plan.shape.pane();
        let mut panes = self.kept.iter();
        panes.all(|Pane(start, parts)| start % pane == 0 && plan.fits(parts))
    }

    /// Counts an event, unless the last window that it belongs to is over for good at this watermark.
    pub(crate) fn add(&mut self, plan: &Plan, at: i64, inputs: &[Input<'_>], watermark: i64) -> Added {
        let start = at.saturating_sub(at.rem_euclid(plan.shape.pane()));
        let last_end = plan.shape.last_end(start);
        if last_end.saturating_add(plan.lateness) <= watermark {
            return Added::Late;
        }
        let place = match self.kept.binary_search_by_key(&start, |pane| pane.0) {
            Ok(place) => place,
            Err(place) => {
                self.kept.insert(place, Pane(start, plan.nothing()));
                place
            }
        };
        if let Some(Pane(_, parts)) = self.kept.get_mut(place) {
            plan.add(parts, at, inputs);
        }
        self.correct(plan, start, last_end, watermark)
    }

    /// Notes the closed windows that an event at `start` makes wrong, and that are not over for good.
    fn correct(&mut self, plan: &Plan, start: i64, last_end: i64, watermark: i64) -> Added {
        let over = watermark.saturating_sub(plan.lateness).saturating_add(1);
        let first = plan
            .shape
            .end_from(start.saturating_add(plan.shape.pane()).max(over));
        let mut corrects = false;
        let mut next = Some(first);
        while let Some(end) = next.filter(|end| *end <= self.closed.min(last_end)) {
            if let Err(place) = self.corrected.binary_search(&end) {
                self.corrected.insert(place, end);
            }
            corrects = true;
            next = end.checked_add(plan.shape.every());
        }
        if corrects { Added::Corrects } else { Added::InTime }
    }

    /// The window that ends with the pane of `now`: what slides is looked at like this.
    pub(crate) fn look(&self, plan: &Plan, now: i64) -> Closed {
        let pane = plan.shape.pane();
        let end = now.saturating_sub(now.rem_euclid(pane)).saturating_add(pane);
        self.window(plan, end, false)
    }

    /// The windows that the watermark passed, in the order of their ends, and those that were corrected.
    pub(crate) fn close(&mut self, plan: &Plan, watermark: i64) -> Vec<Closed> {
        let corrected = std::mem::take(&mut self.corrected);
        let mut closed: Vec<Closed> = corrected
            .iter()
            .map(|end| self.window(plan, *end, true))
            .collect();
        while let Some(end) = self.next_end(plan).filter(|end| *end <= watermark) {
            closed.push(self.window(plan, end, false));
            self.closed = end;
        }
        self.closed = self.closed.max(watermark);
        self.forget(plan, watermark);
        closed
    }

    /// The end of the next window that has something in it.
    pub(crate) fn next_end(&self, plan: &Plan) -> Option<i64> {
        let pane = plan.shape.pane();
        let next = |Pane(start, _): &Pane| {
            let from = start.saturating_add(pane).max(self.closed.saturating_add(1));
            let end = plan.shape.end_from(from);
            (end > self.closed && end <= plan.shape.last_end(*start)).then_some(end)
        };
        self.kept.iter().filter_map(next).min()
    }

    /// The next time after `now` at which another pane is part of the window that slides, or one is no more.
    pub(crate) fn next_change(&self, plan: &Plan, now: i64) -> Option<i64> {
        let size = plan.shape.size();
        let change = |Pane(start, _): &Pane| [*start, start.saturating_add(size)];
        let changes = self.kept.iter().flat_map(change);
        changes.filter(|at| *at > now).min()
    }

    /// Drops what no window needs that is not over for good.
    pub(crate) fn forget(&mut self, plan: &Plan, watermark: i64) {
        let needed =
            |Pane(start, _): &Pane| plan.shape.last_end(*start).saturating_add(plan.lateness) > watermark;
        let gone = self.kept.iter().position(needed).unwrap_or(self.kept.len());
        self.kept.drain(..gone);
    }

    fn window(&self, plan: &Plan, end: i64, corrects: bool) -> Closed {
        let start = end.saturating_sub(plan.shape.size());
        let first = self.kept.partition_point(|pane| pane.0 < start);
        let behind = self.kept.partition_point(|pane| pane.0 < end);
        let mut parts = plan.nothing();
        for Pane(_, more) in self.kept.get(first..behind).unwrap_or_default() {
            plan.merge(&mut parts, more);
        }
        plan.closed(start, end, &parts, corrects)
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }
}
