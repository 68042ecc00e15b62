//! The edge as its clients see it: a real server on TCP, an event log in memory.

mod bad_input;
mod compatibility;
mod delivery;
mod guests;
mod server;
