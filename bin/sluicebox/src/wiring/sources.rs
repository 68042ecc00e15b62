//! Each process says which sources its settings have, at its start and whenever they change: a record of a source on the
//! topic of commands is what has it polled. Sources that fail show in health; the process stays ready, since the others are
//! well.

use super::lag;
use model::{SourceAction, SourceCommand};
use runtime::Publisher;
use settings::Watched;
use sources::{Sources, SourcesEffect};
use std::sync::Arc;
use std::time::Duration;
use telemetry::{Health, Metrics};

const LOOK: Duration = Duration::from_secs(1);
/// Sources that fail are named up to so many.
const NAMED: usize = 5;

/// See the module.
pub(super) struct SourceWatch {
    pub(super) sources: Watched<Sources>,
    pub(super) effect: Arc<SourcesEffect>,
    pub(super) publisher: Publisher,
    pub(super) health: Health,
    pub(super) metrics: Metrics,
}

impl SourceWatch {
    /// Announces and shows, again and again. What cannot be announced now is announced later; twice does no harm.
    pub(super) async fn go_on(self) {
        let component = self.health.component("sources-polls");
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut told = Arc::new(Sources::default());
        loop {
            look.tick().await;
            let now = self.sources.load();
            if !Arc::ptr_eq(&now, &told) && self.announce(&now, &told).await {
                told = now;
            }
            let failing = self.effect.failing();
            self.metrics.sources_failing(failing.len());
            component.ready(shown(&failing));
        }
    }

    async fn announce(&self, now: &Sources, told: &Sources) -> bool {
        for source in now.news(told) {
            let command = SourceCommand {
                source: source.to_owned(),
                action: SourceAction::Announce,
                time: lag::now(),
                reason: "configured".to_owned(),
                by: "sources".to_owned(),
            };
            if let Err(error) = self.publisher.publish(&command, None).await {
                tracing::warn!(%error, source, "a source cannot be announced now");
                return false;
            }
        }
        true
    }
}

fn shown(failing: &[(String, String)]) -> String {
    if failing.is_empty() {
        return "none of those polled here fails".to_owned();
    }
    let named = failing
        .iter()
        .take(NAMED)
        .map(|(source, why)| format!("{source}: {why}"));
    let named = named.collect::<Vec<_>>().join("; ");
    format!("{} fail: {named}", failing.len())
}
