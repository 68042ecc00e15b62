//! One behaviour event and the forms it is sent in.

use model::{DEFAULT_TENANT, Millis, RawEvent};
use std::fmt;
use std::str::FromStr;

/// What a user did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Logged in, or tried to.
    Login,
    /// Bought something.
    Purchase,
    /// Clicked on something.
    Click,
    /// Called the API.
    ApiCall,
    /// Opened a file.
    FileAccess,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Login,
        Self::Purchase,
        Self::Click,
        Self::ApiCall,
        Self::FileAccess,
    ];

    /// event-pipeline's name of the kind.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Purchase => "purchase",
            Self::Click => "click",
            Self::ApiCall => "api_call",
            Self::FileAccess => "file_access",
        }
    }

    /// The `CloudEvents` type of such an event.
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::Login => "user.login",
            Self::Purchase => "user.purchase",
            Self::Click => "user.click",
            Self::ApiCall => "user.api_call",
            Self::FileAccess => "user.file_access",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No kind has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of behaviour event; there are login, purchase, click, api_call and file_access")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

/// What one user did at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct BehaviourEvent {
    /// Its id; a duplicate has the same.
    pub id: String,
    /// Who.
    pub user_id: u32,
    /// What.
    pub kind: Kind,
    /// When, ms since epoch.
    pub time: Millis,
    /// The particulars, a JSON object.
    pub payload: String,
}

impl BehaviourEvent {
    /// The source of these events in `CloudEvents` terms.
    pub const SOURCE: &'static str = "event-pipeline";

    /// As it stands on the ingest topic.
    pub fn to_raw_event(&self) -> RawEvent {
        self.clone().into_raw_event()
    }

    /// As it stands on the ingest topic, without a copy of the payload.
    pub fn into_raw_event(self) -> RawEvent {
        RawEvent {
            id: self.id,
            source: Self::SOURCE.to_owned(),
            kind: self.kind.event_type().to_owned(),
            subject: Some(format!("user:{}", self.user_id)),
            time: Some(self.time),
            tenant: DEFAULT_TENANT.to_owned(),
            datacontenttype: Some("application/json".to_owned()),
            data: Some(self.payload.into_bytes()),
            extensions: std::collections::BTreeMap::new(),
            ..RawEvent::default()
        }
    }

    /// The body that event-pipeline's clients send: `event_id`, `user_id`, `type`, `timestamp`, `payload`.
    pub fn to_event_pipeline_json(&self) -> String {
        let Self {
            id,
            user_id,
            kind,
            time,
            payload,
        } = self;
        format!(
            r#"{{"event_id":"{id}","user_id":{user_id},"type":"{kind}","timestamp":{time},"payload":{payload}}}"#
        )
    }
}
