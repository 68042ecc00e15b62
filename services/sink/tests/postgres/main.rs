//! The sink against a real PostgreSQL, a fresh database a test.

mod batches;
mod database;
mod exactly_once;
mod hostile;
mod migrations;
mod newest;
mod speed;
