//! Events without words: within a tenant and subject, those of one type are evidence of one signal until it has been quiet
//! for long. No I/O.

use crate::output::Told;
use crate::stores::DedupStores;
use crate::{Limits, key};
use model::{Millis, ScoredEvent, Signal};
use signals::{Over, Standing};
use stage::{Silence, Timer};

/// What the names of timers begin with that end a signal.
pub(crate) const TIMER: &str = "signal:";

/// Counts an event; gives the versions that are due, at most two: the last of a signal that is over, and one of the signal
/// that the event belongs to. `time` is when the event happened, as far as it is believed.
pub(crate) fn take(
    stores: &mut DedupStores,
    scored: ScoredEvent,
    time: Millis,
    now: Millis,
    limits: &Limits,
) -> Vec<Told> {
    let event = &scored.event;
    let place = format!("{}\u{1f}{}\u{1f}{}", event.tenant, event.subject, event.kind);
    let mut told = Vec::new();
    let known = stores.signals.get(&place).cloned();
    let mut standing = match known {
        Some(known) if is_near(&known.signal, event.time, limits.quiet_after) => known,
        Some(over) => {
            told.extend(over.close(Over::Silent, time, now));
            Standing::default()
        }
        None => Standing::default(),
    };
    let opened_by = key(event);
    standing.add(scored, false, &limits.policy);
    if let Some(over) = standing.judge(&limits.policy) {
        stores.signals.delete(place);
        told.extend(standing.close(over, time, now));
        return told.into_iter().map(signal).collect();
    }
    if standing.is_due(&limits.policy, now) {
        if !standing.is_open() {
            // An id that comes again once it is forgotten begins another signal.
            let period = now.div_euclid(limits.exact_window);
            standing.signal.signal_key = format!("sig_{opened_by}-{period}");
        }
        told.push(standing.tell(now));
    }
    silence(limits).heard(&mut stores.timers, &format!("{TIMER}{place}"), time);
    stores.signals.put(place, standing);
    told.into_iter().map(signal).collect()
}

/// The last version of a signal of which nothing was heard for long, where it was told of at all.
pub(crate) fn end(stores: &mut DedupStores, place: &str, timer: &Timer, limits: &Limits) -> Option<Told> {
    let place = place.to_owned();
    let over = stores.signals.get(&place)?.clone();
    if !silence(limits).is_over(&mut stores.timers, timer, over.signal.last_seen) {
        return None;
    }
    stores.signals.delete(place);
    over.close(Over::Silent, timer.fired_at, timer.fired_at)
        .map(signal)
}

fn silence(limits: &Limits) -> Silence {
    Silence::of(limits.quiet_after)
}

fn signal(signal: Signal) -> Told {
    Told::Signal(Box::new(signal))
}

/// Within the quiet time before the signal's first or after its last evidence, in event time.
fn is_near(signal: &Signal, time: Millis, quiet_after: Millis) -> bool {
    time >= signal.first_seen.saturating_sub(quiet_after)
        && time <= signal.last_seen.saturating_add(quiet_after)
}
