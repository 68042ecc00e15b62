//! What drives a contender and looks at it from outside: topics, load, ends, readers. Bare librdkafka, so that what is
//! measured does not measure itself.

mod ends;
mod feeder;
mod reader;
mod steady;
mod topics;

pub(crate) use ends::Ends;
pub(crate) use feeder::{Feeder, Record};
pub(crate) use reader::Reader;
pub(crate) use steady::Steady;
pub(crate) use topics::{Timestamps, Topics};

use crate::{parts, process};
use anyhow::{Context, Result};
use rdkafka::ClientConfig;
use std::time::Duration;

/// How long the broker may take to answer.
pub(crate) const CALL: Duration = Duration::from_secs(30);

/// The broker of the local parts.
#[derive(Debug, Clone)]
pub(crate) struct Broker {
    /// `host:port`.
    pub(crate) address: String,
    pid: u32,
}

impl Broker {
    /// The one that runs.
    pub(crate) fn local() -> Result<Self> {
        let environment = parts::environment()?;
        let address = environment
            .into_iter()
            .find(|(name, _)| name == "SLUICEBOX__KAFKA__BROKERS");
        let (_, address) = address.context("`deploy/local/parts env` names no broker")?;
        let pids = parts::pids()?;
        let kafka = pids.into_iter().find(|(name, _)| name == "kafka");
        let (_, pid) = kafka.context("Kafka does not run; `./justw up` starts it")?;
        Ok(Self { address, pid })
    }

    /// CPU seconds so far.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        process::cpu_seconds(self.pid)
    }

    /// Its process, for those who measure it themselves.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.address);
        config
    }
}
