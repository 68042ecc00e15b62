//! The one table of topics: names, keys, owners, cleanup.
