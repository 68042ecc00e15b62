//! The dependency fences, as tests.
