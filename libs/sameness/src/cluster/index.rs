//! Which clusters may be like a text: an inverted index from terms to clusters, so that the cost does not grow with
//! their number. It holds nothing that the clusters do not say, and is built anew from them.

use super::query::Query;
use super::state::{Cluster, ClusterId, Millis};
use crate::reading::SubjectId;
use crate::words::Term;
use std::collections::{BTreeSet, HashMap};

/// Lists that a text asks: the shortest, which belong to its rarest terms.
const LISTS: usize = 8;
/// Clusters of a list that are looked at, the newest: 512 cost twice the time and found no more.
const NEWEST: usize = 128;
/// Clusters that are compared exactly.
const EXACT: usize = 24;

type Slot = u32;

#[derive(Debug, Clone, Copy)]
struct Place {
    id: ClusterId,
    rank: u64,
    subject: Option<SubjectId>,
}

/// The index of some clusters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    places: Vec<Place>,
    free: Vec<Slot>,
    by_id: HashMap<ClusterId, Slot>,
    /// The clusters of each key, by rank.
    lists: HashMap<Term, Vec<Slot>>,
    /// The clusters by their latest text.
    idle: BTreeSet<(Millis, ClusterId)>,
    next_rank: u64,
    /// How much of a text each cluster shares, while candidates are looked for; 0 otherwise.
    shared: Vec<f32>,
}

impl Index {
    /// The index of these clusters; their order does not matter.
    pub(crate) fn of<'c>(clusters: impl IntoIterator<Item = (ClusterId, &'c Cluster)>) -> Self {
        let mut clusters: Vec<_> = clusters.into_iter().collect();
        clusters.sort_unstable_by_key(|(id, cluster)| (cluster.rank, *id));
        let mut index = Self::default();
        for (id, cluster) in clusters {
            index.add(id, cluster);
            index.next_rank = index.next_rank.max(cluster.rank.saturating_add(1));
        }
        index
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// The rank of a cluster whose keys are chosen now.
    pub(crate) fn next_rank(&mut self) -> u64 {
        self.next_rank += 1;
        self.next_rank - 1
    }

    /// Adds a cluster that it does not hold.
    pub(crate) fn add(&mut self, id: ClusterId, cluster: &Cluster) {
        let place = Place {
            id,
            rank: cluster.rank,
            subject: cluster.sums.subject,
        };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.places.push(place);
            self.shared.push(0.0);
            Slot::try_from(self.places.len() - 1).unwrap_or(Slot::MAX)
        });
        if let Some(known) = self.places.get_mut(slot as usize) {
            *known = place;
        }
        self.by_id.insert(id, slot);
        self.idle.insert((cluster.last, id));
        for key in cluster.sums.keys() {
            self.list(key, slot);
        }
    }

    fn list(&mut self, key: Term, slot: Slot) {
        let rank = rank_of(&self.places, slot);
        let list = self.lists.entry(key).or_default();
        let at = list.partition_point(|other| rank_of(&self.places, *other) < rank);
        list.insert(at, slot);
    }

    fn unlist(&mut self, key: Term, slot: Slot) {
        let rank = rank_of(&self.places, slot);
        let Some(list) = self.lists.get_mut(&key) else {
            return;
        };
        let at = list.partition_point(|other| rank_of(&self.places, *other) < rank);
        let found = list.iter().skip(at).position(|other| *other == slot);
        if let Some(further) = found {
            list.remove(at + further);
        }
        if list.is_empty() {
            self.lists.remove(&key);
        } else if list.capacity() > 4 * list.len() {
            list.shrink_to(2 * list.len());
        }
    }

    /// Follows a change of a cluster that it holds.
    pub(crate) fn change(&mut self, id: ClusterId, before: &Cluster, after: &Cluster) {
        let same = before.rank == after.rank
            && before.sums.subject == after.sums.subject
            && before.sums.keys().eq(after.sums.keys());
        if !same {
            self.remove(id, before);
            self.add(id, after);
        } else if before.last != after.last && self.idle.remove(&(before.last, id)) {
            self.idle.insert((after.last, id));
        }
    }

    /// Forgets a cluster, which is given as it was last known.
    pub(crate) fn remove(&mut self, id: ClusterId, cluster: &Cluster) {
        let Some(slot) = self.by_id.remove(&id) else {
            return;
        };
        for key in cluster.sums.keys() {
            self.unlist(key, slot);
        }
        self.idle.remove(&(cluster.last, id));
        self.free.push(slot);
    }

    /// The cluster whose latest text is the oldest, and that text's time.
    pub(crate) fn longest_idle(&self) -> Option<(Millis, ClusterId)> {
        self.idle.first().copied()
    }

    /// The cluster whose latest text is the latest, and that text's time.
    pub(crate) fn latest(&self) -> Option<Millis> {
        self.idle.last().map(|(last, _)| *last)
    }

    /// The clusters that share most terms with the question, most first: of its shortest lists, the newest of each.
    pub(crate) fn candidates(&mut self, query: &Query<'_>) -> Vec<ClusterId> {
        let mut lists: Vec<(usize, Term, f32, &Vec<Slot>)> = query
            .terms
            .iter()
            .filter_map(|(term, value)| {
                let list = self.lists.get(term)?;
                Some((list.len(), *term, *value, list))
            })
            .collect();
        lists.sort_unstable_by_key(|(length, term, ..)| (*length, *term));
        let mut touched: Vec<Slot> = Vec::new();
        for (length, _, value, list) in lists.into_iter().take(LISTS) {
            for slot in list.iter().skip(length.saturating_sub(NEWEST)) {
                let place = self.places.get(*slot as usize);
                if !place.is_some_and(|place| query.about.fits(place.subject)) {
                    continue;
                }
                let Some(shared) = self.shared.get_mut(*slot as usize) else {
                    continue;
                };
                if *shared <= 0.0 {
                    touched.push(*slot);
                }
                *shared += value * value;
            }
        }
        self.most_shared(touched)
    }

    /// The best of the touched clusters, of equals the newest; forgets what they share.
    fn most_shared(&mut self, touched: Vec<Slot>) -> Vec<ClusterId> {
        let mut ranked: Vec<(f32, u64, ClusterId)> = Vec::with_capacity(touched.len());
        for slot in touched {
            let (Some(shared), Some(place)) =
                (self.shared.get_mut(slot as usize), self.places.get(slot as usize))
            else {
                continue;
            };
            ranked.push((std::mem::take(shared), place.rank, place.id));
        }
        let order = |a: &(f32, u64, ClusterId), b: &(f32, u64, ClusterId)| {
            b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2))
        };
        if ranked.len() > EXACT {
            ranked.select_nth_unstable_by(EXACT - 1, order);
            ranked.truncate(EXACT);
        }
        ranked.sort_unstable_by(order);
        ranked.into_iter().map(|(.., id)| id).collect()
    }
}

fn rank_of(places: &[Place], slot: Slot) -> u64 {
    places.get(slot as usize).map_or(0, |place| place.rank)
}
