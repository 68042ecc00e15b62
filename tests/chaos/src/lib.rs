//! The whole stream as processes, faults while it runs, and an oracle that counts.
//!
//! A run has servers of its own behind proxies ([`proxy::Proxy`]), sends a generated day through all services, two
//! replicas of each that keeps state, and makes faults happen that a seed decides ([`plan`]). When the faults are over
//! and everything is read, the [`oracle`] judges from topics and database.

mod clock;
mod failure;
mod feeder;
mod fleet;
mod inject;
mod installation;
mod judge;
pub mod plan;
mod readers;
mod readiness;
mod receiver;
mod report;
mod run;
mod service;
mod torn;

pub use failure::Failure;
pub use report::Report;
pub use run::{Options, run};
pub use service::Service;

use std::time::Duration;

/// An HTTP client that asks nobody in between.
fn http_client(patience: Duration) -> Result<reqwest::Client, Failure> {
    // Fails only when another part of the process was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let built = reqwest::Client::builder().no_proxy().timeout(patience).build();
    built.map_err(|error| Failure::Place {
        what: "an HTTP client".to_owned(),
        why: std::io::Error::other(error),
    })
}
