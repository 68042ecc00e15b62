//! The schema registry: ask once per schema and id, then remember.
