//! Signals and detections become notifications, planned once and delivered.
