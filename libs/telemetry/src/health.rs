//! What a process needs to be ready, by name: each part says whether it is ready, waiting or failed, and why.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// How one part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ComponentState {
    /// It does its work.
    Ready,
    /// It does most of its work; its text says what a person must mend for the rest.
    Degraded,
    /// It cannot work now and tries on.
    Waiting,
    /// It cannot work until somebody mends what its text says.
    Failed,
    /// The process was told to stop: it finishes what it has and takes nothing new. Of the process alone.
    Stopping,
}

impl ComponentState {
    /// Those that a part may be in.
    pub(crate) const OF_PARTS: [Self; 4] = [Self::Ready, Self::Degraded, Self::Waiting, Self::Failed];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Degraded => "degraded",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Stopping => "stopping",
        }
    }

    /// Whether work may be sent there.
    pub fn is_ready(self) -> bool {
        matches!(self, Self::Ready | Self::Degraded)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Entry {
    state: ComponentState,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

/// How all parts are, as `/readyz` shows it to who may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthReport {
    /// The worst of the parts; while the process stops, [`ComponentState::Stopping`].
    pub status: ComponentState,
    components: BTreeMap<String, Entry>,
}

impl HealthReport {
    /// How many parts are in this state.
    pub fn parts(&self, state: ComponentState) -> usize {
        self.components
            .values()
            .filter(|entry| entry.state == state)
            .count()
    }
}

/// The health of a process. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    stopping: bool,
    components: BTreeMap<String, Entry>,
}

/// The handle by which one part says how it is. It stays in the report when dropped.
#[derive(Debug, Clone)]
pub struct Component {
    health: Health,
    name: String,
}

impl Health {
    /// A part of this name, waiting until it says otherwise.
    pub fn component(&self, name: impl Into<String>) -> Component {
        let component = Component {
            health: self.clone(),
            name: name.into(),
        };
        component.waiting("starting");
        component
    }

    /// From now on the process is not ready, whatever its parts say.
    pub fn stop(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).stopping = true;
    }

    /// How all parts are. A process without parts is not ready: it has not begun.
    pub fn report(&self) -> HealthReport {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (components, stopping) = (state.components.clone(), state.stopping);
        drop(state);
        let any = |state| components.values().any(|entry: &Entry| entry.state == state);
        let status = if stopping {
            ComponentState::Stopping
        } else if any(ComponentState::Failed) {
            ComponentState::Failed
        } else if any(ComponentState::Waiting) || components.is_empty() {
            ComponentState::Waiting
        } else if any(ComponentState::Degraded) {
            ComponentState::Degraded
        } else {
            ComponentState::Ready
        };
        HealthReport { status, components }
    }
}

impl Component {
    /// It works.
    pub fn ready(&self, detail: impl Into<String>) {
        self.set(ComponentState::Ready, detail.into());
    }

    /// It does most of its work, and how to mend the rest.
    pub fn degraded(&self, detail: impl Into<String>) {
        self.set(ComponentState::Degraded, detail.into());
    }

    /// It waits, and for what.
    pub fn waiting(&self, detail: impl Into<String>) {
        self.set(ComponentState::Waiting, detail.into());
    }

    /// It failed, and how to mend it.
    pub fn failed(&self, detail: impl Into<String>) {
        self.set(ComponentState::Failed, detail.into());
    }

    fn set(&self, state: ComponentState, detail: String) {
        let entry = Entry { state, detail };
        let mut health = self.health.0.lock().unwrap_or_else(PoisonError::into_inner);
        health.components.insert(self.name.clone(), entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_part_decides() {
        let health = Health::default();
        assert_eq!(health.report().status, ComponentState::Waiting);
        let (kafka, rules) = (health.component("kafka"), health.component("rules"));
        kafka.ready("");
        assert_eq!(health.report().status, ComponentState::Waiting);
        rules.ready("12 rules");
        assert_eq!(health.report().status, ComponentState::Ready);
        rules.degraded("events.scored-1 is quarantined");
        assert_eq!(health.report().status, ComponentState::Degraded);
        kafka.failed("topic `signals` is missing; run `sluicebox topics apply`");
        assert_eq!(health.report().status, ComponentState::Failed);
    }
}
