//! What a listener has done, in numbers that only grow, and how many connections are open now.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why a connection ended before its client ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The head of a request did not come in time.
    HeaderTimeout,
    /// The whole request did not come, or was not answered, in time.
    RequestTimeout,
    /// The client did not read the answer.
    SendTimeout,
    /// It rested too long.
    IdleTimeout,
    /// It made room for another before its request was complete.
    ShedOpening,
    /// It made room for another while its body was silent.
    ShedBody,
    /// It made room for another while its answer was not read.
    ShedAnswer,
    /// It made room for another while it rested.
    ShedIdle,
    /// There was no place for it.
    Refused,
    /// It was under way longer than the stop may take.
    Stopped,
}

impl Closed {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::HeaderTimeout,
        Self::RequestTimeout,
        Self::SendTimeout,
        Self::IdleTimeout,
        Self::ShedOpening,
        Self::ShedBody,
        Self::ShedAnswer,
        Self::ShedIdle,
        Self::Refused,
        Self::Stopped,
    ];

    /// The reason as a label of a metric.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HeaderTimeout => "header_timeout",
            Self::RequestTimeout => "request_timeout",
            Self::SendTimeout => "send_timeout",
            Self::IdleTimeout => "idle_timeout",
            Self::ShedOpening => "shed_opening",
            Self::ShedBody => "shed_body",
            Self::ShedAnswer => "shed_answer",
            Self::ShedIdle => "shed_idle",
            Self::Refused => "refused",
            Self::Stopped => "stopped",
        }
    }
}

/// The figures of a listener. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Figures(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    open: AtomicU64,
    accepted: AtomicU64,
    closed: [AtomicU64; Closed::ALL.len()],
}

impl Figures {
    pub(crate) fn came(&self) {
        self.0.accepted.fetch_add(1, Ordering::Relaxed);
        self.0.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn left(&self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn closed(&self, why: Closed) {
        self.0.closed[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Connections that are open now.
    pub fn open(&self) -> u64 {
        self.0.open.load(Ordering::Relaxed)
    }

    /// Connections that got a place since the start.
    pub fn accepted(&self) -> u64 {
        self.0.accepted.load(Ordering::Relaxed)
    }

    /// Connections that ended for this reason since the start.
    pub fn count(&self, why: Closed) -> u64 {
        self.0.closed[why as usize].load(Ordering::Relaxed)
    }
}
