//! Reading a noisy text: cleaning, finding, knowing its language, feeling and subject. No I/O.

mod clean;
mod find;
mod invisible;
mod keyphrases;
pub mod language;
mod segment;
pub mod sentiment;
pub mod spam;
pub mod span;
pub mod subject;
mod topic;
pub mod urgency;
pub mod words;

pub use clean::{clean, fold};
pub use find::{
    Address, Amount, AmountKind, Chain, Checksum, Date, Findings, Link, LinkHost, MOST_OF_A_KIND, Tag,
    Transaction, canonical, find, tickers,
};
pub use keyphrases::keyphrases;
pub use segment::segments;
pub use span::Span;
pub use topic::topic;
