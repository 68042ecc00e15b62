//! Answers those who are not async: a question goes out once per id, and whoever asks waits as long as he can.

use crate::registry::{Inner, TIMEOUT};
use crate::{Registry, RegistryError};
use model::{SchemaLookup, SchemaSource, WriterSchema};
use schema_registry_converter::async_impl::schema_registry as api;
use schema_registry_converter::schema_registry_common::{RegisteredSchema, SchemaType};
use std::collections::HashSet;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The HTTP client gives up first; this is for a runtime that has no time for it.
const LONGEST: Duration = Duration::from_secs(TIMEOUT.as_secs() + 2);

/// How long a lane waits for an answer.
const MOMENT: Duration = Duration::from_millis(300);

impl SchemaSource for Registry {
    fn schema(&self, id: u32) -> SchemaLookup {
        if let Some(answer) = self.0.remembered(id) {
            return answer;
        }
        let _one_at_a_time = self.0.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = self.0.remembered(id) {
            return answer;
        }
        let answer = ask(&self.0, id);
        self.0.remember(id, &answer, Instant::now());
        answer
    }
}

/// The registry as lanes ask it. They have a group to look after, so they wait for an answer no longer than a moment;
/// one that comes later is remembered, and is there when they ask again.
#[derive(Clone)]
pub struct Impatient(Registry);

impl Registry {
    /// The same registry, for those who cannot wait.
    pub fn impatient(&self) -> Impatient {
        Impatient(self.clone())
    }
}

impl SchemaSource for Impatient {
    fn schema(&self, id: u32) -> SchemaLookup {
        let inner = &self.0.0;
        if let Some(answer) = inner.remembered(id) {
            return answer;
        }
        let silence = || SchemaLookup::Unavailable(format!("{} has not answered yet", inner.clients().url));
        if !inner.under_way().insert(id) {
            return silence();
        }
        let (answered, answer) = sync_channel(1);
        let asked = Arc::clone(inner);
        inner.handle.spawn(async move {
            let answer = fetch(&asked, id).await;
            asked.remember(id, &answer, Instant::now());
            asked.under_way().remove(&id);
            let _ = answered.send(answer);
        });
        answer.recv_timeout(MOMENT).unwrap_or_else(|_| silence())
    }
}

impl Inner {
    fn under_way(&self) -> MutexGuard<'_, HashSet<u32>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered(&self, id: u32) -> Option<SchemaLookup> {
        self.cache
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id, Instant::now())
    }

    pub(crate) fn remember(&self, id: u32, answer: &SchemaLookup, now: Instant) {
        self.cache
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .put(id, answer, now);
    }
}

fn ask(inner: &Arc<Inner>, id: u32) -> SchemaLookup {
    let (answered, answer) = sync_channel(1);
    let asked = Arc::clone(inner);
    inner.handle.spawn(async move {
        let _ = answered.send(fetch(&asked, id).await);
    });
    let silence = |_| SchemaLookup::Unavailable(format!("{} did not answer in time", inner.clients().url));
    answer.recv_timeout(LONGEST).unwrap_or_else(silence)
}

async fn fetch(inner: &Inner, id: u32) -> SchemaLookup {
    let clients = inner.clients();
    match api::get_schema_by_id(id, &clients.api).await {
        Ok(registered) => parsed(&registered),
        Err(error) => match RegistryError::from_answer(&error, &clients.url, &format!("schema id {id}")) {
            unknown @ RegistryError::Unknown { .. } => SchemaLookup::Unknown(unknown.to_string()),
            other => SchemaLookup::Unavailable(other.to_string()),
        },
    }
}

fn parsed(registered: &RegisteredSchema) -> SchemaLookup {
    if registered.schema_type != SchemaType::Avro {
        return SchemaLookup::Unknown(format!("it is a {:?} schema, not Avro", registered.schema_type));
    }
    match WriterSchema::parse(&registered.schema) {
        Ok(schema) => SchemaLookup::Known(schema),
        Err(why) => SchemaLookup::Unknown(format!("its schema cannot be parsed: {why}")),
    }
}
