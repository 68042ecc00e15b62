//! A group of a simulated broker: static members (KIP-345), cooperative rebalances (KIP-429), offsets that transactions
//! hold (KIP-447).

use super::broker::{Offset, Place};
use rdkafka::error::RDKafkaErrorCode as Code;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// What a member is told at its next poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Assigned(Vec<Place>),
    Revoked(Vec<Place>),
    Lost(Vec<Place>),
    Fenced,
}

/// As whom a client sends offsets.
#[derive(Debug, Clone)]
pub(super) struct Membership {
    pub(super) group: String,
    pub(super) instance: String,
    pub(super) client: u64,
    pub(super) generation: i32,
}

#[derive(Debug, Default)]
struct Member {
    client: u64,
    owned: BTreeSet<Place>,
    /// Of those, what it was told to give back.
    revoking: BTreeSet<Place>,
    topics: BTreeSet<String>,
    leaves: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) generation: i32,
    members: BTreeMap<String, Member>,
    /// What clients were not told yet, each with the generation to which it belongs.
    words: BTreeMap<u64, VecDeque<(i32, Word)>>,
    /// When a member last gave a partition back, or lost it.
    parted: BTreeMap<(String, Place), Duration>,
    pub(super) offsets: BTreeMap<Place, Offset>,
    /// Offsets that open transactions hold.
    held: BTreeMap<Place, BTreeSet<String>>,
}

impl Group {
    pub(super) fn topics(&self) -> BTreeSet<String> {
        self.members
            .values()
            .flat_map(|member| member.topics.clone())
            .collect()
    }

    /// A client joins; says whether that is a rebalance. A static member that comes back is given what it kept.
    pub(super) fn join(&mut self, instance: &str, client: u64, topics: BTreeSet<String>) -> bool {
        let Some(member) = self.members.get_mut(instance) else {
            let member = Member {
                client,
                topics,
                ..Member::default()
            };
            self.members.insert(instance.to_owned(), member);
            return true;
        };
        let before = std::mem::replace(&mut member.client, client);
        let given_up = std::mem::take(&mut member.revoking);
        member.owned.retain(|place| !given_up.contains(place));
        let kept = member.owned.iter().cloned().collect();
        self.tell(before, Word::Fenced);
        self.tell(client, Word::Assigned(kept));
        false
    }

    fn tell(&mut self, client: u64, word: Word) {
        let words = self.words.entry(client).or_default();
        words.push_back((self.generation, word));
    }

    /// What a client is to be told next, and the generation that it is in by that.
    pub(super) fn next(&mut self, client: u64) -> Option<(i32, Word)> {
        self.words.get_mut(&client)?.pop_front()
    }

    /// A member that leaves gives back what it has first; says whether that is a rebalance already.
    pub(super) fn leave(&mut self, client: u64) -> bool {
        let Some((instance, member)) = self
            .members
            .iter_mut()
            .find(|(_, member)| member.client == client)
        else {
            return false;
        };
        member.leaves = true;
        if member.owned.is_empty() {
            let instance = instance.clone();
            self.members.remove(&instance);
            return true;
        }
        member.revoking = member.owned.clone();
        let owned = member.owned.iter().cloned().collect();
        self.tell(client, Word::Revoked(owned));
        false
    }

    /// A client gave back what it was told to; the rebalance that follows gives it to others.
    pub(super) fn gave_back(&mut self, client: u64, places: &[Place], now: Duration) {
        let Some((instance, member)) = self
            .members
            .iter_mut()
            .find(|(_, member)| member.client == client)
        else {
            return;
        };
        for place in places {
            member.owned.remove(place);
            member.revoking.remove(place);
            self.parted.insert((instance.clone(), place.clone()), now);
        }
        if member.leaves && member.owned.is_empty() {
            let instance = instance.clone();
            self.members.remove(&instance);
        }
    }

    /// The session of a client is over; says whether it still was a member.
    pub(super) fn lapse(&mut self, client: u64, now: Duration) -> bool {
        let Some(instance) = self.instance_of(client) else {
            return false;
        };
        let owned = self.members.remove(&instance).map(|member| member.owned);
        let lost: Vec<Place> = owned.unwrap_or_default().into_iter().collect();
        for place in &lost {
            self.parted.insert((instance.clone(), place.clone()), now);
        }
        self.words.remove(&client);
        self.tell(client, Word::Lost(lost));
        true
    }

    fn instance_of(&self, client: u64) -> Option<String> {
        let mut members = self.members.iter();
        let found = members.find(|(_, member)| member.client == client);
        found.map(|(instance, _)| instance.clone())
    }

    /// For how long a partition has not been this member's, if it once was.
    pub(super) fn parted_since(&self, instance: &str, place: &Place, now: Duration) -> Option<Duration> {
        let owns = self
            .members
            .get(instance)
            .is_some_and(|member| member.owned.contains(place));
        let parted = self.parted.get(&(instance.to_owned(), place.clone()));
        parted.filter(|_| !owns).map(|parted| now.saturating_sub(*parted))
    }

    /// The clients of all members.
    pub(super) fn clients(&self) -> Vec<u64> {
        self.members.values().map(|member| member.client).collect()
    }

    /// Every member keeps what it has up to its share; what is above is taken away, and what is nobody's is given away.
    pub(super) fn rebalance(&mut self, all: &BTreeSet<Place>) {
        self.generation += 1;
        let count = self.members.len().max(1);
        let (share, more) = (all.len() / count, all.len() % count);
        let owned: BTreeSet<&Place> = self.members.values().flat_map(|member| &member.owned).collect();
        let mut nobodys: VecDeque<Place> = all
            .iter()
            .filter(|place| !owned.contains(place))
            .cloned()
            .collect();
        let mut words = Vec::new();
        for (at, member) in self.members.values_mut().enumerate() {
            let quota = share + usize::from(at < more);
            let kept = member.owned.len() - member.revoking.len();
            if kept > quota {
                let fresh = member
                    .owned
                    .iter()
                    .filter(|place| !member.revoking.contains(*place));
                let surplus: Vec<_> = fresh.skip(quota).cloned().collect();
                member.revoking.extend(surplus.iter().cloned());
                words.push((member.client, Word::Revoked(surplus)));
                continue;
            }
            let given: Vec<_> = nobodys.drain(..(quota - kept).min(nobodys.len())).collect();
            member.owned.extend(given.iter().cloned());
            words.push((member.client, Word::Assigned(given)));
        }
        for (client, word) in words {
            self.tell(client, word);
        }
    }

    /// Whether offsets of this member may be committed.
    pub(super) fn check(&self, member: &Membership) -> Result<(), Code> {
        let known = self.members.get(&member.instance).ok_or(Code::UnknownMemberId)?;
        if known.client != member.client {
            return Err(Code::FencedInstanceId);
        }
        if member.generation != self.generation {
            return Err(Code::IllegalGeneration);
        }
        Ok(())
    }

    pub(super) fn hold(&mut self, transaction: &str, place: &Place) {
        self.held
            .entry(place.clone())
            .or_default()
            .insert(transaction.to_owned());
    }

    /// A transaction ended, with this offset or without one.
    pub(super) fn settle(&mut self, transaction: &str, place: &Place, offset: Option<Offset>) {
        if let Some(held) = self.held.get_mut(place) {
            held.remove(transaction);
        }
        if let Some(offset) = offset {
            self.offsets.insert(place.clone(), offset);
        }
    }

    /// Whether no open transaction may still change it.
    pub(super) fn is_stable(&self, place: &Place) -> bool {
        self.held.get(place).is_none_or(BTreeSet::is_empty)
    }

    /// Every member's id and what it has.
    pub(super) fn described(&self) -> Vec<(String, Vec<Place>)> {
        let members = self.members.iter();
        let described = members.map(|(instance, member)| {
            let owned = member
                .owned
                .iter()
                .filter(|place| !member.revoking.contains(*place));
            (format!("{instance}-{}", member.client), owned.cloned().collect())
        });
        described.collect()
    }
}
