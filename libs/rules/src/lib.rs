//! Rule files compiled to scores and detections. No Kafka, no clock, no I/O.
