//! Real Kafka, registry and PostgreSQL for tests.
