//! The client: registers our schemas under `TopicNameStrategy`, and fetches those of others.

use crate::RegistryError;
use crate::cache::Cache;
use crate::client::Clients;
use backon::{ExponentialBuilder, Retryable};
use model::{SchemaIds, SchemaLookup, WriterSchema, schema_text};
use schema_registry_converter::async_impl::schema_registry as api;
use schema_registry_converter::schema_registry_common::{RegisteredSchema, SchemaType, SuppliedSchema};
use settings::{LOOK, RegistrySettings, WatchStatus, Watched};
use std::collections::HashSet;
use std::fmt::Display;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use topology::{Prefix, Schema, Topic};

/// How long one question may take.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);
const LEAST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The schema registry, with everything that it has ever said; cheap to clone.
#[derive(Clone)]
pub struct Registry(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    clients: Watched<Clients>,
    /// Where questions from threads that are not async are asked.
    pub(crate) handle: Handle,
    pub(crate) cache: RwLock<Cache>,
    /// Held while a question is out, so that two threads do not ask the same.
    pub(crate) asking: Mutex<()>,
    /// The ids of which an answer is on its way to somebody who does not wait for it.
    pub(crate) under_way: Mutex<HashSet<u32>>,
}

impl Registry {
    /// A client for this registry; nothing is sent yet. Must be called inside a Tokio runtime, which has to outlive
    /// the client.
    pub fn connect(settings: &RegistrySettings) -> Result<Self, RegistryError> {
        Ok(Self::with(Watched::fixed(clients(settings)?), handle()?))
    }

    /// The same, followed: `load` is asked every two seconds for the settings as they are now, and the files that they
    /// name are looked at. The client in use stays when no other can be made.
    pub fn follow<E: Display>(
        settings: &RegistrySettings,
        load: impl Fn() -> Result<RegistrySettings, E> + Send + Sync + 'static,
    ) -> Result<Self, RegistryError> {
        let next = move |in_use: &Clients| {
            let settings = load().map_err(|error| error.to_string())?;
            in_use.changed(&settings).map_err(|error| error.to_string())
        };
        let clients = Watched::asking("registry", clients(settings)?, LOOK, next);
        Ok(Self::with(clients, handle()?))
    }

    fn with(clients: Watched<Clients>, handle: Handle) -> Self {
        Self(Arc::new(Inner {
            clients,
            handle,
            cache: RwLock::default(),
            asking: Mutex::default(),
            under_way: Mutex::default(),
        }))
    }

    /// How the settings that are followed are.
    pub fn status(&self) -> WatchStatus {
        self.0.clients.status()
    }

    /// Looks at them at once; how they are afterwards.
    pub fn reload_now(&self) -> WatchStatus {
        self.0.clients.reload_now()
    }

    /// The ids of the value schemas of every topic under `<prefix><topic>-value`, which are registered unless the
    /// settings say that they are only looked up. A registry that is away is waited for, however long, and so is a
    /// schema that somebody else has to register; `away` is told of each attempt in vain.
    pub async fn ids(
        &self,
        prefix: &Prefix,
        mut away: impl FnMut(&RegistryError),
    ) -> Result<SchemaIds, RegistryError> {
        let waits = ExponentialBuilder::default()
            .with_min_delay(LEAST_WAIT)
            .with_max_delay(LONGEST_WAIT)
            .with_jitter()
            .without_max_times();
        let asking = (|| self.ids_once(prefix))
            .retry(waits)
            .when(RegistryError::may_pass);
        asking.notify(|error, _| away(error)).await
    }

    /// The same, without waiting.
    pub async fn ids_once(&self, prefix: &Prefix) -> Result<SchemaIds, RegistryError> {
        let clients = self.0.clients();
        let Some(lookup) = &clients.lookup else {
            return self.register_all(prefix).await;
        };
        let mut ids = [0; Schema::ALL.len()];
        for topic in Topic::all() {
            let (schema, subject) = (topic.spec().value, subject(prefix, topic));
            let text = schema_text(schema);
            ids[schema as usize] = lookup.id(&clients.url, &subject, text).await?;
            self.0.remember_own(ids[schema as usize], text);
        }
        Ok(SchemaIds(ids))
    }

    /// Registers the value schema of every topic, whatever the settings say; does not wait for a registry that is away.
    pub async fn register_all(&self, prefix: &Prefix) -> Result<SchemaIds, RegistryError> {
        let mut ids = [0; Schema::ALL.len()];
        for topic in Topic::all() {
            let schema = topic.spec().value;
            ids[schema as usize] = self.register(&subject(prefix, topic), schema).await?;
        }
        Ok(SchemaIds(ids))
    }

    /// Registers one of our schemas under a subject; registering it again gives the same id.
    pub async fn register(&self, subject: &str, schema: Schema) -> Result<u32, RegistryError> {
        let text = schema_text(schema);
        let supplied = SuppliedSchema::new(None, SchemaType::Avro, text.to_owned());
        let answer = api::post_schema(&self.0.clients().api, subject.to_owned(), supplied).await;
        let id = answer.map_err(|error| self.explained(&error, subject))?.id;
        self.0.remember_own(id, text);
        Ok(id)
    }

    /// Every version of a subject, oldest first, as number and schema text; none if the subject is not known.
    pub async fn versions(&self, subject: &str) -> Result<Vec<(u32, String)>, RegistryError> {
        let numbers = match api::get_all_versions(&self.0.clients().api, subject.to_owned()).await {
            Ok(numbers) => numbers,
            Err(error) => match self.explained(&error, subject) {
                RegistryError::Unknown { .. } => return Ok(Vec::new()),
                other => return Err(other),
            },
        };
        let mut versions = Vec::with_capacity(numbers.len());
        for number in numbers {
            let answer =
                api::get_schema_by_subject_and_version(&self.0.clients().api, subject, Some(number)).await;
            let RegisteredSchema { schema, .. } = answer.map_err(|error| self.explained(&error, subject))?;
            versions.push((number, schema));
        }
        Ok(versions)
    }

    /// Asks whether the registry answers; what it says about a schema does not matter.
    pub async fn check(&self) -> Result<(), RegistryError> {
        match api::get_schema_by_id(1, &self.0.clients().api)
            .await
            .map_err(|error| self.explained(&error, "schema id 1"))
        {
            Ok(_) | Err(RegistryError::Unknown { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn explained(&self, error: &schema_registry_converter::error::SRCError, what: &str) -> RegistryError {
        RegistryError::from_answer(error, &self.0.clients().url, what)
    }
}

/// Must be called inside a Tokio runtime.
fn handle() -> Result<Handle, RegistryError> {
    Handle::try_current().map_err(|error| RegistryError::Client(error.to_string()))
}

fn clients(settings: &RegistrySettings) -> Result<Clients, RegistryError> {
    // Fails only when the process has chosen already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Clients::new(settings)
}

impl Inner {
    /// What questions are asked with now.
    pub(crate) fn clients(&self) -> Arc<Clients> {
        self.clients.load()
    }

    fn remember_own(&self, id: u32, text: &str) {
        if let Ok(parsed) = WriterSchema::parse(text) {
            self.remember(id, &SchemaLookup::Known(parsed), Instant::now());
        }
    }
}

/// The subject of a topic's value.
///
/// Source: Confluent, "Subject name strategy", `TopicNameStrategy`.
pub fn subject(prefix: &Prefix, topic: Topic) -> String {
    format!("{}-value", prefix.apply(topic.name()))
}
