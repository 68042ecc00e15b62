//! Answers lanes, which are plain threads: blocks until the registry has answered, once per id.

use crate::registry::{Inner, TIMEOUT};
use crate::{Registry, RegistryError};
use model::{SchemaLookup, SchemaSource, WriterSchema};
use schema_registry_converter::async_impl::schema_registry as api;
use schema_registry_converter::schema_registry_common::{RegisteredSchema, SchemaType};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// The HTTP client gives up first; this is for a runtime that has no time for it.
const LONGEST: Duration = Duration::from_secs(TIMEOUT.as_secs() + 2);

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

impl Inner {
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
    let silence = |_| SchemaLookup::Unavailable(format!("{} did not answer in time", inner.url));
    answer.recv_timeout(LONGEST).unwrap_or_else(silence)
}

async fn fetch(inner: &Inner, id: u32) -> SchemaLookup {
    match api::get_schema_by_id(id, &inner.api).await {
        Ok(registered) => parsed(&registered),
        Err(error) => match RegistryError::from_answer(&error, &inner.url, &format!("schema id {id}")) {
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
