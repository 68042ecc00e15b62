//! The labels that metrics may have. There are no others.

use prometheus_client::encoding::EncodeLabelSet;

/// Of what runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfBuild {
    pub(super) version: &'static str,
    pub(super) built_from: &'static str,
}

/// Of parts of the process, by how they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfState {
    pub(super) state: &'static str,
}

/// Of a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Of {
    pub(super) service: &'static str,
}

/// Of a service, by reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfReason {
    pub(super) service: &'static str,
    pub(super) reason: String,
}

/// Of a service and a topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfTopic {
    pub(super) service: &'static str,
    pub(super) topic: &'static str,
}

/// Of one lane of a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfLane {
    pub(super) service: &'static str,
    pub(super) lane: u16,
}

/// Of dead letters of a service, by whose fault they are and who sent the record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfSender {
    pub(super) service: &'static str,
    pub(super) fault: &'static str,
    pub(super) tenant: String,
    pub(super) source: String,
}

/// Of a rule of a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfRule {
    pub(super) service: &'static str,
    pub(super) rule: String,
}
