//! What a stage is: a decision over one record and keyed state. No Kafka, no clock, no I/O.
