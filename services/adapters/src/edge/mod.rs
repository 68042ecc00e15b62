//! The HTTP edge: who may come in, how much, and what happens with a request that is let in.

mod attempt;
mod body;
mod budget;
mod coding;
mod deliveries;
mod door;
mod framing;
mod heavy;
mod hosts;
mod paths;
mod receive;
mod socket;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use access::Gate;
use listen::Hosts;
use model::Millis;
use settings::{AdaptersSettings, AdmissionSettings, Watched};

use crate::dialects::Dialect;
use crate::ingest::Ingest;
use crate::limits::Limits;
use crate::mute::Mute;
use crate::publish::Outcome;
use crate::tally::Tally;
use crate::webhooks::Webhooks;
use budget::Budget;
use door::Door;
use heavy::Heavy;
pub use paths::Paths;

struct Edge<I> {
    ingest: Arc<I>,
    tally: Arc<dyn Tally>,
    gate: Arc<Gate>,
    door: Door,
    /// The hosts that are answered for; all, if none are given.
    hosts: Option<Hosts>,
    webhooks: Watched<Webhooks>,
    budget: Arc<Budget>,
    limits: Limits,
    mute: Mute,
    heavy: Heavy,
}

impl<I: Ingest> Edge<I> {
    fn new(
        ingest: Arc<I>,
        settings: &AdaptersSettings,
        admission: &AdmissionSettings,
        gate: Arc<Gate>,
        tally: Arc<dyn Tally>,
        webhooks: &Watched<Webhooks>,
    ) -> Self {
        let limits = Limits::new(settings, admission);
        Self {
            ingest,
            tally,
            door: Door::new(Arc::clone(&gate), settings.rate_per_s),
            gate,
            hosts: hosts::of(settings),
            webhooks: webhooks.clone(),
            budget: Arc::new(Budget::new(limits.body_bytes)),
            limits,
            mute: Mute::new(&settings.mute),
            heavy: Heavy::new(),
        }
    }
}

fn count(tally: &dyn Tally, dialect: Dialect, outcome: &Outcome) {
    if !outcome.accepted.is_empty() {
        tally.accepted(dialect, outcome.accepted.len() as u64);
    }
    let mut reasons = BTreeMap::<&'static str, u64>::new();
    for (_, problem) in &outcome.rejected {
        *reasons.entry(problem.reason()).or_default() += 1;
    }
    for (reason, events) in reasons {
        tally.rejected(dialect, reason, events);
    }
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
