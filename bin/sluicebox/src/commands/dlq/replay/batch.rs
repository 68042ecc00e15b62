//! Letters that are put back in one transaction, and how fast transactions follow each other.

use super::super::letter::Letter;
use crate::failure::Failure;
use model::{DeadLetter, Replay, ReplayedLetter};
use runtime::admin::Replayer;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Most letters and bytes of one transaction.
const MOST_LETTERS: usize = 500;
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// At a given rate, transactions a second.
const BATCHES_A_SECOND: u32 = 4;

/// Letters of one transaction.
#[derive(Default)]
pub(super) struct Batch {
    letters: Vec<Letter>,
    bytes: usize,
}

impl Batch {
    pub(super) fn push(&mut self, letter: Letter) {
        self.bytes += letter.content.payload.as_ref().map_or(0, Vec::len);
        self.letters.push(letter);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether it is to be written now; a slow replay writes a few at a time.
    pub(super) fn is_full(&self, rate: Option<u32>) -> bool {
        let few = rate.map_or(usize::MAX, |rate| rate.div_ceil(BATCHES_A_SECOND) as usize);
        self.letters.len() >= few.min(MOST_LETTERS) || self.bytes >= MOST_BYTES
    }
}

/// Writes batches, each with the note of it.
pub(super) struct Writer {
    replayer: Replayer,
    note: Replay,
    rate: Option<u32>,
    began: Instant,
    written: u64,
}

impl Writer {
    /// `note` is what every note says; `rate` is letters a second.
    pub(super) fn new(replayer: Replayer, note: Replay, rate: Option<u32>) -> Self {
        Self {
            replayer,
            note,
            rate,
            began: Instant::now(),
            written: 0,
        }
    }

    /// The name under which it is noted, if anything was written.
    pub(super) fn id(&self) -> Option<&str> {
        (self.written > 0).then_some(self.note.id.as_str())
    }

    /// Writes the batch, if it holds any letter, and empties it.
    pub(super) async fn write(&mut self, batch: &mut Batch) -> Result<(), Failure> {
        let letters = std::mem::take(batch).letters;
        if letters.is_empty() {
            return Ok(());
        }
        self.keep_rate().await;
        self.note.letters = letters.iter().map(noted).collect();
        let count = letters.len() as u64;
        let records: Vec<DeadLetter> = letters.into_iter().map(|letter| letter.content).collect();
        self.replayer.write(records, &self.note).await?;
        self.note.number += 1;
        self.written += count;
        Ok(())
    }

    async fn keep_rate(&self) {
        if let Some(rate) = self.rate {
            let due = Duration::from_secs_f64(self.written as f64 / f64::from(rate));
            sleep_until(self.began + due).await;
        }
    }
}

fn noted(letter: &Letter) -> ReplayedLetter {
    ReplayedLetter {
        partition: letter.id.partition,
        offset: letter.id.offset,
        origin_topic: letter.content.topic.clone(),
        origin_partition: letter.content.partition,
        origin_offset: letter.content.offset,
        origin_time: letter.content.time,
    }
}
