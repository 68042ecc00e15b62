//! The kinds of sources: one line each.

use std::sync::Arc;

use outbound::Reach;
use settings::{SourceKind, SourceSettings};

use crate::feed::Feed;
use crate::http_poll::HttpPoll;
use crate::source::{Source, SourceError};

/// The source that the settings describe, as far as `reach` goes.
pub(crate) fn source(settings: &SourceSettings, reach: &Reach) -> Result<Arc<dyn Source>, SourceError> {
    Ok(match settings.kind {
        SourceKind::Feed => Arc::new(Feed::new(settings, reach)?),
        SourceKind::HttpPoll => Arc::new(HttpPoll::new(settings, reach)?),
    })
}

/// The type of an event whose source says none.
pub(crate) const fn default_type(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Feed => "post",
        SourceKind::HttpPoll => "item",
    }
}
