//! Plain types of the stream and their Avro codec. No tokio, no Kafka, no clock.
