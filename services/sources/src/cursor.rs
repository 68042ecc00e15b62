//! How far a source was read, and what was on it. No Kafka, no clock, no I/O.
//!
//! A list with the newest first is read until an item of an earlier poll comes. New items push old ones from page to page
//! while it is read, so what was seen in this poll is kept apart from what was seen before it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::source::{Next, Validators};

/// Items that are known again, the latest; a page has fewer.
pub(crate) const REMEMBERED: usize = 4_096;
/// Items of one poll that are known again; it goes on over restarts and over the bound of its pages.
const OF_ONE_POLL: usize = 4 * REMEMBERED;
/// Pages with nothing new on them after which a poll is over.
const STALE_PAGES: u32 = 3;
/// Positions of one poll that are known again.
const VISITED: usize = 1_024;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Of which settings it is.
    #[serde(default)]
    pub(crate) settings: u64,
    /// Where the next page is; the beginning without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) position: Option<String>,
    /// What the server is told of the answer that we have.
    #[serde(default)]
    pub(crate) validators: Validators,
    /// Where the source is, if it moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) moved_to: Option<String>,
    /// Items of earlier polls, latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seen: Vec<u64>,
    /// Items of this poll.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seen_now: Vec<u64>,
    /// Positions of this poll.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    visited: Vec<u64>,
    /// Pages in a row with nothing new.
    #[serde(default)]
    stale: u32,
}

/// What of a page was new.
pub(crate) struct Sifted {
    /// For each item, whether it is.
    pub(crate) new: Vec<bool>,
    /// Whether an item of an earlier poll was on the page.
    pub(crate) met_known: bool,
}

/// Why a poll is over that had another page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// A position came twice.
    Position,
    /// Page after page had nothing new.
    Items,
}

impl Cursor {
    /// The cursor for these settings: one of others keeps only what was seen.
    pub(crate) fn for_settings(&mut self, settings: u64) {
        if self.settings != settings {
            let seen = std::mem::take(&mut self.seen);
            let seen_now = std::mem::take(&mut self.seen_now);
            *self = Self {
                settings,
                seen,
                seen_now,
                ..Self::default()
            };
            self.end_poll();
        }
    }

    /// Which of these items are new, each told by one or two names. They are seen from now on.
    pub(crate) fn sift<'a>(&mut self, items: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Sifted {
        let before: HashSet<u64> = self.seen.iter().copied().collect();
        let mut now: HashSet<u64> = self.seen_now.iter().copied().collect();
        let mut sifted = Sifted {
            new: Vec::new(),
            met_known: false,
        };
        for (id, alike) in items {
            let names = [Some(hash("id", id)), alike.map(|alike| hash("alike", alike))];
            let names = || names.iter().flatten().copied();
            let known = names().any(|name| before.contains(&name));
            let is_new = !known && !names().any(|name| now.contains(&name));
            sifted.met_known |= known;
            sifted.new.push(is_new);
            for name in names() {
                if now.insert(name) {
                    self.seen_now.push(name);
                }
            }
        }
        keep_latest(&mut self.seen_now, OF_ONE_POLL);
        sifted
    }

    /// The page is taken; the poll goes on where it says, or is over. Says why, if it had another page. One that goes on from
    /// poll to poll (`keep`) is never begun anew.
    pub(crate) fn advance(&mut self, next: Next, anything_new: bool, keep: bool) -> Option<Repeats> {
        self.stale = if anything_new { 0 } else { self.stale + 1 };
        match next {
            Next::End => self.restart(),
            Next::Stay(position) => {
                self.end_poll();
                self.position = Some(position);
            }
            Next::More(position) => {
                let name = hash("position", &position);
                let here = self.position.as_deref().map(|here| hash("position", here));
                if self.visited.contains(&name) || here == Some(name) {
                    self.end(keep);
                    return Some(Repeats::Position);
                }
                if self.stale >= STALE_PAGES {
                    self.end(keep);
                    return Some(Repeats::Items);
                }
                self.visited.extend(here);
                keep_latest(&mut self.visited, VISITED);
                self.position = Some(position);
            }
        }
        None
    }

    /// The next poll begins at the beginning.
    pub(crate) fn restart(&mut self) {
        self.end_poll();
        self.position = None;
    }

    fn end(&mut self, keep: bool) {
        if keep {
            self.end_poll();
        } else {
            self.restart();
        }
    }

    fn end_poll(&mut self) {
        self.visited.clear();
        self.stale = 0;
        let now: HashSet<u64> = self.seen_now.iter().copied().collect();
        self.seen.retain(|name| !now.contains(name));
        self.seen.append(&mut self.seen_now);
        keep_latest(&mut self.seen, REMEMBERED * 2);
    }
}

fn hash(what: &str, name: &str) -> u64 {
    xxh3_64(format!("{what}\u{1f}{name}").as_bytes())
}

fn keep_latest(names: &mut Vec<u64>, most: usize) {
    let over = names.len().saturating_sub(most);
    names.drain(..over);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sift(cursor: &mut Cursor, ids: &[&str]) -> (Vec<bool>, bool) {
        let sifted = cursor.sift(ids.iter().map(|id| (*id, None)));
        (sifted.new, sifted.met_known)
    }

    #[test]
    fn an_item_is_new_once() {
        let mut cursor = Cursor::default();
        assert_eq!(
            sift(&mut cursor, &["b", "a", "a"]),
            (vec![true, true, false], false)
        );
        cursor.advance(Next::End, true, false);
        assert_eq!(sift(&mut cursor, &["c", "b"]), (vec![true, false], true));
    }

    #[test]
    fn an_item_that_slid_to_the_next_page_does_not_end_the_poll() {
        let mut cursor = Cursor::default();
        sift(&mut cursor, &["z"]);
        cursor.advance(Next::End, true, false);
        sift(&mut cursor, &["d", "c"]);
        cursor.advance(Next::More("2".to_owned()), true, false);
        let (new, met_known) = sift(&mut cursor, &["c", "b"]);
        assert_eq!(
            (new, met_known),
            (vec![false, true], false),
            "c was seen in this poll"
        );
    }

    #[test]
    fn an_id_that_changes_is_known_by_what_is_alike() {
        let mut cursor = Cursor::default();
        cursor.sift([("1", Some("link title"))].into_iter());
        let again = cursor.sift([("2", Some("link title"))].into_iter());
        assert_eq!(again.new, [false]);
    }

    #[test]
    fn positions_and_pages_that_repeat_end_the_poll() {
        let mut cursor = Cursor::default();
        let more = |position: &str| Next::More(position.to_owned());
        assert_eq!(cursor.advance(more("a"), true, true), None);
        assert_eq!(cursor.advance(more("b"), true, true), None);
        assert_eq!(cursor.advance(more("a"), true, true), Some(Repeats::Position));
        assert_eq!(
            cursor.position.as_deref(),
            Some("b"),
            "a stream that goes on is not begun anew"
        );
        cursor.restart();
        assert_eq!(cursor.advance(more("1"), false, false), None);
        assert_eq!(cursor.advance(more("2"), false, false), None);
        assert_eq!(cursor.advance(more("3"), false, false), Some(Repeats::Items));
        assert_eq!(cursor.position, None);
    }

    #[test]
    fn other_settings_keep_what_was_seen_and_nothing_else() {
        let mut cursor = Cursor::default();
        cursor.for_settings(1);
        sift(&mut cursor, &["a"]);
        cursor.advance(Next::Stay("7".to_owned()), true, false);
        cursor.validators.etag = Some("e".to_owned());
        cursor.for_settings(2);
        assert_eq!((&cursor.position, &cursor.validators.etag), (&None, &None));
        assert_eq!(sift(&mut cursor, &["a"]).0, [false]);
    }

    proptest! {
        #[test]
        fn what_is_kept_is_bounded_and_nothing_is_new_twice(
            pages in prop::collection::vec((prop::collection::vec(0..60u8, 0..30), any::<bool>()), 1..30)
        ) {
            let mut cursor = Cursor::default();
            let mut told = HashSet::new();
            for (page, more) in pages {
                let ids: Vec<String> = page.iter().map(ToString::to_string).collect();
                let sifted = cursor.sift(ids.iter().map(|id| (id.as_str(), None)));
                for (id, new) in ids.iter().zip(&sifted.new) {
                    prop_assert_eq!(*new, told.insert(id.clone()));
                }
                let next = if more { Next::More(told.len().to_string()) } else { Next::End };
                cursor.advance(next, sifted.new.contains(&true), false);
                prop_assert!(cursor.seen.len() <= 2 * REMEMBERED && cursor.seen_now.len() <= OF_ONE_POLL);
            }
        }
    }
}
