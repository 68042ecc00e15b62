//! Notifications and what came of them.

use crate::value::Facts;
use crate::{Millis, Record, avro, default_tenant};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use topology::Schema;

/// What a notification tells of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A signal.
    #[default]
    Signal,
    /// A detection.
    Detection,
}

avro::symbols!(Origin { Signal, Detection });

impl Origin {
    /// The origin's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Detection => "detection",
        }
    }
}

/// What is to be sent, and where. `schemas/notification.avsc` says what each field means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct Notification {
    pub id: String,
    #[serde(default = "default_tenant")]
    pub tenant: String,
    pub channel: String,
    pub group: String,
    pub origin: Origin,
    pub origin_id: String,
    pub subject: String,
    pub level: String,
    pub state: String,
    pub title: String,
    pub body: String,
    pub time: Millis,
    #[serde(default)]
    pub facts: Facts,
}

avro::record!(Notification {
    id,
    tenant,
    channel,
    group,
    origin,
    origin_id,
    subject,
    level,
    state,
    title,
    body,
    time,
    facts,
});

impl Record for Notification {
    const SCHEMA: Schema = Schema::Notification;

    /// A subject of one tenant is none of another's: theirs do not wait for each other.
    fn key(&self) -> Cow<'_, str> {
        Cow::Owned(format!("{}|{}|{}", self.channel, self.tenant, self.group))
    }
}

/// How the sending of a notification ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReceiptStatus {
    /// The receiver took it.
    #[default]
    Delivered,
    /// The attempts are used up.
    Failed,
}

avro::symbols!(ReceiptStatus { Delivered, Failed });

impl ReceiptStatus {
    /// The status's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// What came of a notification. `schemas/receipt.avsc` says what each field means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct Receipt {
    pub notification_id: String,
    #[serde(default = "default_tenant")]
    pub tenant: String,
    pub channel: String,
    pub status: ReceiptStatus,
    pub attempts: i32,
    #[serde(default)]
    pub http_status: Option<i32>,
    pub latency_ms: i64,
    #[serde(default)]
    pub detail: String,
}

avro::record!(Receipt {
    notification_id,
    tenant,
    channel,
    status,
    attempts,
    http_status,
    latency_ms,
    detail,
});

impl Record for Receipt {
    const SCHEMA: Schema = Schema::Receipt;

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.notification_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_of_two_tenants_never_wait_for_each_other() {
        let of = |tenant: &str| Notification {
            channel: "ops".to_owned(),
            tenant: tenant.to_owned(),
            group: "user:1".to_owned(),
            ..Notification::default()
        };
        assert_ne!(of("acme").key(), of("zenith").key());
        assert_eq!(of("acme").key(), "ops|acme|user:1");
    }
}
