//! The stage as the runtime sees it: a fold over scored events, driven without Kafka.

use dedup_aggregator::{COUNTED, DedupAggregator, Told, UNSCORED};
use model::{Event, ScoredEvent, Signal, SignalState, StoryMember, StoryPart};
use proptest::prelude::*;
use settings::DedupSettings;
use stage::{Cx, Driver, Settled};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use topology::Topic;

const HOUR: i64 = 3_600_000;
const NOW: i64 = 1_790_000_000_000;
const NEWS: &str = "Uniswap governance passes the fee switch vote with 78 percent in favour of sharing fees";
const CUT: &str = "RT @x: Uniswap governance passes the fee switch vote with 78 perc\u{2026}";
const OTHER: &str =
    "The foundation publishes audits of the new rollup bridge and delays its launch to autumn";

fn stage() -> DedupAggregator {
    DedupAggregator::new(&DedupSettings::default(), Duration::from_mins(5))
}

fn post(id: &str, source: &str, text: &str) -> ScoredEvent {
    let event = Event {
        id: id.to_owned(),
        source: source.to_owned(),
        kind: "post".to_owned(),
        subject: "story:uniswap".to_owned(),
        tenant: "default".to_owned(),
        time: NOW,
        text: Some(text.to_owned()),
        ..Event::default()
    };
    ScoredEvent {
        event,
        score: 10.0,
        level: "low".to_owned(),
        matched: 1,
        ..ScoredEvent::default()
    }
}

fn login(id: &str, score: f64) -> ScoredEvent {
    let mut scored = post(id, "web", "");
    scored.event.text = None;
    "user.login".clone_into(&mut scored.event.kind);
    "user:1".clone_into(&mut scored.event.subject);
    scored.score = score;
    scored
}

fn about(mut scored: ScoredEvent, subject: &str) -> ScoredEvent {
    subject.clone_into(&mut scored.event.subject);
    scored
}

fn later(mut scored: ScoredEvent, hours: i64) -> ScoredEvent {
    scored.event.time += hours * HOUR;
    scored
}

fn cx(time: i64) -> Cx<'static> {
    Cx::at(Topic::EventsScored, time)
}

fn told(settled: Settled<Told>) -> Vec<Told> {
    match settled {
        Settled::Out(told) => told,
        other => panic!("{other:?}"),
    }
}

/// The version of a signal of events without words.
fn signal(settled: Settled<Told>) -> Signal {
    match told(settled).pop() {
        Some(Told::Signal(signal)) => *signal,
        other => panic!("{other:?}"),
    }
}

/// Where a text belongs, and what its part says.
fn text(settled: Settled<Told>) -> (StoryMember, Option<StoryPart>) {
    let (mut member, mut part) = (None, None);
    for told in told(settled) {
        match told {
            Told::Member(told) => member = Some(told),
            Told::Part(told) => part = Some(*told),
            Told::Signal(signal) => panic!("{signal:?}"),
        }
    }
    match member {
        Some(member) => (member, part),
        None => panic!("no member"),
    }
}

#[test]
fn a_retry_is_a_duplicate_for_14_days() {
    let mut driver = Driver::new(stage());
    text(driver.apply(post("1", "a", NEWS), &cx(NOW)));
    assert_eq!(driver.apply(post("1", "a", NEWS), &cx(NOW)), Settled::Duplicate);
    assert_eq!(
        driver.apply(post("1", "a", OTHER), &cx(NOW + 13 * 24 * HOUR)),
        Settled::Duplicate
    );
    text(driver.apply(post("1", "b", OTHER), &cx(NOW)));
    text(driver.apply(post("1", "a", NEWS), &cx(NOW + 15 * 24 * HOUR)));
}

#[test]
fn what_no_rule_matched_and_has_no_words_is_nothing() {
    let mut driver = Driver::new(stage());
    let unscored = ScoredEvent {
        matched: 0,
        ..login("1", 0.0)
    };
    assert_eq!(driver.apply(unscored, &cx(NOW)), Settled::Filtered(UNSCORED));
    let smile = ScoredEvent {
        matched: 0,
        ..post("2", "a", "🚀")
    };
    assert_eq!(driver.apply(smile, &cx(NOW)), Settled::Filtered(UNSCORED));
}

#[test]
fn a_text_that_no_rule_matched_belongs_to_a_story_and_is_no_evidence() {
    let mut driver = Driver::new(stage());
    let unscored = ScoredEvent {
        matched: 0,
        ..post("1", "a", NEWS)
    };
    let (first, part) = text(driver.apply(unscored, &cx(NOW)));
    assert_eq!(part.unwrap().signal, None);
    let (second, part) = text(driver.apply(post("2", "b", CUT), &cx(NOW)));
    assert_eq!((second.part, second.copy), (first.part, true));
    assert_eq!(part.unwrap().signal.unwrap().evidence_count, 1);
}

#[test]
fn copies_and_rewordings_belong_to_one_part_and_another_story_to_another() {
    let mut driver = Driver::new(stage());
    let (first, part) = text(driver.apply(post("1", "a", NEWS), &cx(NOW)));
    assert!(!first.copy);
    assert_eq!(part.unwrap().part, first.part);
    let (copy, part) = text(driver.apply(later(post("2", "b", CUT), 1), &cx(NOW)));
    assert_eq!((copy.part.as_str(), copy.copy), (first.part.as_str(), true));
    let fresh = part.unwrap();
    assert_eq!(fresh.signal.as_ref().unwrap().suppressed, 1);
    assert_eq!(
        (fresh.sources.len(), fresh.senders.len(), fresh.unnamed),
        (1, 1, 1)
    );
    let reworded = "Fee switch vote passes: Uniswap governance in favour of sharing fees";
    let (reworded, _) = text(driver.apply(post("3", "b", reworded), &cx(NOW)));
    assert_eq!((reworded.part, reworded.copy), (first.part.clone(), false));
    let (other, _) = text(driver.apply(post("4", "a", OTHER), &cx(NOW)));
    assert_ne!(other.part, first.part);
}

#[test]
fn tenants_and_named_subjects_stay_apart_and_a_made_up_one_parts_nothing() {
    let mut driver = Driver::new(stage());
    let mut tenant = post("1", "a", NEWS);
    tenant.event.tenant = "acme".to_owned();
    let uni = about(post("2", "a", NEWS), "symbol:UNI");
    let eth = about(post("3", "a", NEWS), "symbol:ETH");
    let parts: BTreeSet<String> = [tenant, uni, eth]
        .map(|one| text(driver.apply(one, &cx(NOW))).0.part)
        .into();
    assert_eq!(parts.len(), 3);
    let unnamed = about(post("4", "a", NEWS), "url:https://a.example/1");
    assert!(parts.contains(&text(driver.apply(unnamed, &cx(NOW))).0.part));
}

/// Or two names would meet in one story, since the part was told of without one.
#[test]
fn a_part_without_a_name_gets_none_later() {
    let mut driver = Driver::new(stage());
    let (unnamed, _) = text(driver.apply(post("1", "a", NEWS), &cx(NOW)));
    let (named, _) = text(driver.apply(about(post("2", "a", CUT), "symbol:UNI"), &cx(NOW)));
    assert_ne!(named.part, unnamed.part);
}

#[test]
fn a_story_of_thousands_says_little_after_its_beginning() {
    let mut driver = Driver::new(stage());
    let (mut parts, mut evidence) = (0, 0);
    for id in 0..2_000 {
        let (_, part) = text(driver.apply(post(&id.to_string(), "a", NEWS), &cx(NOW)));
        if let Some(part) = part {
            parts += 1;
            evidence += part.signal.map_or(0, |signal| signal.evidence_count);
        }
    }
    assert!((16..=40).contains(&parts), "{parts}");
    assert!(evidence > 1_300, "{evidence}");
}

#[test]
fn what_a_part_has_not_told_is_told_when_it_ends() {
    let mut driver = Driver::new(stage());
    let mut counted = 0;
    for id in 0..100 {
        let (_, part) = text(driver.apply(post(&id.to_string(), "a", NEWS), &cx(NOW)));
        counted += part
            .and_then(|part| part.signal)
            .map_or(0, |signal| signal.evidence_count);
    }
    assert!(counted < 100);
    let settled = driver.apply(later(post("x", "a", OTHER), 49), &cx(NOW + 49 * HOUR));
    for told in told(settled) {
        if let Told::Part(part) = told {
            counted += part.signal.map_or(0, |signal| signal.evidence_count);
        }
    }
    assert_eq!(counted, 101);
}

#[test]
fn a_day_in_the_future_ends_no_story() {
    let mut driver = Driver::new(stage());
    let (first, _) = text(driver.apply(post("1", "a", NEWS), &cx(NOW)));
    text(driver.apply(later(post("2", "a", OTHER), 1_000_000), &cx(NOW)));
    let (copy, _) = text(driver.apply(post("3", "a", NEWS), &cx(NOW)));
    assert_eq!(copy.part, first.part);
}

#[test]
fn a_better_score_is_told_at_once() {
    let mut driver = Driver::new(stage());
    for id in 0..20 {
        text(driver.apply(post(&id.to_string(), "a", NEWS), &cx(NOW)));
    }
    let (_, none) = text(driver.apply(post("same", "a", NEWS), &cx(NOW)));
    assert_eq!(none, None);
    let better = ScoredEvent {
        score: 50.0,
        ..post("better", "a", NEWS)
    };
    let (_, part) = text(driver.apply(better, &cx(NOW)));
    assert!((part.unwrap().signal.unwrap().score - 50.0).abs() < f64::EPSILON);
}

#[test]
fn records_without_text_fold_by_type_until_quiet() {
    let mut driver = Driver::new(stage());
    let first = signal(driver.apply(login("1", 15.0), &cx(NOW)));
    assert_eq!(first.title, "user.login: user:1");
    let second = signal(driver.apply(later(login("2", 15.0), 23), &cx(NOW)));
    assert_eq!(
        (second.signal_key.as_str(), second.version),
        (first.signal_key.as_str(), 2)
    );
    let after = told(driver.apply(later(login("3", 15.0), 23 + 25), &cx(NOW)));
    let [Told::Signal(over), Told::Signal(third)] = &after[..] else {
        panic!("{after:?}");
    };
    assert_eq!(
        (&over.signal_key, over.state),
        (&first.signal_key, SignalState::Closed)
    );
    assert_ne!(third.signal_key, first.signal_key, "quiet in event time");
    let fourth = signal(driver.apply(later(login("4", 15.0), 48), &cx(NOW + 25 * HOUR)));
    assert_eq!(
        fourth.signal_key, third.signal_key,
        "only event time counts, however late records come"
    );
}

#[test]
fn what_is_below_the_floor_is_counted_and_told_of_later() {
    let mut driver = Driver::new(stage());
    assert_eq!(
        driver.apply(login("1", 9.0), &cx(NOW)),
        Settled::Filtered(COUNTED)
    );
    let opened = signal(driver.apply(login("2", 10.0), &cx(NOW)));
    assert_eq!((opened.version, opened.evidence_count), (1, 2));
}

#[test]
fn a_hundred_thousand_logins_are_a_few_dozen_versions() {
    let mut driver = Driver::new(stage());
    for id in 0..100_000 {
        driver.apply_uncommitted(login(&id.to_string(), 20.0), &cx(NOW));
    }
    assert!(
        (20..60).contains(&driver.counts.emitted),
        "{}",
        driver.counts.emitted
    );
    assert!(driver.counts.conserves());
}

#[derive(Debug, Clone)]
struct Step {
    scored: ScoredEvent,
    time: i64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let texts = prop::sample::select(vec![
        None,
        Some(NEWS),
        Some(CUT),
        Some(OTHER),
        Some("gm"),
        Some("🚀"),
    ]);
    let step = (0..30_u32, 0..3_u8, texts, 0..3_u8, 0..40_i64);
    let steps = prop::collection::vec(step, 1..60);
    steps.prop_map(|all| {
        let mut time = NOW;
        let step = |(id, subject, text, source, hours): (u32, u8, Option<&str>, u8, i64)| {
            let mut scored = post(&id.to_string(), &format!("s{source}"), text.unwrap_or_default());
            scored.event.text = text.map(str::to_owned);
            scored.event.subject = format!("subject:{subject}");
            // The same event is scored the same again.
            scored.matched = i32::from(id % 4 > 0);
            // Each opens a signal: what is held back is not counted here.
            scored.score = 10.0 + f64::from(id);
            // Now and then a jump in time, so that signals end.
            time += if hours > 36 { hours * HOUR } else { 1_000 };
            Step {
                scored: later(scored, hours / 4),
                time,
            }
        };
        all.into_iter().map(step).collect()
    })
}

proptest! {
    #[test]
    fn nothing_vanishes_and_each_id_counts_once(steps in steps()) {
        let mut driver = Driver::new(stage());
        let (mut signals, mut members, mut parts) = (BTreeMap::new(), BTreeSet::new(), 0);
        let mut scored_ids = BTreeSet::new();
        for Step { scored, time } in steps.clone() {
            if scored.matched > 0 {
                scored_ids.insert((scored.event.source.clone(), scored.event.id.clone()));
            }
            if let Settled::Out(all) = driver.apply(scored, &cx(time)) {
                for told in all {
                    match told {
                        Told::Member(member) => {
                            prop_assert!(members.insert((member.source, member.event_id)) || time - NOW > 14 * 24 * HOUR);
                        }
                        Told::Part(part) => parts += part.signal.map_or(0, |signal| signal.evidence_count),
                        Told::Signal(signal) => {
                            prop_assert!(signal.first_seen <= signal.last_seen);
                            signals.insert(signal.signal_key.clone(), signal.evidence_count);
                        }
                    }
                }
            }
        }
        prop_assert!(driver.counts.conserves());
        prop_assert_eq!(driver.counts.read, steps.len() as u64);
        // The steps span less than the exact window unless many jumps add up.
        let within = steps.last().is_some_and(|step| step.time - NOW < 14 * 24 * HOUR);
        let told: i64 = parts + signals.values().sum::<i64>();
        if within {
            prop_assert_eq!(told, i64::try_from(scored_ids.len()).unwrap());
        }
    }

    #[test]
    fn a_restart_changes_nothing(steps in steps(), at in any::<prop::sample::Index>(), aborted in any::<bool>()) {
        let cut = at.index(steps.len());
        let mut whole = Driver::new(stage());
        let wanted: Vec<_> = steps.iter().map(|step| whole.apply(step.scored.clone(), &cx(step.time))).collect();
        let mut broken = Driver::new(stage());
        let mut got: Vec<_> = steps[..cut].iter().map(|step| broken.apply(step.scored.clone(), &cx(step.time))).collect();
        if aborted {
            for step in &steps[cut..] {
                broken.apply_uncommitted(step.scored.clone(), &cx(step.time));
            }
            broken.abort();
        }
        let mut broken = broken.restarted();
        got.extend(steps[cut..].iter().map(|step| broken.apply(step.scored.clone(), &cx(step.time))));
        prop_assert_eq!(got, wanted);
    }
}

/// The signals among what timers led to.
fn ended(driver: &mut Driver<DedupAggregator>) -> Vec<Signal> {
    let fired = std::mem::take(&mut driver.fired).into_iter();
    fired
        .filter_map(|told| match told {
            Told::Signal(signal) => Some(*signal),
            Told::Member(_) | Told::Part(_) => None,
        })
        .collect()
}

#[test]
fn a_signal_that_falls_silent_is_closed_by_time_also_after_a_restart() {
    let mut driver = Driver::new(stage());
    let first = signal(driver.apply(login("1", 20.0), &cx(NOW)));
    let of = |id, user, hours| about(later(login(id, 20.0), hours), user);
    driver.apply(of("2", "user:2", 23), &cx(NOW + 23 * HOUR));
    assert!(driver.fired.is_empty());
    driver = driver.restarted();
    driver.apply(of("3", "user:3", 25), &cx(NOW + 25 * HOUR));
    let closed = ended(&mut driver).pop().unwrap();
    assert_eq!((&closed.signal_key, closed.version), (&first.signal_key, 2));
    assert_eq!(closed.state, SignalState::Closed);
    assert_eq!(
        closed.changes.last().unwrap().reason,
        "nothing was heard of it for long"
    );
    driver.tell_time(NOW + 25 * HOUR);
    driver.tell_time(NOW + 60 * HOUR);
    assert_eq!(
        ended(&mut driver).len(),
        2,
        "a partition that is silent follows the clock"
    );
    let again = signal(driver.apply(of("4", "user:1", 61), &cx(NOW + 61 * HOUR)));
    assert_eq!((again.version, again.evidence_count), (1, 1));
    assert_ne!(again.signal_key, first.signal_key);
}

#[test]
fn what_goes_on_is_not_closed_and_what_comes_late_does_not_end_at_once() {
    let mut driver = Driver::new(stage());
    for hours in [0, 10, 20, 30, 40, 50] {
        let id = hours.to_string();
        driver.apply(later(login(&id, 20.0), hours), &cx(NOW + hours * HOUR));
    }
    let late = about(later(login("late", 20.0), -100), "user:2");
    let opened = signal(driver.apply(late, &cx(NOW + 50 * HOUR)));
    let more = about(later(login("more", 20.0), -100), "user:2");
    assert_eq!(
        signal(driver.apply(more, &cx(NOW + 51 * HOUR))).signal_key,
        opened.signal_key
    );
    assert_eq!(ended(&mut driver), []);
}

#[test]
fn an_id_that_is_forgotten_and_comes_again_never_has_the_key_of_before() {
    let settings = DedupSettings {
        exact_window: Duration::from_hours(1),
        quiet_after: Duration::from_mins(30),
        ..DedupSettings::default()
    };
    let mut driver = Driver::new(DedupAggregator::new(&settings, Duration::from_mins(5)));
    let keys: Vec<String> = (0..5)
        .map(|hours| signal(driver.apply(later(login("1", 20.0), hours), &cx(NOW + hours * HOUR))).signal_key)
        .collect();
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "{keys:?}");
}

#[test]
fn parts_of_a_tenant_that_falls_silent_say_the_rest() {
    let mut driver = Driver::new(stage());
    let mut said = 0;
    let mut count = |told: &Told| {
        if let Told::Part(part) = told {
            said += part.signal.as_ref().map_or(0, |signal| signal.evidence_count);
        }
    };
    for id in 0..21 {
        let settled = driver.apply(post(&id.to_string(), "a", NEWS), &cx(NOW));
        told(settled).iter().for_each(&mut count);
    }
    driver.tell_time(NOW);
    driver.tell_time(NOW + 72 * HOUR);
    driver.fired.iter().for_each(&mut count);
    assert_eq!(said, 21);
}

#[test]
fn a_rule_of_life_ends_a_signal() {
    let mut settings = DedupSettings::default();
    settings.life.push(
        serde_json::from_value(serde_json::json!({
            "to": "closed", "when": "data.status == 'resolved'", "reason": "{{ data.status }} by its source",
        }))
        .unwrap(),
    );
    let mut driver = Driver::new(DedupAggregator::new(&settings, Duration::from_mins(5)));
    signal(driver.apply(login("1", 20.0), &cx(NOW)));
    let mut resolved = login("2", 20.0);
    resolved
        .event
        .attributes
        .insert("status".to_owned(), model::Value::from("resolved"));
    let closed = signal(driver.apply(resolved, &cx(NOW)));
    assert_eq!(
        (closed.state, closed.version, closed.evidence_count),
        (SignalState::Closed, 2, 2)
    );
    assert_eq!(closed.changes.last().unwrap().reason, "resolved by its source");
    assert_eq!(
        signal(driver.apply(login("3", 20.0), &cx(NOW))).version,
        1,
        "another one begins"
    );
}
