//! What others have to tell is polled and becomes raw events.
//!
//! A source is asked for one page at a time ([`Source`]); how often, how much and what comes after a failure is decided
//! outside of it ([`poll`]). A page's events and the cursor behind it go into one transaction ([`SourcesEffect`]), so that
//! a crash, a restart or a second replica neither skips nor doubles an item. To add one: a folder here, a line in
//! [`kinds`], a section in docs/SOURCES.md.

mod cursor;
mod effect;
mod events;
mod feed;
mod followed;
mod http_poll;
mod kinds;
mod poll;
mod preview;
mod source;
mod stores;
mod web;

pub use cursor::Cursor;
pub use effect::{SourcesEffect, Tell};
pub use events::{Admitting, Taken};
pub use feed::{ParsedFeed, parse_feed};
pub use followed::{Polled, Sources};
pub use poll::{Paused, Poll, Turn};
pub use preview::{Preview, preview};
pub use source::{FetchError, Item, Next, Page, Reading, Source, SourceError, Validators};
pub use stores::{Memory, SourceStores, poll_of};
