//! Windows computed from nothing: every event is kept, every window is found by looking at all of them. What the panes
//! give must equal it, whatever the order of arrival.

use proptest::prelude::*;

use super::*;

const ALL: [Aggregate; 12] = [
    Aggregate::Count,
    Aggregate::Rate,
    Aggregate::Ratio,
    Aggregate::Sum,
    Aggregate::Avg,
    Aggregate::Min,
    Aggregate::Max,
    Aggregate::First,
    Aggregate::Last,
    Aggregate::Distinct,
    Aggregate::Quantile(0.9),
    Aggregate::Top(3),
];

#[derive(Debug, Clone, Copy)]
struct Happened {
    at: i64,
    number: f64,
    item: u8,
    counts: bool,
}

impl Happened {
    fn item(&self) -> String {
        format!("item {}", self.item)
    }

    fn inputs<'a>(&self, item: &'a str) -> Vec<Input<'a>> {
        let hit = if self.counts { Input::Hit } else { Input::Nothing };
        let number = Input::Number(self.number);
        let mut inputs = vec![hit, hit, Input::Asked(self.counts)];
        inputs.extend([number; 6]);
        inputs.extend([Input::Item(item), number, Input::Item(item)]);
        inputs
    }
}

/// What each aggregate is of these events, which are in the order of arrival.
fn outcomes(events: &[Happened], span: i64) -> Vec<Outcome> {
    let mut by_time = events.to_vec();
    by_time.sort_by_key(|event| event.at);
    let numbers = |events: &[Happened]| events.iter().map(|event| event.number).collect::<Vec<_>>();
    let (number, mut sorted) = (numbers(&by_time), numbers(&by_time));
    sorted.sort_by(f64::total_cmp);
    let many = |count: usize| f64::from(u32::try_from(count).expect("few"));
    let hits = many(events.iter().filter(|event| event.counts).count());
    let some = |number: Option<f64>| number.map_or(Outcome::Nothing, Outcome::Number);
    let sum: f64 = number.iter().sum();
    let mut counts = std::collections::BTreeMap::<String, u64>::new();
    for event in events {
        *counts.entry(event.item()).or_default() += 1;
    }
    let distinct = many(counts.len());
    let mut top: Vec<_> = counts.into_iter().collect();
    top.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
    top.truncate(3);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "few")]
    let rank = (0.9 * many(events.len().saturating_sub(1))) as usize;
    vec![
        Outcome::Number(hits),
        some((span > 0).then(|| hits * 1000.0 / many(usize::try_from(span).expect("short")))),
        some((!events.is_empty()).then(|| hits / many(events.len()))),
        Outcome::Number(sum),
        some((!events.is_empty()).then(|| sum / many(events.len()))),
        some(sorted.first().copied()),
        some(sorted.last().copied()),
        some(number.first().copied()),
        some(number.last().copied()),
        Outcome::Number(distinct),
        some(sorted.get(rank).copied()),
        Outcome::Items(top),
    ]
}

/// Equal, but for what an approximate aggregate and the order of a sum may differ by.
fn same(got: &Closed, wanted: &Closed) -> bool {
    let near = |at: usize, a: f64, b: f64| {
        let slack = if ALL[at] == Aggregate::Quantile(0.9) {
            1.0 / 129.0
        } else {
            1e-9
        };
        (a - b).abs() <= b.abs() * slack + 1e-9
    };
    let mut outcomes = got.outcomes.iter().zip(&wanted.outcomes).enumerate();
    (got.start, got.end, got.corrects) == (wanted.start, wanted.end, wanted.corrects)
        && got.outcomes.len() == wanted.outcomes.len()
        && outcomes.all(|(at, pair)| match pair {
            (Outcome::Number(a), Outcome::Number(b)) => near(at, *a, *b),
            (a, b) => a == b,
        })
}

/// Windows of a fixed length.
#[derive(Default)]
struct Aligned {
    events: Vec<Happened>,
    passed: Option<i64>,
    corrected: Vec<i64>,
}

impl Aligned {
    fn ends(plan: &Plan, at: i64) -> impl Iterator<Item = i64> + use<> {
        let (size, every) = match plan.shape {
            Shape::Hopping { size, every } => (size, every),
            Shape::Tumbling { size } => (size, size),
            other => panic!("{other:?}"),
        };
        (at + 1..=at + size).filter(move |end| (end - size).rem_euclid(every) == 0)
    }

    fn take(&mut self, plan: &Plan, event: Happened, watermark: i64) -> Added {
        let open: Vec<i64> = Self::ends(plan, event.at)
            .filter(|end| end + plan.lateness > watermark)
            .collect();
        if open.is_empty() {
            return Added::Late;
        }
        self.events.push(event);
        let passed = self.passed.unwrap_or(i64::MIN);
        let before: Vec<i64> = open.into_iter().filter(|end| *end <= passed).collect();
        self.corrected.extend(&before);
        if before.is_empty() {
            Added::InTime
        } else {
            Added::Corrects
        }
    }

    fn close(&mut self, plan: &Plan, watermark: i64) -> Vec<Closed> {
        let passed = self.passed.unwrap_or(i64::MIN);
        self.corrected.sort_unstable();
        self.corrected.dedup();
        let corrected = std::mem::take(&mut self.corrected);
        let mut ends: Vec<i64> = self
            .events
            .iter()
            .flat_map(|event| Self::ends(plan, event.at))
            .collect();
        ends.retain(|end| *end > passed && *end <= watermark);
        ends.sort_unstable();
        ends.dedup();
        self.passed = Some(passed.max(watermark));
        let all = corrected
            .into_iter()
            .map(|end| (end, true))
            .chain(ends.into_iter().map(|end| (end, false)));
        all.map(|(end, corrects)| self.window(plan, end, corrects))
            .collect()
    }

    fn window(&self, plan: &Plan, end: i64, corrects: bool) -> Closed {
        let size = plan.shape.size();
        let within = |event: &&Happened| end - size <= event.at && event.at < end;
        let events: Vec<Happened> = self.events.iter().filter(within).copied().collect();
        Closed {
            start: end - size,
            end,
            outcomes: outcomes(&events, size),
            corrects,
        }
    }
}

/// Sessions, found anew in all events each time.
#[derive(Default)]
struct Apart {
    events: Vec<Happened>,
    /// First and last event and number of events of the sessions as they were given.
    given: Vec<(i64, i64, usize)>,
}

impl Apart {
    fn sessions(&self, gap: i64) -> Vec<Vec<Happened>> {
        let mut by_time: Vec<(usize, Happened)> = self.events.iter().copied().enumerate().collect();
        by_time.sort_by_key(|(arrival, event)| (event.at, *arrival));
        let mut sessions: Vec<Vec<(usize, Happened)>> = Vec::new();
        for event in by_time {
            match sessions.last_mut() {
                Some(session) if session.last().is_some_and(|last| event.1.at < last.1.at + gap) => {
                    session.push(event);
                }
                _ => sessions.push(vec![event]),
            }
        }
        for session in &mut sessions {
            session.sort_by_key(|(arrival, _)| *arrival);
        }
        sessions
            .into_iter()
            .map(|session| session.into_iter().map(|(_, event)| event).collect())
            .collect()
    }

    fn span(session: &[Happened]) -> (i64, i64) {
        let at = session.iter().map(|event| event.at);
        (at.clone().min().expect("not empty"), at.max().expect("not empty"))
    }

    /// An event is late where the session that it would make or join is over for good.
    fn take(&mut self, plan: &Plan, gap: i64, event: Happened, watermark: i64) -> bool {
        let over = |last: i64| last + gap + plan.lateness <= watermark;
        let sessions = self.sessions(gap);
        let near = |session: &&Vec<Happened>| {
            let (first, last) = Self::span(session);
            !over(last) && event.at < last + gap && first < event.at + gap
        };
        let joins = sessions.iter().find(near);
        if joins.is_none() && over(event.at) {
            return false;
        }
        // What is over for good is a session of its own, however near.
        let is_kept = |at: i64| {
            let mut spans = sessions.iter().map(|session| Self::span(session));
            spans.any(|(first, last)| first <= at && at <= last && !over(last))
        };
        self.events.retain(|known| is_kept(known.at));
        self.given.retain(|(from, ..)| is_kept(*from));
        self.events.push(event);
        true
    }

    fn close(&mut self, plan: &Plan, gap: i64, watermark: i64) -> Vec<Closed> {
        let mut closed = Vec::new();
        for session in self.sessions(gap) {
            let (first, last) = Self::span(&session);
            let now = (first, last, session.len());
            if last + gap > watermark || self.given.contains(&now) {
                continue;
            }
            let corrects = self
                .given
                .iter()
                .any(|(from, to, _)| first <= *from && *to <= last);
            self.given.push(now);
            closed.push(Closed {
                start: first,
                end: last,
                outcomes: outcomes(&session, last - first),
                corrects,
            });
        }
        let _ = plan;
        closed
    }
}

fn happened() -> impl Strategy<Value = Happened> {
    (0i64..300, -50.0..50.0_f64, 0u8..12, any::<bool>()).prop_map(|(at, number, item, counts)| Happened {
        at,
        number,
        item,
        counts,
    })
}

/// A stream that goes forward, with events this much out of order.
fn stream(disorder: i64) -> impl Strategy<Value = Vec<Happened>> {
    prop::collection::vec((happened(), 0..disorder), 0..120).prop_map(|mut events| {
        events.sort_by_key(|(event, early)| event.at + early);
        events.into_iter().map(|(event, _)| event).collect()
    })
}

fn restored(windows: &Windows) -> Windows {
    let bytes = rmp_serde::to_vec_named(windows).expect("writes");
    rmp_serde::from_slice(&bytes).expect("reads")
}

fn compare(got: &[Closed], wanted: &[Closed]) -> Result<(), TestCaseError> {
    let equal = got.len() == wanted.len() && got.iter().zip(wanted).all(|(got, wanted)| same(got, wanted));
    prop_assert!(equal, "{got:#?}\nwanted {wanted:#?}");
    Ok(())
}

proptest! {
    #[test]
    fn windows_of_a_length_equal_the_reference(
        events in stream(120), size in 1i64..60, part in 1i64..60, delay in 0i64..60, lateness in 0i64..60, cut in 0usize..120)
    {
        let every = part.min(size);
        let shape = if every == size { Shape::Tumbling { size } } else { Shape::Hopping { size, every } };
        let plan = Plan { shape, aggregates: ALL.to_vec(), lateness };
        let (mut windows, mut reference) = (Windows::new(&plan), Aligned::default());
        let (mut watermark, mut span) = (i64::MIN, 0);
        for (number, event) in events.into_iter().enumerate() {
            if number == cut {
                windows = restored(&windows);
            }
            let item = event.item();
            let got = windows.add(&plan, event.at, &event.inputs(&item), watermark);
            prop_assert_eq!(got, reference.take(&plan, event, watermark));
            watermark = watermark.max(event.at - delay);
            span = span.max(event.at - watermark);
            compare(&windows.close(&plan, watermark), &reference.close(&plan, watermark))?;
            prop_assert!(windows.fits(&plan));
            let most = (size + lateness + span) / plan.shape.pane() + 2;
            prop_assert!(windows.len() <= usize::try_from(most).expect("few"), "{} panes", windows.len());
        }
        compare(&windows.close(&plan, i64::MAX / 2), &reference.close(&plan, i64::MAX / 2))?;
        prop_assert!(windows.is_empty());
    }

    #[test]
    fn sessions_equal_the_reference(
        events in stream(80), gap in 1i64..30, delay in 0i64..40, lateness in 0i64..40, cut in 0usize..120)
    {
        let plan = Plan { shape: Shape::Session { gap }, aggregates: ALL.to_vec(), lateness };
        let (mut windows, mut reference) = (Windows::new(&plan), Apart::default());
        let mut watermark = i64::MIN / 2;
        for (number, event) in events.into_iter().enumerate() {
            if number == cut {
                windows = restored(&windows);
            }
            let item = event.item();
            let got = windows.add(&plan, event.at, &event.inputs(&item), watermark);
            prop_assert_eq!(got != Added::Late, reference.take(&plan, gap, event, watermark));
            watermark = watermark.max(event.at - delay);
            compare(&windows.close(&plan, watermark), &reference.close(&plan, gap, watermark))?;
        }
        compare(&windows.close(&plan, i64::MAX / 2), &reference.close(&plan, gap, i64::MAX / 2))?;
        prop_assert!(windows.is_empty());
    }

    #[test]
    fn a_window_that_slides_is_its_last_steps(
        events in stream(40), step in 1i64..20, steps in 1i64..10)
    {
        let size = step * steps;
        let plan = Plan { shape: Shape::Sliding { size, step }, aggregates: ALL.to_vec(), lateness: 0 };
        let (mut windows, mut seen, mut newest) = (Windows::new(&plan), Vec::new(), i64::MIN);
        for event in events {
            newest = newest.max(event.at);
            let (item, end) = (event.item(), newest.div_euclid(step) * step + step);
            let added = windows.add(&plan, event.at, &event.inputs(&item), newest);
            prop_assert_eq!(added == Added::Late, event.at < end - size);
            if added != Added::Late {
                seen.push(event);
            }
            let within: Vec<Happened> = seen.iter().filter(|event| event.at >= end - size).copied().collect();
            let wanted = Closed { start: end - size, end, outcomes: outcomes(&within, size), corrects: false };
            compare(&[windows.look(&plan, newest)], &[wanted])?;
            windows.forget(&plan, newest);
            prop_assert!(windows.len() <= usize::try_from(steps + 1).expect("few"));
        }
    }

    #[test]
    fn windows_of_so_many_events_are_chunks(events in stream(40), many in 1usize..9) {
        let count = u64::try_from(many).expect("few");
        let plan = Plan { shape: Shape::Count { events: count }, aggregates: ALL.to_vec(), lateness: 0 };
        let (mut windows, mut got) = (Windows::new(&plan), Vec::new());
        for event in &events {
            let item = event.item();
            windows.add(&plan, event.at, &event.inputs(&item), i64::MAX);
            got.extend(windows.close(&plan, i64::MIN));
        }
        let wanted: Vec<Closed> = events.chunks_exact(many).map(|chunk| {
            let (start, end) = Apart::span(chunk);
            Closed { start, end, outcomes: outcomes(chunk, end - start), corrects: false }
        }).collect();
        compare(&got, &wanted)?;
    }

    #[test]
    fn no_time_panics(ats in prop::collection::vec(any::<i64>(), 0..20), watermarks in prop::collection::vec(any::<i64>(), 20)) {
        for shape in [Shape::Hopping { size: 10, every: 3 }, Shape::sliding(60), Shape::Session { gap: 5 }] {
            let plan = Plan { shape, aggregates: vec![Aggregate::Count], lateness: 7 };
            let mut windows = Windows::new(&plan);
            for (at, watermark) in ats.iter().zip(&watermarks) {
                windows.add(&plan, *at, &[Input::Hit], *watermark);
                windows.look(&plan, *at);
                windows.close(&plan, (*watermark).min(*at));
            }
        }
    }
}

#[test]
fn a_changed_plan_finds_nothing_of_its_own() {
    let plan = |aggregates| Plan {
        shape: Shape::Tumbling { size: 10 },
        aggregates,
        lateness: 0,
    };
    let counts = plan(vec![Aggregate::Count]);
    let mut windows = Windows::new(&counts);
    windows.add(&counts, 5, &[Input::Hit], 0);
    assert!(windows.fits(&counts) && !windows.fits(&plan(vec![Aggregate::Sum])));
    assert!(!windows.fits(&plan(vec![Aggregate::Count, Aggregate::Count])));
    let sessions = Plan {
        shape: Shape::Session { gap: 3 },
        ..counts
    };
    assert!(!windows.fits(&sessions));
}
