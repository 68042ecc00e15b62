//! One event after another within a time. No Kafka, no clock, no I/O.

use std::sync::Arc;

use model::{Detection, Event};
use rules::SequenceRule;
use windows::{Chain, Order, Roles, Sequence};

use crate::decide::TooLate;
use crate::found::chained;
use crate::pattern::Place;
use crate::watch::{Kept, Watch};

/// Events of one subject that are kept at most: those that an event to come may follow or stand between.
const MOST_EVENTS: usize = 512;
/// Sequences of one subject that are remembered as told.
const MOST_TOLD: usize = 64;

/// Takes an event that plays a role; gives the sequence that it completes. Of those that begin with the same event, only
/// the first is told.
pub(crate) fn observe(
    place: Place<'_>,
    rule: &SequenceRule,
    roles: Roles,
    lateness_ms: i64,
    event: &Event,
    watch: &mut Watch,
) -> Result<Option<Detection>, TooLate> {
    if !matches!(watch.kept, Kept::Sequence(..)) {
        watch.kept = Kept::Sequence(Sequence::default(), Vec::new());
    }
    let Kept::Sequence(sequence, told) = &mut watch.kept else {
        return Ok(None);
    };
    let order = Order {
        steps: rule.steps,
        within: rule.within_ms,
        lateness: lateness_ms,
        keep: MOST_EVENTS,
    };
    let taken = sequence.take(event.time, roles, event.id.as_str().into(), &order);
    let chain = taken.map_err(|windows::TooLate| TooLate)?;
    let settled = sequence.settled(lateness_ms).saturating_sub(rule.within_ms);
    let chain = chain.filter(|chain| is_news(chain, told, settled, place.rule.cooldown_ms));
    watch.note(event.time, &event.id, 0);
    Ok(chain.map(|chain| chained(&place.origin(Some(event)), &chain)))
}

fn is_news(chain: &Chain, told: &mut Vec<(i64, Arc<str>)>, settled: i64, cooldown_ms: i64) -> bool {
    let Some(first) = chain.ids.first() else {
        return false;
    };
    let since = settled.saturating_sub(cooldown_ms);
    told.retain(|(at, _)| *at >= since);
    let is_known = told
        .iter()
        .any(|(at, id)| id == first || chain.first_at.abs_diff(*at) < cooldown_ms.unsigned_abs());
    if is_known {
        return false;
    }
    told.push((chain.first_at, Arc::clone(first)));
    let over = told.len().saturating_sub(MOST_TOLD);
    told.drain(..over);
    true
}
