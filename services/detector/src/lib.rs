//! Events become detections, by window rules in event time.
