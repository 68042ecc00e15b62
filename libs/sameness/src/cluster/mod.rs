//! Clusters of texts: what a cluster is, which are like a text, and from which similarity on they are the same.
//! No I/O, no clock; the clusters themselves are kept by the caller.

mod index;
mod level;
mod query;
mod state;
mod sums;

pub(crate) use level::grown;
pub use level::{Level, Threshold};
pub use query::Tier;
pub use state::{Cluster, ClusterId, ClusterStore, Millis};
pub use sums::{SumTerm, Sums};

use crate::words::Term;
use index::Index;
pub(crate) use query::Query;

/// Why something belongs to a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The cluster.
    pub cluster: ClusterId,
    /// By what they were compared.
    pub tier: Tier,
    /// How similar they are, 0 to 1; for two clusters less what their size costs.
    pub similarity: f32,
    /// Up to five terms that both have, what says most first.
    pub shared: Vec<Term>,
}

/// The open clusters of one kind, and how to find among them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clusters {
    index: Index,
}

/// Which threshold counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Step {
    Join,
    Merge,
}

impl Clusters {
    /// These clusters, in any order.
    pub(crate) fn of<'c>(clusters: impl IntoIterator<Item = (ClusterId, &'c Cluster)>) -> Self {
        Self {
            index: Index::of(clusters),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// The cluster that is most alike among those that are alike enough, other than `except`; of equals the one whose
    /// keys were chosen last.
    pub(crate) fn best(
        &mut self,
        kept: &dyn ClusterStore,
        level: &Level,
        query: &Query<'_>,
        step: Step,
        except: Option<ClusterId>,
    ) -> Option<Match> {
        let mut best: Option<(f32, ClusterId, Tier, f32)> = None;
        let candidates = self.index.candidates(query);
        for id in candidates.into_iter().filter(|id| Some(*id) != except) {
            let Some(cluster) = kept.get(id) else { continue };
            if step == Step::Merge && cluster.pinned {
                continue;
            }
            let (tier, similarity) = query.similarity(cluster);
            let threshold = level.of(tier);
            let (least, cost) = match step {
                Step::Join => (threshold.join, 0.0),
                Step::Merge => (threshold.merge, threshold.cost(query.texts, cluster.texts())),
            };
            let margin = similarity - cost - least;
            if margin > 0.0 && best.is_none_or(|(known, ..)| margin > known) {
                best = Some((margin, id, tier, similarity - cost));
            }
        }
        let (_, cluster, tier, similarity) = best?;
        let shared = kept
            .get(cluster)
            .map(|cluster| query.shared(cluster))
            .unwrap_or_default();
        Some(Match {
            cluster,
            tier,
            similarity,
            shared,
        })
    }

    /// Opens a cluster.
    pub(crate) fn open(&mut self, kept: &mut dyn ClusterStore, id: ClusterId, mut cluster: Cluster) {
        cluster.sums.choose_keys();
        cluster.rank = self.index.next_rank();
        self.index.add(id, &cluster);
        kept.put(id, cluster);
    }

    /// Puts a changed cluster back. Where it has grown enough, its keys are chosen anew, and true is given: whatever is
    /// done as clusters grow is due.
    pub(crate) fn change(&mut self, kept: &mut dyn ClusterStore, id: ClusterId, mut after: Cluster) -> bool {
        let Some(before) = kept.get(id) else { return false };
        let grown = level::grown(before.texts(), after.texts());
        if grown {
            after.sums.choose_keys();
            after.rank = self.index.next_rank();
        }
        self.index.change(id, before, &after);
        kept.put(id, after);
        grown
    }

    /// Takes a cluster out.
    pub(crate) fn close(&mut self, kept: &mut dyn ClusterStore, id: ClusterId) -> Option<Cluster> {
        let cluster = kept.get(id)?.clone();
        self.index.remove(id, &cluster);
        kept.remove(id);
        Some(cluster)
    }

    /// The latest time of a text.
    pub(crate) fn latest(&self) -> Option<Millis> {
        self.index.latest()
    }

    /// The cluster to close next: the longest idle where its latest text is before `before`, or where there are more
    /// than `most`.
    pub(crate) fn due(&self, before: Millis, most: usize) -> Option<ClusterId> {
        let (last, id) = self.index.longest_idle()?;
        (last < before || self.len() > most).then_some(id)
    }
}
