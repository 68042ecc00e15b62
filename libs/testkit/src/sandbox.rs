//! What one test has for itself: topic names, a database, settings for everything that it starts.

use settings::{Secret, Settings};

use crate::error::TestkitError;
use crate::names;
use crate::parts::{Parts, parts};
use crate::{database, repository};

/// A place for one test on the shared servers; its database is dropped with it.
#[derive(Debug)]
pub struct Sandbox {
    parts: Parts,
    name: String,
    postgres_url: String,
}

impl Sandbox {
    /// Makes sure that the servers answer, and makes a fresh database. The name only helps people to find things.
    ///
    /// # Errors
    /// The servers cannot be started or refuse; a test lets it fail.
    pub async fn new(test_name: &str) -> Result<Self, TestkitError> {
        Self::on(parts().await?, test_name).await
    }

    /// The same on other servers, such as those of [`crate::OwnParts`]; needs their PostgreSQL.
    ///
    /// # Errors
    /// PostgreSQL refuses; a test lets it fail.
    pub async fn on(parts: &Parts, test_name: &str) -> Result<Self, TestkitError> {
        let name = names::fresh(test_name);
        database::execute(&parts.postgres_url, format!("CREATE DATABASE {name}")).await?;
        let postgres_url = database::url_of(&parts.postgres_url, &name);
        Ok(Self {
            parts: parts.clone(),
            name,
            postgres_url,
        })
    }

    /// Kafka, `host:port`.
    pub fn brokers(&self) -> &str {
        &self.parts.brokers
    }

    /// The schema registry, `http://host:port`.
    pub fn registry_url(&self) -> &str {
        &self.parts.registry_url
    }

    /// The database of this test alone, empty at first.
    pub fn postgres_url(&self) -> &str {
        &self.postgres_url
    }

    /// What the names of all topics and groups of this test begin with, e.g. `t_restart_0123456789ab.`.
    pub fn topic_prefix(&self) -> String {
        format!("{}.", self.name)
    }

    /// Settings for this sandbox: few partitions, short timeouts, free ports, the rules of the repository.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings {
            topic_prefix: self.topic_prefix(),
            instance_id: self.name.clone(),
            ..Settings::default()
        };
        self.parts.brokers.clone_into(&mut settings.kafka.brokers);
        settings.kafka.partitions = 3;
        settings.kafka.session_timeout_ms = 6_000;
        settings.kafka.transaction_timeout_ms = 5_000;
        self.parts.registry_url.clone_into(&mut settings.registry.url);
        settings.postgres.url = Secret::new(&self.postgres_url);
        settings.adapters.listen.set_port(0);
        settings.api.listen.set_port(0);
        settings.ops.listen.set_port(0);
        for rules in [&mut settings.scorer.rules, &mut settings.detector.rules] {
            *rules = repository().join(&*rules);
        }
        settings
    }

    /// The same settings as environment variables, for a program that the test starts.
    pub fn environment(&self) -> Vec<(String, String)> {
        let settings = self.settings();
        let kafka = &settings.kafka;
        [
            ("TOPIC_PREFIX", settings.topic_prefix.clone()),
            ("INSTANCE_ID", settings.instance_id.clone()),
            ("KAFKA__BROKERS", kafka.brokers.clone()),
            ("KAFKA__PARTITIONS", kafka.partitions.to_string()),
            ("KAFKA__SESSION_TIMEOUT_MS", kafka.session_timeout_ms.to_string()),
            (
                "KAFKA__TRANSACTION_TIMEOUT_MS",
                kafka.transaction_timeout_ms.to_string(),
            ),
            ("REGISTRY__URL", settings.registry.url.clone()),
            ("POSTGRES__URL", self.postgres_url.clone()),
            ("ADAPTERS__LISTEN", settings.adapters.listen.to_string()),
            ("API__LISTEN", settings.api.listen.to_string()),
            ("OPS__LISTEN", settings.ops.listen.to_string()),
            ("SCORER__RULES", settings.scorer.rules.display().to_string()),
            ("DETECTOR__RULES", settings.detector.rules.display().to_string()),
        ]
        .map(|(key, value)| (format!("SLUICEBOX__{key}"), value))
        .to_vec()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        database::drop_now(self.parts.postgres_url.clone(), &self.name);
    }
}
