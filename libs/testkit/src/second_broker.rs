//! A second broker in the cluster of one test, so that what the first one leads can move, and the other way round.

use crate::error::TestkitError;
use crate::own_parts::{OwnParts, Part, fresh_folder, remove};
use crate::ports::free_ports;
use crate::script::parts_script;
use std::path::PathBuf;

/// A broker that is no controller: whatever happens to it, the first one sees to what it led. Ended and deleted with
/// this. Every call blocks until it is done.
#[derive(Debug)]
pub struct SecondBroker {
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    address: String,
}

impl SecondBroker {
    /// The number of it in its cluster; the first broker has 1.
    pub const ID: i32 = 2;

    /// Joins the cluster of these parts, whose broker runs. It has the properties that they have.
    ///
    /// # Errors
    /// It cannot be started; the error says why.
    pub fn join(first: &OwnParts) -> Result<Self, TestkitError> {
        let folder = fresh_folder()?;
        let [kafka, unused, registry, postgres] = free_ports()?;
        let own = [
            "process.roles=broker".to_owned(),
            format!("node.id={}", Self::ID),
            format!("controller.quorum.voters=1@127.0.0.1:{}", first.controller_port()),
            format!("listeners=PLAINTEXT://127.0.0.1:{kafka}"),
            format!("advertised.listeners=PLAINTEXT://127.0.0.1:{kafka}"),
        ];
        let environment = vec![
            ("SLUICEBOX_DATA", folder.display().to_string()),
            ("SLUICEBOX_KAFKA_PORT", kafka.to_string()),
            ("SLUICEBOX_KAFKA_CONTROLLER_PORT", unused.to_string()),
            ("SLUICEBOX_REGISTRY_PORT", registry.to_string()),
            ("SLUICEBOX_POSTGRES_PORT", postgres.to_string()),
            ("SLUICEBOX_KAFKA_CLUSTER", first.cluster()?),
            (
                "SLUICEBOX_KAFKA_PROPERTIES",
                format!("{}{}", first.properties(), own.join("\n")),
            ),
        ];
        let broker = Self {
            folder,
            environment,
            address: format!("127.0.0.1:{kafka}"),
        };
        broker.up()?;
        Ok(broker)
    }

    /// Starts it unless it runs, and returns once it answers.
    ///
    /// # Errors
    /// It cannot be started; the error says why.
    pub fn up(&self) -> Result<(), TestkitError> {
        self.script(&["up", Part::Kafka.name()])
    }

    /// Ends it with SIGKILL; returns once it is gone.
    ///
    /// # Errors
    /// It does not run.
    pub fn kill(&self) -> Result<(), TestkitError> {
        self.script(&["signal", "KILL", Part::Kafka.name()])
    }

    /// Ends it with SIGTERM, so that it hands over what it leads; returns once it is gone.
    ///
    /// # Errors
    /// It does not end.
    pub fn stop(&self) -> Result<(), TestkitError> {
        self.script(&["down"])
    }

    /// Where clients reach it, `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    fn script(&self, arguments: &[&str]) -> Result<(), TestkitError> {
        parts_script(arguments, &self.environment).map(drop)
    }
}

impl Drop for SecondBroker {
    fn drop(&mut self) {
        remove(&self.folder);
    }
}
