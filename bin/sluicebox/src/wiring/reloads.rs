//! Watched files whose newest content is refused show in health and metrics; the last good version stays in use, so
//! the process stays ready.

use scorer::Trials;
use settings::WatchStatus;
use std::collections::HashMap;
use std::time::Duration;
use telemetry::{Component, Health, Metrics};
use topology::StageName;

const LOOK_UP: Duration = Duration::from_secs(1);

/// Files that a stage follows, and how they are.
pub(super) struct Followed {
    /// The stage.
    pub stage: StageName,
    /// Each watched file or folder by name, with its status.
    pub status: Box<dyn Fn() -> Vec<(String, WatchStatus)> + Send>,
    /// What rules on trial would have changed, for a stage that has such rules.
    pub trials: Option<Trials>,
}

/// Shows how the files are, again and again.
pub(super) async fn show(followed: Vec<Followed>, health: Health, metrics: Metrics) {
    let mut look_up = tokio::time::interval(LOOK_UP);
    let mut components: HashMap<String, Component> = HashMap::new();
    loop {
        look_up.tick().await;
        for files in &followed {
            let statuses = (files.status)();
            let failed = statuses.iter().any(|(_, status)| status.last_error.is_some());
            metrics.reload_failed(files.stage.as_str(), failed);
            if let Some(trials) = &files.trials {
                show_trials(files.stage, trials, &metrics);
            }
            for (name, status) in statuses {
                let part = format!("{}-{name}", files.stage);
                let component = components
                    .entry(part.clone())
                    .or_insert_with(|| health.component(part));
                component.ready(detail(status));
            }
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

fn show_trials(stage: StageName, trials: &Trials, metrics: &Metrics) {
    let counts = trials.counts();
    for (change, events) in [
        ("matched", counts.matched),
        ("raised", counts.raised),
        ("lowered", counts.lowered),
        ("relevelled", counts.relevelled),
    ] {
        metrics.rules_on_trial(stage.as_str(), change, events);
    }
}
