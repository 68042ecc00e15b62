//! Events without words: within a tenant and subject, those of one type are evidence of one signal until it has been quiet
//! for long. No I/O.

use crate::output::Told;
use crate::stores::{DedupStores, EXACT_WINDOW};
use crate::{Limits, key};
use model::{Millis, ScoredEvent, Signal};

/// Counts an event; gives the versions that are due, at most two: the last of a signal that is over, and one of the signal
/// that the event belongs to.
pub(crate) fn take(stores: &mut DedupStores, scored: ScoredEvent, now: Millis, limits: &Limits) -> Vec<Told> {
    let event = &scored.event;
    let place = format!("{}\u{1f}{}\u{1f}{}", event.tenant, event.subject, event.kind);
    let mut told = Vec::new();
    let known = stores.signals.get(&place).cloned();
    let mut standing = match known {
        Some(known) if is_near(&known.signal, event.time, limits.quiet_after) => known,
        Some(over) => {
            told.extend(over.close(None, now));
            signals::Standing::default()
        }
        None => signals::Standing::default(),
    };
    let opened_by = key(event);
    standing.add(scored, false, &limits.policy);
    if standing.is_due(&limits.policy, now) {
        if !standing.is_open() {
            // An id that comes again once it is forgotten begins another signal.
            let period = now.div_euclid(EXACT_WINDOW);
            standing.signal.signal_key = format!("sig_{opened_by}-{period}");
        }
        told.push(standing.tell(now));
    }
    stores.signals.put(place, standing);
    told.into_iter()
        .map(|signal| Told::Signal(Box::new(signal)))
        .collect()
}

/// Within the quiet time before the signal's first or after its last evidence, in event time.
fn is_near(signal: &Signal, time: Millis, quiet_after: Millis) -> bool {
    time >= signal.first_seen.saturating_sub(quiet_after)
        && time <= signal.last_seen.saturating_add(quiet_after)
}
