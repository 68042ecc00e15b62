//! Events become scored events, by rules that mention only event fields.
