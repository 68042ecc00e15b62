//! When two things are the same: exact keys, near texts, stories and topics. No I/O, no clock.

mod central;
mod cluster;
mod exact;
pub mod near;
mod reading;
mod story;
mod topic;
mod vectors;
mod words;

pub use central::most_central;
pub use cluster::{Cluster, ClusterId, ClusterStore, Level, Match, Millis, SumTerm, Sums, Threshold, Tier};
pub use exact::IdempotencyKey;
pub use reading::{Method, ReadTerm, Reading, SubjectId};
pub use story::{Ended, Joined, Representative, Stories, StoryLimits};
pub use topic::{Effect, Links, Refused, TopicLimits, TopicStores, Topics, follow};
pub use vectors::{DIMENSIONS, VectorSum, are_built_in as has_vectors};
pub use words::{Counted, Day, DayCount, Ended as EndedDay, Seen, SlowWeights, Term, Weight};
