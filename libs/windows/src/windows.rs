//! The windows of one key, whatever their shape. No clock, no I/O: the watermark is told.

use serde::{Deserialize, Serialize};

use crate::aggregate::Input;
use crate::batch::Batch;
use crate::panes::Panes;
use crate::plan::{Added, Closed, Plan};
use crate::sessions::Sessions;
use crate::shape::Shape;

/// The windows of one key. What they keep grows with the panes or sessions that are open, never with the events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Windows {
    /// Of a fixed length.
    #[serde(rename = "p")]
    Panes(Panes),
    /// Ended by silence.
    #[serde(rename = "s")]
    Sessions(Sessions),
    /// Of so many events.
    #[serde(rename = "b")]
    Batch(Batch),
}

impl Windows {
    /// No event yet.
    pub fn new(plan: &Plan) -> Self {
        match plan.shape {
            Shape::Session { .. } => Self::Sessions(Sessions::default()),
            Shape::Count { .. } => Self::Batch(Batch::default()),
            Shape::Tumbling { .. } | Shape::Hopping { .. } | Shape::Sliding { .. } => {
                Self::Panes(Panes::default())
            }
        }
    }

    /// Whether they are of this plan; those of another are of no use to it.
    pub fn fits(&self, plan: &Plan) -> bool {
        match (self, plan.shape) {
            (Self::Sessions(sessions), Shape::Session { .. }) => sessions.fits(plan),
            (Self::Batch(batch), Shape::Count { .. }) => batch.fits(plan),
            (Self::Panes(_), Shape::Session { .. } | Shape::Count { .. }) => false,
            (Self::Panes(panes), _) => panes.fits(plan),
            _ => false,
        }
    }

    /// Counts an event that happened at `at`, with an input for each aggregate of the plan. No event up to `watermark`
    /// is waited for.
    pub fn add(&mut self, plan: &Plan, at: i64, inputs: &[Input<'_>], watermark: i64) -> Added {
        match (self, plan.shape) {
            (Self::Panes(panes), _) => panes.add(plan, at, inputs, watermark),
            (Self::Sessions(sessions), Shape::Session { gap }) => {
                sessions.add(plan, gap, at, inputs, watermark)
            }
            (Self::Batch(batch), Shape::Count { events }) => {
                batch.add(plan, events, at, inputs);
                Added::InTime
            }
            _ => Added::Late,
        }
    }

    /// The windows that are complete at this watermark, and those that are to be corrected; what is over for good is
    /// forgotten. Empty windows are not told.
    pub fn close(&mut self, plan: &Plan, watermark: i64) -> Vec<Closed> {
        match (self, plan.shape) {
            (Self::Panes(panes), _) => panes.close(plan, watermark),
            (Self::Sessions(sessions), Shape::Session { gap }) => sessions.close(plan, gap, watermark),
            (Self::Batch(batch), _) => batch.close(plan),
            _ => Vec::new(),
        }
    }

    /// The window as it stands at `now`, complete or not: the one that ends with the pane of `now`, the session that goes
    /// on, or the events since the last full count.
    pub fn look(&self, plan: &Plan, now: i64) -> Closed {
        match (self, plan.shape) {
            (Self::Panes(panes), _) => panes.look(plan, now),
            (Self::Sessions(sessions), Shape::Session { gap }) => sessions.look(plan, gap, now),
            (Self::Batch(batch), _) => batch.look(plan, now),
            (Self::Sessions(_), _) => plan.closed(now, now, &plan.nothing(), false),
        }
    }

    /// Forgets what no window needs that ends after `now` less the lateness: for windows that slide, which never close.
    pub fn forget(&mut self, plan: &Plan, now: i64) {
        if let Self::Panes(panes) = self {
            panes.forget(plan, now);
        }
    }

    /// When the next window will be complete: the watermark to ask [`Windows::close`] at.
    pub fn next_end(&self, plan: &Plan) -> Option<i64> {
        match (self, plan.shape) {
            (Self::Panes(panes), _) => panes.next_end(plan),
            (Self::Sessions(sessions), Shape::Session { gap }) => sessions.next_end(gap),
            _ => None,
        }
    }

    /// When the window that [`Windows::look`] gives will have something else in it though nothing happens; `None` where
    /// it will not, and for windows that do not slide.
    pub fn next_change(&self, plan: &Plan, now: i64) -> Option<i64> {
        match (self, plan.shape) {
            (Self::Panes(panes), Shape::Sliding { .. }) => panes.next_change(plan, now),
            _ => None,
        }
    }

    /// How many panes or sessions are kept.
    pub fn len(&self) -> usize {
        match self {
            Self::Panes(panes) => panes.len(),
            Self::Sessions(sessions) => sessions.len(),
            Self::Batch(_) => 1,
        }
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
