//! The decisions of one partition over events that are past, without Kafka: for backtests and measurements. No clock, no
//! I/O.

use std::time::Duration;

use model::{Detection, Event};
use rules::DetectionRules;
use settings::Watched;
use stage::{AnyStore, Cx, Emit, Stores, apply_and_fire};

use crate::detector::DetectorStage;
use crate::stores::DetectorStores;

/// Events of one transaction: what their state takes beside the committed one is bounded by it.
const COMMIT: usize = 1000;

/// A detector of one partition that keeps no changelog.
pub struct Replay {
    stage: DetectorStage,
    stores: DetectorStores,
    uncommitted: usize,
}

impl Replay {
    /// Follows these rules, with the allowed lateness and how far ahead an event may be.
    pub fn new(rules: &Watched<DetectionRules>, lateness: Duration, ahead: Duration) -> Self {
        Self {
            stage: DetectorStage::new(rules, lateness).with_max_ahead(ahead),
            stores: DetectorStores::default(),
            uncommitted: 0,
        }
    }

    /// What follows from the next event, and from the event time that it brings.
    pub fn take(&mut self, event: Event, cx: &Cx<'_>) -> Vec<Detection> {
        let (verdict, fired) = apply_and_fire(&mut self.stage, event, &mut self.stores, cx);
        let mut found = match verdict {
            Ok(Emit::One(found)) => vec![found],
            Ok(Emit::Many(found)) => found,
            Ok(Emit::Filtered(_) | Emit::Duplicate) | Err(_) => Vec::new(),
        };
        found.extend(fired);
        self.uncommitted += 1;
        if self.uncommitted >= COMMIT {
            self.commit();
        }
        found
    }

    fn commit(&mut self) {
        self.uncommitted = 0;
        self.stores.each(&mut |store: &mut dyn AnyStore| {
            store.expire(COMMIT);
            store.commit();
        });
    }
}
