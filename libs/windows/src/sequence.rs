//! One thing after another, without a third between: A, then B within five minutes, and no C. No clock, no I/O.
//!
//! Kept are the events of one key that are a step or an end, as long as one to come may follow them, whatever the order
//! of arrival; at most [`Order::keep`] of them, the oldest go first.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What an event is to a sequence: a bit for each step that it may be.
pub type Roles = u32;

/// The role of what must not happen between the first step and the last.
pub const ENDS: Roles = 1 << 31;

/// Steps of a sequence at most.
pub const MOST_STEPS: u32 = 31;

/// What makes a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// How many steps there are.
    pub steps: u32,
    /// From the first to the last step at most, in milliseconds.
    pub within: i64,
    /// How much earlier than the newest event an event may be and still count.
    pub lateness: i64,
    /// Events that are kept at most.
    pub keep: usize,
}

/// The events that an event to come may follow or stand between, by their times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    #[serde(rename = "e")]
    seen: Vec<Step>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    newest: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Step(i64, Roles, Arc<str>);

/// Steps that stand in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Time of the first.
    pub first_at: i64,
    /// Time of the last.
    pub last_at: i64,
    /// All of them.
    pub ids: Vec<Arc<str>>,
}

impl Sequence {
    /// Takes an event; gives the steps that it completes, the narrowest before and behind it. `Err` where it comes too
    /// late to count.
    pub fn take(
        &mut self,
        at: i64,
        roles: Roles,
        id: Arc<str>,
        order: &Order,
    ) -> Result<Option<Chain>, TooLate> {
        let newest = self.newest.map_or(at, |newest| newest.max(at));
        let settled = newest.saturating_sub(order.lateness);
        if at < settled {
            return Err(TooLate);
        }
        self.newest = Some(newest);
        let place = self.seen.partition_point(|step| step.0 <= at);
        self.seen.insert(place, Step(at, roles, id));
        let chain = if roles & ENDS == 0 {
            self.chain(place, roles, order)
        } else {
            None
        };
        let horizon = settled.saturating_sub(order.within);
        let old = self.seen.partition_point(|step| step.0 < horizon);
        let over = self.seen.len().saturating_sub(order.keep.max(1));
        self.seen.drain(..old.max(over));
        Ok(chain)
    }

    fn chain(&self, place: usize, roles: Roles, order: &Order) -> Option<Chain> {
        let own = (0..order.steps.min(MOST_STEPS)).filter(|step| roles & (1 << step) != 0);
        let mut chains = own.filter_map(|step| self.chain_of(place, step, order));
        chains.next()
    }

    /// The narrowest chain in which the event at `place` is this step.
    fn chain_of(&self, place: usize, step: u32, order: &Order) -> Option<Chain> {
        let before = self.seen.get(..place)?.iter().rev();
        let mut chain = follow(before, (0..step).rev())?;
        chain.reverse();
        chain.push(self.seen.get(place)?);
        let behind = self.seen.get(place + 1..)?.iter();
        chain.extend(follow(behind, step + 1..order.steps)?);
        let (first, last) = (chain.first()?.0, chain.last()?.0);
        (last.saturating_sub(first) <= order.within).then(|| Chain {
            first_at: first,
            last_at: last,
            ids: chain.iter().map(|step| Arc::clone(&step.2)).collect(),
        })
    }

    /// How many events are kept.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Events before this are late.
    pub fn settled(&self, lateness: i64) -> i64 {
        self.newest
            .map_or(i64::MIN, |newest| newest.saturating_sub(lateness))
    }
}

/// The event is older than those that still count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLate;

/// Each step as soon as it comes; `None` where something ends it, or a step does not come.
fn follow<'s>(
    events: impl Iterator<Item = &'s Step>,
    mut steps: impl Iterator<Item = u32>,
) -> Option<Vec<&'s Step>> {
    let mut found = Vec::new();
    let mut wanted = steps.next();
    for event in events {
        let Some(step) = wanted else { break };
        if event.1 & ENDS != 0 {
            return None;
        }
        if event.1 & (1 << step) != 0 {
            found.push(event);
            wanted = steps.next();
        }
    }
    wanted.is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order(steps: u32, within: i64) -> Order {
        Order {
            steps,
            within,
            lateness: 1_000,
            keep: 512,
        }
    }

    fn chains(order: &Order, events: &[(i64, Roles)]) -> Vec<Option<(i64, i64)>> {
        let mut sequence = Sequence::default();
        let mut take = |(at, roles): &(i64, Roles)| {
            let chain = sequence.take(*at, *roles, "e".into(), order).expect("in time");
            chain.map(|chain| (chain.first_at, chain.last_at))
        };
        events.iter().map(&mut take).collect()
    }

    #[test]
    fn one_after_another_within_the_time() {
        let order = order(2, 10);
        assert_eq!(chains(&order, &[(0, 1), (10, 2)]), [None, Some((0, 10))]);
        assert_eq!(chains(&order, &[(0, 1), (11, 2)]), [None, None]);
        assert_eq!(
            chains(&order, &[(0, 2), (5, 1)]),
            [None, None],
            "the wrong way round"
        );
        assert_eq!(chains(&order, &[(0, 1), (5, ENDS), (9, 2)]), [None, None, None]);
        assert_eq!(
            chains(&order, &[(0, ENDS), (1, 1), (9, 2), (10, ENDS)])[2],
            Some((1, 9))
        );
    }

    #[test]
    fn order_of_arrival_makes_no_difference() {
        let order = order(3, 100);
        assert_eq!(chains(&order, &[(30, 4), (10, 1), (20, 2)])[2], Some((10, 30)));
        assert_eq!(chains(&order, &[(30, 4), (15, ENDS), (10, 1), (20, 2)])[3], None);
    }

    #[test]
    fn the_same_step_several_times_takes_several_events() {
        let order = order(4, 100);
        let failed = 0b0111;
        assert_eq!(chains(&order, &[(0, failed), (1, failed), (2, 0b1000)])[2], None);
        assert_eq!(
            chains(&order, &[(0, failed), (1, failed), (2, failed), (3, 0b1000)])[3],
            Some((0, 3))
        );
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let order = Order {
            keep: 8,
            ..order(2, 1_000_000)
        };
        let mut sequence = Sequence::default();
        for at in 0..1_000 {
            assert_eq!(sequence.take(at, 1, "e".into(), &order), Ok(None));
            assert!(sequence.len() <= 8);
        }
        assert_eq!(sequence.take(-2, 1, "e".into(), &order), Err(TooLate));
    }

    proptest! {
        #[test]
        fn a_chain_is_found_exactly_where_there_is_one(
            events in prop::collection::vec((0i64..60, prop::sample::select(vec![1u32, 2, 4, 3, 0, ENDS])), 0..14),
            within in 0i64..40)
        {
            let order = order(3, within);
            let mut sequence = Sequence::default();
            let mut all: Vec<(i64, usize, Roles)> = Vec::new();
            for (number, (at, roles)) in events.into_iter().enumerate() {
                let got = sequence.take(at, roles, "e".into(), &order).expect("in time");
                all.push((at, number, roles));
                all.sort_unstable();
                prop_assert_eq!(got.is_some(), exists(&all, number, within));
            }
        }
    }

    /// Every triple is tried.
    fn exists(all: &[(i64, usize, Roles)], own: usize, within: i64) -> bool {
        let is = |place: usize, step: u32| all[place].2 & (1 << step) != 0 && all[place].2 & ENDS == 0;
        (0..all.len()).any(|a| {
            (a + 1..all.len()).any(|b| {
                (b + 1..all.len()).any(|c| {
                    let free = all[a..=c].iter().all(|(_, _, roles)| roles & ENDS == 0);
                    let has_own = [a, b, c].iter().any(|place| all[*place].1 == own);
                    free && has_own && is(a, 0) && is(b, 1) && is(c, 2) && all[c].0 - all[a].0 <= within
                })
            })
        })
    }
}
