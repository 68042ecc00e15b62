use proptest::prelude::*;

use super::*;

const EXACT: usize = 10_000;

fn bounds(window_ms: Option<i64>, lateness_ms: i64, keep: usize) -> Bounds {
    Bounds {
        window_ms,
        lateness_ms,
        least: usize::MAX,
        keep,
    }
}

/// Every event so far, and the count recomputed from nothing.
#[derive(Default)]
struct Oracle {
    seen: Vec<(i64, usize, bool)>,
    newest: Option<i64>,
}

impl Oracle {
    fn take(&mut self, at: i64, hit: bool, bounds: &Bounds) -> Option<usize> {
        if self.newest.is_some_and(|newest| at < newest - bounds.lateness_ms) {
            return None;
        }
        self.newest = Some(self.newest.map_or(at, |newest| newest.max(at)));
        self.seen.push((at, self.seen.len(), hit));
        let own = self.seen.len() - 1;
        let mut ordered = self.seen.clone();
        ordered.sort_unstable();
        let place = ordered
            .iter()
            .position(|(_, number, _)| *number == own)
            .expect("just added");
        if !hit {
            return Some(0);
        }
        let mut best = 0;
        for first in 0..=place {
            for last in place..ordered.len() {
                let window = &ordered[first..=last];
                let together = bounds
                    .window_ms
                    .is_none_or(|span| ordered[last].0 - ordered[first].0 < span);
                if together && window.iter().all(|(_, _, hit)| *hit) {
                    best = best.max(window.len());
                }
            }
        }
        Some(best)
    }
}

fn take(sliding: &mut Sliding<u32>, at: i64, hit: bool, bounds: &Bounds) -> Option<usize> {
    if hit {
        sliding.hit(at, 0, bounds).map(|run| run.count())
    } else {
        sliding.reset(at, bounds).then_some(0)
    }
}

proptest! {
    #[test]
    fn counts_in_any_order_equal_the_oracle(
        events in prop::collection::vec((0i64..200, prop::bool::weighted(0.8)), 0..60),
        window in prop::option::of(1i64..60), lateness in 0i64..80)
    {
        let bounds = bounds(window, lateness, EXACT);
        let (mut sliding, mut oracle) = (Sliding::default(), Oracle::default());
        for (at, hit) in events {
            prop_assert_eq!(take(&mut sliding, at, hit, &bounds), oracle.take(at, hit, &bounds));
        }
    }

    #[test]
    fn keeping_few_still_tells_the_threshold_for_events_in_order(
        steps in prop::collection::vec((0i64..20, prop::bool::weighted(0.9)), 0..80),
        window in 1i64..100, threshold in 1usize..12)
    {
        let exact = bounds(Some(window), 0, EXACT);
        let few = bounds(Some(window), 0, threshold);
        let (mut sliding, mut oracle, mut at) = (Sliding::default(), Oracle::default(), 0);
        for (step, hit) in steps {
            at += step;
            let got = take(&mut sliding, at, hit, &few).unwrap_or(0);
            let wanted = oracle.take(at, hit, &exact).unwrap_or(0);
            prop_assert_eq!(got >= threshold, wanted >= threshold);
            prop_assert!(sliding.len() <= threshold);
        }
    }

    #[test]
    fn a_restored_window_goes_on_as_if_nothing_had_happened(
        events in prop::collection::vec((0i64..200, any::<bool>()), 0..40), cut in 0usize..40)
    {
        let bounds = bounds(Some(50), 30, 16);
        let (mut whole, mut restored) = (Sliding::default(), Sliding::default());
        for (number, (at, hit)) in events.into_iter().enumerate() {
            if number == cut {
                let bytes = rmp_serde::to_vec(&restored).expect("writes");
                restored = rmp_serde::from_slice(&bytes).expect("reads");
            }
            prop_assert_eq!(take(&mut whole, at, hit, &bounds), take(&mut restored, at, hit, &bounds));
            prop_assert_eq!(&whole, &restored);
        }
    }

    #[test]
    fn no_time_panics(ats in prop::collection::vec(any::<i64>(), 0..20), window in any::<i64>(), lateness in any::<i64>()) {
        let bounds = bounds(Some(window), lateness, 4);
        let mut sliding = Sliding::default();
        for at in ats {
            take(&mut sliding, at, at % 3 != 0, &bounds);
            prop_assert!(sliding.len() <= 4);
        }
    }
}

#[test]
fn a_window_is_half_open() {
    let bounds = bounds(Some(60_000), 0, 16);
    let mut sliding = Sliding::default();
    assert_eq!(sliding.hit(0, 'a', &bounds).expect("in time").count(), 1);
    assert_eq!(sliding.hit(59_999, 'b', &bounds).expect("in time").count(), 2);
    let run = sliding.hit(60_000, 'c', &bounds).expect("in time");
    assert_eq!((run.count(), run.first_at(), run.last_at()), (2, 59_999, 60_000));
    assert_eq!(run.items().collect::<String>(), "bc");
}

#[test]
fn a_late_event_fills_the_window_it_belongs_to() {
    let bounds = bounds(Some(10), 60, 16);
    let mut sliding = Sliding::default();
    for (at, item) in [(0, 'a'), (5, 'c'), (40, 'd')] {
        sliding.hit(at, item, &bounds);
    }
    let run = sliding.hit(3, 'b', &bounds).expect("within the lateness");
    assert_eq!(run.items().collect::<String>(), "abc");
    sliding.hit(90, 'e', &bounds);
    assert!(sliding.is_late(29, &bounds) && !sliding.is_late(30, &bounds));
    assert!(sliding.hit(29, 'f', &bounds).is_none(), "too late");
}

/// What events give that came sorted: the crossings of a count, from the first to the last event that stood at it.
fn crossings_of(mut sorted: Vec<i64>, window: i64, least: usize) -> Vec<(i64, i64)> {
    sorted.sort_unstable();
    let stands = |at: &&i64| {
        sorted
            .iter()
            .filter(|other| **other <= **at && **at - **other < window)
            .count()
            >= least
    };
    let mut crossings: Vec<(i64, i64)> = Vec::new();
    for at in sorted.iter().filter(stands) {
        match crossings.last_mut() {
            Some((_, to)) if *at - *to < window => *to = *at,
            _ => crossings.push((*at, *at)),
        }
    }
    crossings
}

/// The rows of a streak in the order of time: how many events each has.
fn rows_of(mut sorted: Vec<(i64, bool)>) -> Vec<usize> {
    sorted.sort_by_key(|(at, _)| *at);
    sorted.split(|(_, hit)| !*hit).map(<[_]>::len).collect()
}

struct Told {
    events: Sliding<u32>,
    alarm: Alarm,
    rings: usize,
}

impl Told {
    fn new() -> Self {
        Self {
            events: Sliding::default(),
            alarm: Alarm::default(),
            rings: 0,
        }
    }

    fn take(&mut self, at: i64, hit: bool, until: Until, bounds: &Bounds) {
        if hit {
            let reached = self.events.hit(at, 0, bounds).and_then(|run| run.reached());
            self.rings += usize::from(reached.is_some_and(|reached| self.alarm.ring(reached, until, 0)));
        } else if self.events.reset(at, bounds) {
            self.alarm.end(at);
        }
        self.alarm
            .forget(self.events.settled(bounds.lateness_ms), until, 0);
        self.events.thin(self.alarm.spans(), bounds.least);
    }
}

proptest! {
    #[test]
    fn crossings_of_a_count_are_those_of_the_sorted_events(
        ats in prop::collection::vec(0i64..300, 0..80), window in 1i64..40, least in 1usize..6)
    {
        let bounds = Bounds { window_ms: Some(window), lateness_ms: 300, least, keep: 4096 };
        let mut told = Told::new();
        for at in &ats {
            told.take(*at, true, Until::QuietFor(window), &bounds);
        }
        let wanted = crossings_of(ats, window, least);
        let mut got: Vec<_> = told.alarm.spans().collect();
        got.sort_unstable();
        prop_assert!(told.rings >= wanted.len(), "none is missed; two that a late event joins were told apart");
        prop_assert_eq!(got, wanted);
    }

    #[test]
    fn a_burst_does_not_push_out_what_came_in_time(
        early in prop::collection::vec(0i64..9, 4..=4), burst in 20usize..200, late in 0i64..9)
    {
        let bounds = Bounds { window_ms: Some(10), lateness_ms: 60, least: 5, keep: 4096 };
        let mut told = Told::new();
        for at in early {
            told.take(at, true, Until::QuietFor(10), &bounds);
        }
        for number in 0..burst {
            told.take(40 + i64::try_from(number % 20).unwrap_or(0), true, Until::QuietFor(10), &bounds);
            prop_assert!(told.events.len() <= 4 + 4 + 10, "only edges of what was told are kept");
        }
        prop_assert_eq!(told.rings, 1);
        told.take(late, true, Until::QuietFor(10), &bounds);
        prop_assert_eq!(told.rings, 2);
    }

    #[test]
    fn rows_whose_ends_are_known_before_they_are_full_are_told_once(
        events in prop::collection::btree_map(0i64..200, prop::bool::weighted(0.8), 0..60),
        least in 1usize..5, seed in any::<u64>())
    {
        let bounds = Bounds { window_ms: None, lateness_ms: 200, least, keep: 4096 };
        let (mut ends, mut hits): (Vec<_>, Vec<_>) = events.iter().map(|(at, hit)| (*at, *hit)).partition(|(_, hit)| !hit);
        shuffle(&mut ends, seed);
        shuffle(&mut hits, seed);
        let mut told = Told::new();
        for (at, hit) in ends.into_iter().chain(hits) {
            told.take(at, hit, Until::Ended, &bounds);
        }
        let rows = rows_of(events.into_iter().collect());
        prop_assert_eq!(told.rings, rows.into_iter().filter(|row| *row >= least).count());
    }
}

/// An order that depends on the seed alone.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for last in (1..items.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        items.swap(last, usize::try_from(state >> 33).unwrap_or(0) % (last + 1));
    }
}

#[test]
fn what_is_older_than_what_was_dropped_is_late() {
    let bounds = bounds(Some(100), 100, 3);
    let mut sliding = Sliding::default();
    for at in 0..5 {
        sliding.hit(at, 0u32, &bounds);
    }
    assert_eq!(sliding.len(), 3);
    assert!(sliding.is_late(0, &bounds) && !sliding.is_late(1, &bounds));
}

#[test]
fn what_weighs_too_much_goes_oldest_first_and_the_newest_stays() {
    let bounds = bounds(Some(1_000), 1_000, 100);
    let mut sliding = Sliding::default();
    for at in 0..5 {
        sliding.hit(at, 10usize, &bounds);
    }
    let weigh = |item: Option<&usize>| item.copied().unwrap_or_default();
    sliding.shed(50, weigh);
    assert_eq!(sliding.len(), 5, "nothing is too much");
    sliding.shed(30, weigh);
    assert_eq!(sliding.len(), 3);
    assert!(sliding.is_late(0, &bounds) && !sliding.is_late(1, &bounds));
    sliding.shed(0, weigh);
    assert_eq!(sliding.len(), 1);
}
