//! One event more: how a signal begins and what each piece of evidence changes. No I/O.
//!
//! The score is that of the best evidence, and level, reasons and title go with it: repetition confirms a signal
//! (its state, its counts) but does not make the thing itself worse.

use crate::evidence::{self, MOST_CHARACTERS, beginning};
use crate::placing::Shape;
use crate::stores::{EXACT_WINDOW, Standing};
use crate::{Limits, facts, independence, key};
use model::{Event, Millis, ScoredEvent, Signal, SignalState};
use xxhash_rust::xxh3::xxh3_64;

/// Distinct sources that are told apart; the count stays there.
const MOST_SOURCES: usize = 256;

/// A signal that begins with this event, whose record came at `now`. An id that comes again once it is forgotten begins
/// another signal: its key must be another one, or readers would take its first version for an old one of the first.
pub(crate) fn open(scored: ScoredEvent, now: Millis, limits: &Limits) -> Standing {
    let event = &scored.event;
    let period = now.div_euclid(EXACT_WINDOW);
    let signal = Signal {
        signal_key: format!("sig_{}-{period}", key(event)),
        tenant: event.tenant.clone(),
        kind: event.kind.clone(),
        subject: event.subject.clone(),
        first_seen: event.time,
        last_seen: event.time,
        ..Signal::default()
    };
    let mut standing = Standing {
        signal,
        sources: Vec::new(),
        best: f64::NEG_INFINITY,
        senders: Vec::new(),
        unnamed: 0,
    };
    count(&mut standing, scored, limits);
    standing
}

/// A signal with one event more. A text that is near a known one only repeats it.
pub(crate) fn add(standing: &mut Standing, scored: ScoredEvent, shape: &Shape, limits: &Limits) {
    standing.signal.suppressed += i64::from(matches!(shape, Shape::Text(_)));
    count(standing, scored, limits);
}

fn count(standing: &mut Standing, scored: ScoredEvent, limits: &Limits) {
    see_source(standing, &scored.event.source);
    let Standing {
        signal,
        sources,
        best,
        senders,
        unnamed,
    } = standing;
    let event = &scored.event;
    signal.version += 1;
    signal.evidence_count += 1;
    signal.source_count = i64::try_from(sources.len()).unwrap_or(i64::MAX);
    signal.independent_count = independence::see(senders, independence::sender(event));
    *unnamed += i64::from(event.principal.is_none());
    signal.first_seen = signal.first_seen.min(event.time);
    signal.last_seen = signal.last_seen.max(event.time);
    facts::merge(&mut signal.facts, event);
    evidence::push(&mut signal.evidence, event, scored.score, limits.evidence);
    signal.state = state(signal, *unnamed, limits);
    // Not a number is never better, so that it cannot stay the best for ever.
    if scored.score > *best || *best == f64::NEG_INFINITY {
        *best = if scored.score.is_nan() {
            f64::MIN
        } else {
            scored.score
        };
        lead(signal, scored);
    }
}

/// Verified by enough independent senders, or by enough events where nobody is asked who sends; what was verified
/// stays so here. However much one key sends, it is one sender.
fn state(signal: &Signal, unnamed: i64, limits: &Limits) -> SignalState {
    let enough = unnamed >= limits.verified_evidence || signal.independent_count >= limits.verified_sources;
    if enough && signal.state == SignalState::Candidate {
        SignalState::Verified
    } else {
        signal.state
    }
}

fn see_source(standing: &mut Standing, source: &str) {
    let hash = xxh3_64(source.as_bytes());
    if standing.sources.len() < MOST_SOURCES && !standing.sources.contains(&hash) {
        standing.sources.push(hash);
    }
}

/// The best evidence gives the signal its score, level, reasons and title.
fn lead(signal: &mut Signal, scored: ScoredEvent) {
    signal.title = title(&scored.event);
    signal.lang = scored.event.lang;
    signal.score = scored.score;
    signal.level = scored.level;
    signal.reasons = scored.reasons;
    signal.unknown = scored.unknown;
    signal.rules_version = scored.rules_version;
}

/// The headline, else the beginning of the text, else what happened to whom.
fn title(event: &Event) -> String {
    let written = event
        .title
        .as_deref()
        .or(event.text.as_deref())
        .filter(|text| !text.is_empty());
    written.map_or_else(
        || format!("{}: {}", event.kind, event.subject),
        |text| beginning(text, MOST_CHARACTERS).to_owned(),
    )
}
