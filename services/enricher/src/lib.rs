//! Signals become enriched signals: tables, one HTTP source, the later rules.
