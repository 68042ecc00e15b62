//! The whole stream as its users run it: the program as processes, on real servers, against known truth.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

mod channels;
mod crash;
mod day;
mod hostile;
mod installation;
mod known;
mod receiver;
mod rights;
mod secrets;
mod webhooks;
