//! Reads dead letters and the notes of replays from their topics.

use super::filter::Filter;
use super::letter::{Letter, LetterId};
use super::past::Past;
use crate::app;
use crate::failure::Failure;
use crate::output::tell;
use model::{DeadLetter, DecodeError, Decoder, Record, Replay, SchemaSource};
use registry::Registry;
use runtime::admin::{Admin, Selection, StoredRecord};
use settings::Settings;
use std::sync::Arc;
use topology::Topic;

/// The topic of dead letters, and that of the replays.
pub(crate) struct Letters {
    pub(super) admin: Admin,
    pub(super) schemas: Arc<dyn SchemaSource>,
}

/// Records read so far, and what stood in the way.
struct Reading<S> {
    gathered: S,
    unreadable: Vec<String>,
    away: Option<String>,
}

impl Letters {
    pub(crate) fn connect(settings: &Settings) -> Result<Self, Failure> {
        Ok(Self {
            admin: app::admin(settings)?,
            schemas: Arc::new(Registry::connect(&settings.registry)?),
        })
    }

    /// Shows every dead letter that the filter means and that was there when the reading began, in the order of each
    /// partition, to `each`, with what it gathers; `false` from it ends the letter's partition.
    pub(super) async fn each<S: Send + 'static>(
        &self,
        filter: &Filter,
        gathered: S,
        mut each: impl FnMut(&mut S, Letter) -> bool + Send + 'static,
    ) -> Result<S, Failure> {
        let selection = Selection::of(Topic::DeadLetters.name()).since(filter.since());
        let filter = filter.clone();
        let matching = move |gathered: &mut S, record: StoredRecord, content| {
            let letter = letter(&record, content);
            !filter.matches(&letter) || each(gathered, letter)
        };
        self.read(selection, gathered, matching).await
    }

    /// One dead letter.
    pub(super) async fn one(&self, id: LetterId) -> Result<Option<Letter>, Failure> {
        let found = self.admin.record_at(Topic::DeadLetters, id.partition, id.offset);
        let Some(record) = found.await? else {
            return Ok(None);
        };
        let mut decoder = Decoder::new(Arc::clone(&self.schemas));
        let content =
            tokio::task::block_in_place(|| decoder.decode(record.value.as_deref().unwrap_or_default()));
        let content = content.map_err(|error| match error {
            DecodeError::RegistryUnavailable { .. } => Failure::Unreachable(error.to_string()),
            other => Failure::Check(format!("the record at {id} is no dead letter: {other}")),
        })?;
        Ok(Some(letter(&record, content)))
    }

    /// Every replay there was. Waits until one that is being written is written.
    pub(crate) async fn past(&self) -> Result<Past, Failure> {
        let selection = Selection::of(Topic::DeadLetterReplays.name()).settled();
        let add = |past: &mut Past, record: StoredRecord, replay: Replay| {
            past.add(replay, record.time);
            true
        };
        self.read(selection, Past::default(), add).await
    }

    async fn read<R: Record, S: Send + 'static>(
        &self,
        selection: Selection,
        gathered: S,
        mut each: impl FnMut(&mut S, StoredRecord, R) -> bool + Send + 'static,
    ) -> Result<S, Failure> {
        let mut decoder = Decoder::new(Arc::clone(&self.schemas));
        let reading = Reading {
            gathered,
            unreadable: Vec::new(),
            away: None,
        };
        let decode = move |reading: &mut Reading<S>, mut record: StoredRecord| {
            let value = record.value.take().unwrap_or_default();
            match decoder.decode(&value) {
                Ok(content) => each(&mut reading.gathered, record, content),
                Err(error @ DecodeError::RegistryUnavailable { .. }) => {
                    reading.away = Some(error.to_string());
                    false
                }
                Err(error) => {
                    let place = format!("{}-{}@{}", record.topic, record.partition, record.offset);
                    reading.unreadable.push(format!("{place}: {error}"));
                    true
                }
            }
        };
        let reading = self.admin.read(selection, reading, decode).await?;
        if let Some(why) = reading.away {
            return Err(Failure::Unreachable(why));
        }
        for why in reading.unreadable {
            tell(format_args!(
                "left out, it is not what belongs on its topic: {why}"
            ));
        }
        Ok(reading.gathered)
    }
}

fn letter(record: &StoredRecord, content: DeadLetter) -> Letter {
    Letter {
        id: LetterId {
            partition: record.partition,
            offset: record.offset,
        },
        died: record.time,
        content,
    }
}
