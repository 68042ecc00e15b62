//! Reading a noisy text: cleaning, finding, knowing its language, naming its subject. No I/O.

mod clean;
mod find;
pub mod language;
pub mod span;
pub mod subject;
mod topic;
pub mod words;

pub use clean::clean;
pub use find::{Address, Chain, Checksum, Findings, Link, MOST_OF_A_KIND, Tag, canonical, find};
pub use span::Span;
pub use topic::topic;
