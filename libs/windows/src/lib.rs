//! Windows over event time: counts, streaks. No clock, no I/O.
