use proptest::prelude::*;

use super::*;

const EXACT: usize = 10_000;

fn bounds(window_ms: Option<i64>, lateness_ms: i64, keep: usize) -> Bounds {
    Bounds {
        window_ms,
        lateness_ms,
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
