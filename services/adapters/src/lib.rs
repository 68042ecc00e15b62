//! The edge: other people's dialects become raw events on the ingest topic.
