//! What one kind of receiver is sent, and what its answers mean. No Kafka, no clock, no I/O: the time is part of the
//! message, requests are built and answers read, and `post.rs` carries them.

use std::num::NonZeroU32;
use std::time::Duration;

use model::Notification;
use outbound::{Answer, Request, Wanted};

use crate::text::{Limit, TemplateError};

/// A notification as it is to be sent now.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) notification: &'a Notification,
    /// By what the receiver knows a repetition.
    pub(super) key: &'a str,
    pub(super) traceparent: Option<&'a str>,
    /// Seconds since 1970.
    pub(super) sent_at: i64,
    pub(super) changes: &'a Changes,
}

/// What the receiver wants to have otherwise than it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Half the text.
    pub(super) is_shorter: bool,
    /// No markup.
    pub(super) is_plain: bool,
    /// To this chat, which took the place of the one in the settings.
    pub(super) to: Option<String>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Shorter,
    Plain,
    To(String),
}

impl Changes {
    /// The limit of a text, or half of it.
    pub(super) fn within(&self, limit: Limit) -> Limit {
        limit.with(limit.most >> usize::from(self.is_shorter))
    }

    /// Makes a change; false if it was made before, so that asking for it again leads nowhere.
    pub(super) fn make(&mut self, change: Change) -> bool {
        match change {
            Change::Shorter => !std::mem::replace(&mut self.is_shorter, true),
            Change::Plain => !std::mem::replace(&mut self.is_plain, true),
            Change::To(to) => self.to.replace(to.clone()).is_none_or(|before| before != to),
        }
    }
}

/// What an answer means, or that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The receiver has it.
    Taken,
    /// Not now; perhaps later, and not before `rest` is over.
    Later {
        /// How long the receiver is left alone.
        rest: Option<Duration>,
    },
    /// It was not sent: there is no room for this long.
    NoRoom(Duration),
    /// This message will never be taken, for this reason.
    Never(&'static str),
    /// The receiver takes nothing until a person has mended something: the channel is disabled, for this reason.
    Disable(&'static str),
    /// It is taken once it is sent otherwise.
    Otherwise(Change),
}

impl Meaning {
    /// Later, and nothing is known of when.
    pub(super) const LATER: Self = Self::Later { rest: None };

    /// Later, and not before so many seconds.
    pub(super) fn in_seconds(seconds: Option<f64>) -> Self {
        let rest = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Self::Later {
            rest: rest.map(|rest| rest.min(super::post::LONGEST_WAIT)),
        }
    }
}

/// Why no request can be built of a notification.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unwritable {
    #[error("its template gives no text for this notification: {0}")]
    Template(#[from] TemplateError),
    #[error("no mail can be written of this notification: {0}")]
    Mail(#[from] outbound::lettre::error::Error),
    #[error(
        "its template gives no JSON for this notification: {0}; write texts without quotes, as {{{{ title }}}}"
    )]
    Json(#[from] serde_json::Error),
}

/// See the module.
pub(super) trait Vendor: Send + Sync {
    /// What is sent.
    ///
    /// # Errors
    /// The channel's template gives nothing that can be sent.
    fn request(&self, message: &Message<'_>) -> Result<Request, Unwritable>;

    /// What an answer means.
    fn meaning(&self, answer: &Answer) -> Meaning;

    /// What of an answer the meaning needs.
    fn wanted(&self) -> Wanted {
        Wanted::Body
    }

    /// Most messages a second, where the settings say nothing.
    fn rate_per_s(&self) -> Option<NonZeroU32> {
        None
    }
}
