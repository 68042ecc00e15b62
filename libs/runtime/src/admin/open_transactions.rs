//! Transactions that are still open, seen from what stands behind them: a reader of committed records gets no further
//! than the first record of the oldest one (the last stable offset), and has no lag there.

use super::{Admin, AdminError, Inner, blocking};
use model::Millis;
use std::sync::Arc;
use topology::Topic;

const DOING: &str = "looking for open transactions";

/// An open transaction, and what stands behind it in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTransaction {
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: i32,
    /// Where its first record stands: the last stable offset.
    pub offset: i64,
    /// Records from there on, its own and those of others, at most; markers of transactions count too.
    pub records: i64,
    /// When its first record was appended, ms since 1970.
    pub since: Option<Millis>,
}

impl Admin {
    /// The partitions of the topics that stages read in which a transaction is open.
    pub async fn open_transactions(&self) -> Result<Vec<OpenTransaction>, AdminError> {
        let inner = Arc::clone(&self.0);
        blocking(DOING, move || {
            let read = Topic::all().filter(|topic| !topic.spec().readers.is_empty());
            let mut open = Vec::new();
            for topic in read {
                open.extend(inner.open_transactions(topic)?);
            }
            Ok(open)
        })
        .await
    }
}

impl Inner {
    /// The end first, and then what is stable of it: what is not by then was in a transaction that is still open.
    fn open_transactions(&self, topic: Topic) -> Result<Vec<OpenTransaction>, AdminError> {
        let name = self.prefix.apply(topic.name());
        let ends = self.glancing_uncommitted(|reader| self.ends_of(reader, &name))?;
        let stable = self.glancing(|reader| self.ends_of(reader, &name))?;
        let pairs = ends.iter().zip(&stable);
        let open: Vec<_> = pairs
            .filter(|(all, stable)| stable.end < all.end)
            .map(|(all, stable)| (stable.partition, stable.end, all.end - stable.end))
            .collect();
        let from: Vec<_> = open
            .iter()
            .map(|(partition, offset, _)| (*partition, *offset))
            .collect();
        let since = self.glancing_uncommitted(|reader| self.first_records(reader, &name, &from))?;
        let of = |(partition, offset, records)| OpenTransaction {
            topic,
            partition,
            offset,
            records,
            since: since.get(&partition).copied(),
        };
        Ok(open.into_iter().map(of).collect())
    }
}
