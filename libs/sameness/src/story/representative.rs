//! What a story says to the phase that joins the stories of all partitions.

use crate::cluster::{Cluster, ClusterId, Millis, Sums};
use serde::{Deserialize, Serialize};

/// The texts that a story has got since it was last told of, as their sum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Representative {
    /// The story.
    pub story: ClusterId,
    /// The new texts.
    pub sums: Sums,
    /// Event time of the story's earliest text.
    pub first: Millis,
    /// Event time of the story's latest text.
    pub last: Millis,
    /// The common words of its stream were not known.
    pub of_new_stream: bool,
}

impl Representative {
    /// As bytes: `MessagePack` with named fields, so that fields can be added.
    pub fn to_bytes(&self) -> Vec<u8> {
        rmp_serde::to_vec_named(self).unwrap_or_default()
    }

    /// What [`Representative::to_bytes`] gave; the error says what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        rmp_serde::from_slice(bytes).map_err(|error| error.to_string())
    }

    /// The event time of the latest text, of the same bytes; `None` where they cannot be read.
    pub fn last_in(bytes: &[u8]) -> Option<Millis> {
        #[derive(Deserialize)]
        struct Last {
            last: Millis,
        }
        rmp_serde::from_slice(bytes).ok().map(|Last { last }| last)
    }

    pub(super) fn of(story: ClusterId, sums: Sums, cluster: &Cluster) -> Self {
        Self {
            story,
            sums,
            first: cluster.first,
            last: cluster.last,
            of_new_stream: cluster.of_new_stream,
        }
    }

    /// What a story has not told yet, and takes it for told.
    pub(super) fn take(story: ClusterId, cluster: &mut Cluster) -> Option<Self> {
        let fresh = cluster.fresh.take()?;
        cluster.told = cluster.last;
        Some(Self::of(story, *fresh, cluster))
    }
}
