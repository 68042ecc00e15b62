//! Which records of compacted topics were replaced since they died: putting one of them back would bring an old state
//! over a newer one.

use super::super::letter::Letter;
use crate::failure::Failure;
use model::Id;
use runtime::admin::{Admin, Selection, StoredRecord};
use std::collections::HashMap;
use topology::{Cleanup, Topic};

type Offsets = HashMap<u128, i64>;

/// The newest record of every key, of the topics that were asked for.
pub(super) struct Newest<'a> {
    admin: &'a Admin,
    topics: HashMap<Topic, Offsets>,
}

impl<'a> Newest<'a> {
    pub(super) fn new(admin: &'a Admin) -> Self {
        Self {
            admin,
            topics: HashMap::new(),
        }
    }

    /// Whether the letter's topic keeps the newest record of a key, and there is a newer one than the letter's.
    pub(super) async fn supersedes(&mut self, topic: Topic, letter: &Letter) -> Result<bool, Failure> {
        if matches!(topic.spec().cleanup, Cleanup::Delete(_)) {
            return Ok(false);
        }
        if !self.topics.contains_key(&topic) {
            let remember = |newest: &mut Offsets, record: StoredRecord| {
                newest.insert(place(record.partition, &record.key), record.offset);
                true
            };
            let selection = Selection::of(topic.name()).settled();
            let newest = self.admin.read(selection, Offsets::new(), remember).await?;
            self.topics.insert(topic, newest);
        }
        let content = &letter.content;
        let place = place(content.partition, content.key.as_deref().unwrap_or_default());
        let newest = self.topics.get(&topic).and_then(|newest| newest.get(&place));
        Ok(newest.is_some_and(|newest| *newest > content.offset))
    }
}

fn place(partition: i32, key: &[u8]) -> u128 {
    Id::new().part(partition.to_be_bytes()).part(key).number()
}
