//! Sessions: events with little time between them. No clock, no I/O.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Input, Part};
use crate::plan::{Added, Closed, Plan};

/// One session, from its first to its last event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Session {
    #[serde(rename = "a")]
    first: i64,
    #[serde(rename = "z")]
    last: i64,
    #[serde(rename = "p")]
    parts: Vec<Part>,
    /// Whether it was given, and whether it was changed since.
    #[serde(rename = "g", default)]
    given: bool,
    #[serde(rename = "c", default)]
    corrected: bool,
}

/// The sessions that an event to come may belong to, in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sessions(Vec<Session>);

impl Sessions {
    pub(crate) fn fits(&self, plan: &Plan) -> bool {
        self.0.iter().all(|session| plan.fits(&session.parts))
    }

    /// Counts an event. It may join two sessions; it is late where the session that it would belong to is over for good.
    pub(crate) fn add(
        &mut self,
        plan: &Plan,
        gap: i64,
        at: i64,
        inputs: &[Input<'_>],
        watermark: i64,
    ) -> Added {
        self.forget(plan, gap, watermark);
        let is_near = |session: &Session| {
            at < session.last.saturating_add(gap) && session.first < at.saturating_add(gap)
        };
        let first = self.0.iter().position(is_near);
        let Some(first) = first else {
            return self.begin(plan, gap, at, inputs, watermark);
        };
        let behind = self.0.iter().rposition(is_near).map_or(first, |last| last + 1);
        let Some(mut joined) = self.0.get(first).cloned() else {
            return Added::Late;
        };
        for later in self.0.get(first + 1..behind).unwrap_or_default() {
            plan.merge(&mut joined.parts, &later.parts);
            joined.last = joined.last.max(later.last);
            joined.given |= later.given;
        }
        plan.add(&mut joined.parts, at, inputs);
        (joined.first, joined.last) = (joined.first.min(at), joined.last.max(at));
        joined.corrected = joined.given;
        let corrects = joined.given;
        self.0.splice(first..behind, [joined]);
        if corrects { Added::Corrects } else { Added::InTime }
    }

    fn begin(&mut self, plan: &Plan, gap: i64, at: i64, inputs: &[Input<'_>], watermark: i64) -> Added {
        if at.saturating_add(gap).saturating_add(plan.lateness) <= watermark {
            return Added::Late;
        }
        let mut parts = plan.nothing();
        plan.add(&mut parts, at, inputs);
        let place = self.0.partition_point(|session| session.first < at);
        let session = Session {
            first: at,
            last: at,
            parts,
            given: false,
            corrected: false,
        };
        self.0.insert(place, session);
        Added::InTime
    }

    /// The sessions that the watermark ended, and those that were corrected.
    pub(crate) fn close(&mut self, plan: &Plan, gap: i64, watermark: i64) -> Vec<Closed> {
        let mut closed = Vec::new();
        for session in &mut self.0 {
            let ended = session.last.saturating_add(gap) <= watermark;
            if ended && (!session.given || session.corrected) {
                let corrects = session.given;
                closed.push(plan.closed(session.first, session.last, &session.parts, corrects));
                (session.given, session.corrected) = (true, false);
            }
        }
        self.forget(plan, gap, watermark);
        closed
    }

    /// Drops what was given and takes no event any more.
    fn forget(&mut self, plan: &Plan, gap: i64, watermark: i64) {
        let over =
            |session: &Session| session.last.saturating_add(gap).saturating_add(plan.lateness) <= watermark;
        self.0
            .retain(|session| !session.given || session.corrected || !over(session));
    }

    pub(crate) fn next_end(&self, gap: i64) -> Option<i64> {
        let open = self
            .0
            .iter()
            .filter(|session| !session.given || session.corrected);
        open.map(|session| session.last.saturating_add(gap)).min()
    }

    /// The session that goes on at `now`.
    pub(crate) fn look(&self, plan: &Plan, gap: i64, now: i64) -> Closed {
        let goes_on = |session: &&Session| session.first <= now && now < session.last.saturating_add(gap);
        match self.0.iter().rev().find(goes_on) {
            Some(session) => plan.closed(session.first, session.last, &session.parts, session.given),
            None => plan.closed(now, now, &plan.nothing(), false),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
