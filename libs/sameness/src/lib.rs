//! When two things are the same: exact keys, near texts. No I/O.
