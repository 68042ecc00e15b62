//! What is kept of the sources of one partition: committed with the events that it led to.

use stage::{AnyStore, Store, Stores};

use crate::cursor::Cursor;
use crate::poll::Poll;

/// The stores of one task, by source.
#[derive(Debug)]
pub struct SourceStores {
    cursors: Store<String, Cursor>,
    polls: Store<String, Poll>,
}

/// What is kept of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    pub(crate) source: String,
    pub(crate) cursor: Cursor,
    pub(crate) poll: Poll,
    /// Whether it is to be forgotten.
    pub(crate) is_over: bool,
}

impl Default for SourceStores {
    fn default() -> Self {
        Self {
            cursors: Store::new("cursors"),
            polls: Store::new("polls"),
        }
    }
}

impl Stores for SourceStores {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.cursors);
        visit(&mut self.polls);
    }
}

impl SourceStores {
    pub(crate) fn recall(&self, source: &str) -> Memory {
        let source = source.to_owned();
        Memory {
            cursor: self.cursors.get(&source).cloned().unwrap_or_default(),
            poll: self.polls.get(&source).cloned().unwrap_or_default(),
            source,
            is_over: false,
        }
    }

    /// A cursor that did not move is not written again: it is the larger of the two.
    pub(crate) fn remember(&mut self, memory: Memory) {
        let Memory {
            source,
            cursor,
            poll,
            is_over,
        } = memory;
        if is_over {
            self.cursors.delete(source.clone());
            self.polls.delete(source);
            return;
        }
        if self.cursors.get(&source) != Some(&cursor) {
            self.cursors.put(source.clone(), cursor);
        }
        self.polls.put(source, poll);
    }
}

/// How a source fares, from a record of the changelog of `polls`; nothing for one that cannot be read.
pub fn poll_of(value: &[u8]) -> Option<Poll> {
    let mut store = Store::<String, Poll>::new("polls");
    store.restore(b"it", Some(value)).ok()?;
    store.get(&"it".to_owned()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Next, Validators};
    use stage::golden;

    #[test]
    fn cursors_are_written_as_they_always_were() {
        let mut cursor = Cursor::default();
        cursor.for_settings(7);
        cursor.sift([("a", None), ("b", Some("link"))].into_iter());
        cursor.advance(Next::End, true, false);
        cursor.sift([("c", None)].into_iter());
        cursor.advance(Next::More("2".to_owned()), true, false);
        cursor.advance(Next::More("3".to_owned()), false, false);
        cursor.validators = Validators {
            etag: Some("\"1\"".to_owned()),
            modified: Some("Mon, 30 Nov 2026 10:00:00 GMT".to_owned()),
            ttl_minutes: Some(60),
            skip_hours: vec![1, 2],
            skip_days: vec![6],
        };
        cursor.moved_to = Some("https://x.example/new".to_owned());
        let mut store = Store::new("cursors");
        store.put("news".to_owned(), cursor);
        let versions = [include_str!("../tests/golden/cursors.v1.hex")];
        assert_eq!(
            golden(store, || Store::<String, Cursor>::new("cursors"), &versions),
            Ok(())
        );
    }

    #[test]
    fn polls_are_written_as_they_always_were() {
        let mut poll = Poll::default();
        poll.configured(7);
        poll.failed(
            1_700_000_000_000,
            "busy",
            None,
            std::time::Duration::from_mins(1),
            0.0,
        );
        (poll.items, poll.refused, poll.unchanged) = (3, 1, 2);
        (poll.refusal, poll.last_item) = (Some("too large".to_owned()), Some("b".to_owned()));
        (poll.last_item_at, poll.answered_at, poll.budget) = (Some(1), Some(2), Some(9));
        let mut store = Store::new("polls");
        store.put("news".to_owned(), poll);
        let versions = [include_str!("../tests/golden/polls.v1.hex")];
        assert_eq!(
            golden(store, || Store::<String, Poll>::new("polls"), &versions),
            Ok(())
        );
    }
}
