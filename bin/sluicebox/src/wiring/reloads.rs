//! What is followed while the process runs, files and parts of the settings: where the newest is refused, health and
//! metrics say so; the last good version stays in use, so the process stays ready.

use scorer::Trials;
use settings::{WatchStatus, Watched};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use telemetry::{Component, Health, Metrics};

const LOOK_UP: Duration = Duration::from_secs(1);

/// What all services of the process follow; clones share it.
#[derive(Clone, Default)]
pub(super) struct FollowedParts(Arc<Mutex<Vec<Followed>>>);

/// What one of them follows, and how it is.
struct Followed {
    service: &'static str,
    /// Each by name, with its status.
    status: Box<dyn Fn() -> Vec<(String, WatchStatus)> + Send>,
    /// What rules on trial would have changed, for a stage that has such rules.
    trials: Option<Trials>,
}

impl FollowedParts {
    /// What a service follows, by its names.
    pub(super) fn add(
        &self,
        service: &'static str,
        status: impl Fn() -> Vec<(String, WatchStatus)> + Send + 'static,
    ) {
        self.push(service, Box::new(status), None);
    }

    /// The same of one value.
    pub(super) fn follow<T: Send + Sync + 'static>(
        &self,
        service: &'static str,
        name: &'static str,
        watched: &Watched<T>,
    ) {
        let watched = watched.clone();
        self.add(service, move || vec![(name.to_owned(), watched.status())]);
    }

    /// The same of rules, with what those on trial would have changed.
    pub(super) fn follow_rules<T: Send + Sync + 'static>(
        &self,
        service: &'static str,
        rules: &Watched<T>,
        trials: Trials,
    ) {
        let rules = rules.clone();
        let status = move || vec![("rules".to_owned(), rules.status())];
        self.push(service, Box::new(status), Some(trials));
    }

    fn push(
        &self,
        service: &'static str,
        status: Box<dyn Fn() -> Vec<(String, WatchStatus)> + Send>,
        trials: Option<Trials>,
    ) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Followed {
            service,
            status,
            trials,
        });
    }

    /// How each is, by service.
    fn statuses(&self, metrics: &Metrics) -> Vec<(&'static str, String, WatchStatus)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statuses = Vec::new();
        for followed in all.iter() {
            if let Some(trials) = &followed.trials {
                show_trials(followed.service, trials, metrics);
            }
            let each = (followed.status)().into_iter();
            statuses.extend(each.map(|(name, status)| (followed.service, name, status)));
        }
        statuses
    }
}

/// Shows how all are, again and again.
pub(super) async fn show(followed: FollowedParts, health: Health, metrics: Metrics) {
    let mut look_up = tokio::time::interval(LOOK_UP);
    let mut components: HashMap<String, Component> = HashMap::new();
    loop {
        look_up.tick().await;
        let mut failed: BTreeMap<&'static str, bool> = BTreeMap::new();
        for (service, name, status) in followed.statuses(&metrics) {
            *failed.entry(service).or_default() |= status.last_error.is_some();
            let part = format!("{service}-{name}");
            let component = components
                .entry(part.clone())
                .or_insert_with(|| health.component(part));
            component.ready(detail(status));
        }
        for (service, failed) in failed {
            metrics.reload_failed(service, failed);
        }
    }
}

/// What is in use, and why nothing newer is.
fn detail(status: WatchStatus) -> String {
    let in_use = status
        .content
        .unwrap_or_else(|| format!("version {}", status.version));
    match status.last_error {
        Some(error) => format!("{in_use} stays in use: {error}"),
        None => in_use,
    }
}

fn show_trials(service: &'static str, trials: &Trials, metrics: &Metrics) {
    let counts = trials.counts();
    for (change, events) in [
        ("matched", counts.matched),
        ("raised", counts.raised),
        ("lowered", counts.lowered),
        ("relevelled", counts.relevelled),
    ] {
        metrics.rules_on_trial(service, change, events);
    }
}
