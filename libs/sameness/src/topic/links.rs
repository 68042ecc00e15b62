//! Which id a story or topic goes by now.

use crate::cluster::ClusterId;

/// Links followed at most; merges into the larger cluster make chains that grow with the logarithm of their size.
const MOST_STEPS: usize = 128;

/// From ids to the ids that took them in. An id without a link goes by itself.
///
/// A store may forget a link once it was not put for twice the idle time.
pub trait Links {
    /// Where an id points.
    fn get(&self, from: ClusterId) -> Option<ClusterId>;
    /// Adds or replaces a link.
    fn put(&mut self, from: ClusterId, to: ClusterId);
    /// Removes a link.
    fn remove(&mut self, from: ClusterId);
}

impl Links for std::collections::BTreeMap<ClusterId, ClusterId> {
    fn get(&self, from: ClusterId) -> Option<ClusterId> {
        Self::get(self, &from).copied()
    }

    fn put(&mut self, from: ClusterId, to: ClusterId) {
        self.insert(from, to);
    }

    fn remove(&mut self, from: ClusterId) {
        Self::remove(self, &from);
    }
}

/// The id at the end of the links, without changing them.
pub fn follow(links: &dyn Links, id: ClusterId) -> ClusterId {
    let mut end = id;
    for _ in 0..MOST_STEPS {
        match links.get(end) {
            Some(next) if next != end => end = next,
            _ => break,
        }
    }
    end
}

/// The id at the end of the links. Each link that was followed is put again as it is, which keeps it alive in a store that
/// forgets. None is shortened: whoever hears of the effects alone follows the same links.
pub(super) fn resolve(links: &mut dyn Links, id: ClusterId) -> ClusterId {
    let mut end = id;
    for _ in 0..MOST_STEPS {
        match links.get(end) {
            Some(next) if next != end => {
                links.put(end, next);
                end = next;
            }
            _ => break,
        }
    }
    end
}
