//! Who holds how much of the memory for requests, and who gets more. Decides over numbers: no clock, no tasks.
//!
//! An owner may hold as much as is left for everybody else: one alone gets half, of two each a third, and there is
//! always something left for the next. Bodies leave a part of that for the events of bodies that are there, so that
//! these come to an end. Source: Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory
//! Packet Switches", IEEE/ACM Transactions on Networking 6(2), 1998, with α = 1.

use std::collections::{BTreeMap, HashMap};

use super::Owner;

/// How long a body may be silent before its memory goes to another request of its owner that would find none, in
/// milliseconds.
const PATIENCE: u64 = 250;

/// There is nothing left for this owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoRoom;

/// One request.
#[derive(Debug)]
struct Held {
    owner: Owner,
    bytes: usize,
    /// When its body last came on; `None` once it is complete.
    receiving: Option<u64>,
}

/// The memory that requests hold.
#[derive(Debug)]
pub(super) struct Ledger {
    free: usize,
    /// What bodies leave to the events of others.
    for_events: usize,
    next: u64,
    requests: BTreeMap<u64, Held>,
    owners: HashMap<Owner, usize>,
}

impl Ledger {
    pub(super) fn new(total: usize) -> Self {
        Self {
            free: total,
            for_events: total / 8,
            next: 0,
            requests: BTreeMap::new(),
            owners: HashMap::new(),
        }
    }

    /// A request that holds nothing yet.
    pub(super) fn enter(&mut self, owner: Owner, now: u64) -> u64 {
        self.next += 1;
        let held = Held {
            owner,
            bytes: 0,
            receiving: Some(now),
        };
        self.requests.insert(self.next, held);
        self.next
    }

    /// More memory for a request. Silent bodies of the same owner lose theirs first; their numbers are added to `lost`.
    pub(super) fn grow(
        &mut self,
        id: u64,
        bytes: usize,
        now: u64,
        lost: &mut Vec<u64>,
    ) -> Result<(), NoRoom> {
        let held = self.requests.get(&id).ok_or(NoRoom)?;
        let (owner, receiving) = (held.owner, held.receiving.is_some());
        let wanted = if receiving { bytes + self.for_events } else { bytes };
        while !self.fits(owner, bytes, wanted) {
            let silent = self.most_silent(owner, id, now).ok_or(NoRoom)?;
            self.leave(silent);
            lost.push(silent);
        }
        let held = self.requests.get_mut(&id).ok_or(NoRoom)?;
        held.bytes += bytes;
        held.receiving = held.receiving.map(|_| now);
        self.free -= bytes;
        *self.owners.entry(owner).or_default() += bytes;
        Ok(())
    }

    fn fits(&self, owner: Owner, bytes: usize, wanted: usize) -> bool {
        let holds = self.owners.get(&owner).copied().unwrap_or_default();
        let left = self.free.checked_sub(bytes);
        left.is_some_and(|left| holds.saturating_add(wanted) <= left)
    }

    fn most_silent(&self, owner: Owner, but: u64, now: u64) -> Option<u64> {
        let theirs = self
            .requests
            .iter()
            .filter(|(id, held)| held.owner == owner && **id != but);
        let silent = theirs.filter_map(|(id, held)| {
            let since = held
                .receiving
                .filter(|since| now.saturating_sub(*since) > PATIENCE)?;
            (held.bytes > 0).then_some((since, *id))
        });
        silent.min().map(|(_, id)| id)
    }

    /// The body of a request is complete.
    pub(super) fn complete(&mut self, id: u64) {
        if let Some(held) = self.requests.get_mut(&id) {
            held.receiving = None;
        }
    }

    /// A request gives back what it holds.
    pub(super) fn leave(&mut self, id: u64) {
        let Some(held) = self.requests.remove(&id) else {
            return;
        };
        self.free += held.bytes;
        if let Some(bytes) = self.owners.get_mut(&held.owner) {
            *bytes -= held.bytes;
            if *bytes == 0 {
                self.owners.remove(&held.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ONE: Owner = Owner::Caller(1);
    const OTHER: Owner = Owner::Caller(2);

    /// Takes as much as there is, in pieces; gives what was got.
    fn take_all(ledger: &mut Ledger, owner: Owner) -> usize {
        let id = ledger.enter(owner, 0);
        ledger.complete(id);
        (0..100)
            .take_while(|_| ledger.grow(id, 1, 0, &mut Vec::new()).is_ok())
            .count()
    }

    #[test]
    fn one_alone_gets_half_and_the_next_a_fair_part_of_the_rest() {
        let mut ledger = Ledger::new(100);
        assert_eq!(take_all(&mut ledger, ONE), 50);
        assert_eq!(take_all(&mut ledger, OTHER), 25);
        assert_eq!(take_all(&mut ledger, ONE), 0);
        assert!(take_all(&mut ledger, Owner::Caller(3)) > 0);
    }

    #[test]
    fn silent_bodies_lose_their_memory_to_others_of_their_owner() {
        let mut ledger = Ledger::new(100);
        let silent: Vec<_> = (0..4).map(|now| ledger.enter(ONE, now)).collect();
        let mut lost = Vec::new();
        for (id, now) in silent.iter().zip(0..) {
            ledger.grow(*id, 10, now, &mut lost).unwrap();
        }
        let next = ledger.enter(ONE, 100);
        assert_eq!(
            ledger.grow(next, 5, 100, &mut lost),
            Err(NoRoom),
            "nobody is silent for long"
        );
        assert_eq!(ledger.grow(next, 5, 300, &mut lost), Ok(()));
        assert_eq!(lost, [silent[0]]);
        assert_eq!(ledger.grow(silent[0], 1, 300, &mut lost), Err(NoRoom));
    }

    #[test]
    fn bodies_of_others_and_those_that_are_complete_keep_theirs() {
        let mut ledger = Ledger::new(100);
        let (complete, other) = (ledger.enter(ONE, 0), ledger.enter(OTHER, 0));
        let mut lost = Vec::new();
        ledger.grow(complete, 25, 0, &mut lost).unwrap();
        ledger.grow(other, 25, 0, &mut lost).unwrap();
        ledger.complete(complete);
        let next = ledger.enter(ONE, 0);
        assert_eq!(ledger.grow(next, 10, 9_999, &mut lost), Err(NoRoom));
        assert!(lost.is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_lent_twice_or_lost(steps in prop::collection::vec((0_u64..4, 0_u64..12, 0_usize..40), 0..200)) {
            let mut ledger = Ledger::new(100);
            for (now, (what, id, bytes)) in steps.into_iter().enumerate() {
                let now = now as u64 * 100;
                match what {
                    0 => { ledger.enter(Owner::Caller(id % 3), now); }
                    1 => { let _ = ledger.grow(id, bytes, now, &mut Vec::new()); }
                    2 => ledger.complete(id),
                    _ => ledger.leave(id),
                }
                let held: usize = ledger.requests.values().map(|held| held.bytes).sum();
                prop_assert_eq!(held + ledger.free, 100);
                prop_assert_eq!(ledger.owners.values().sum::<usize>(), held);
            }
        }
    }
}
