//! The stage as the runtime sees it: a fold over scored events, driven without Kafka.

use dedup_aggregator::{DedupAggregator, SignalUpdate, UNSCORED};
use model::{Event, Reason, ScoredEvent, Signal, SignalState};
use proptest::prelude::*;
use settings::DedupSettings;
use stage::{Cx, Driver, Settled};
use std::collections::{BTreeMap, BTreeSet};
use topology::Topic;

const HOUR: i64 = 3_600_000;
const NOW: i64 = 1_790_000_000_000;
const NEWS: &str = "Uniswap governance passes the fee switch vote with 78 percent in favour of sharing fees";
const CUT: &str = "RT @x: Uniswap governance passes the fee switch vote with 78 perc\u{2026}";
const OTHER: &str =
    "The foundation publishes audits of the new rollup bridge and delays its launch to autumn";

fn stage() -> DedupAggregator {
    DedupAggregator::new(&DedupSettings::default())
}

fn post(id: &str, source: &str, text: &str) -> ScoredEvent {
    let event = Event {
        id: id.to_owned(),
        source: source.to_owned(),
        kind: "post".to_owned(),
        subject: "symbol:UNI".to_owned(),
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

fn later(mut scored: ScoredEvent, hours: i64) -> ScoredEvent {
    scored.event.time += hours * HOUR;
    scored
}

fn cx(time: i64) -> Cx<'static> {
    Cx::at(Topic::EventsScored, time)
}

fn signal(settled: Settled<SignalUpdate>) -> Signal {
    match settled {
        Settled::Out(mut updates) if updates.len() == 1 => updates.remove(0).0,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_retry_is_a_duplicate_for_14_days() {
    let mut driver = Driver::new(stage());
    assert_eq!(signal(driver.apply(post("1", "a", NEWS), &cx(NOW))).version, 1);
    assert_eq!(driver.apply(post("1", "a", NEWS), &cx(NOW)), Settled::Duplicate);
    assert_eq!(
        driver.apply(post("1", "a", OTHER), &cx(NOW + 13 * 24 * HOUR)),
        Settled::Duplicate
    );
    assert!(matches!(
        driver.apply(post("1", "b", OTHER), &cx(NOW)),
        Settled::Out(_)
    ));
    assert!(matches!(
        driver.apply(post("1", "a", NEWS), &cx(NOW + 15 * 24 * HOUR)),
        Settled::Out(_)
    ));
}

#[test]
fn what_no_rule_matched_forms_no_signal() {
    let mut driver = Driver::new(stage());
    let unscored = ScoredEvent {
        matched: 0,
        ..post("1", "a", NEWS)
    };
    assert_eq!(driver.apply(unscored, &cx(NOW)), Settled::Filtered(UNSCORED));
    assert_eq!(driver.counts.filtered[UNSCORED], 1);
}

#[test]
fn copies_fold_and_verify() {
    let mut driver = Driver::new(stage());
    let first = signal(driver.apply(post("1", "a", NEWS), &cx(NOW)));
    assert_eq!(
        (first.state, first.suppressed, first.title.as_str()),
        (SignalState::Candidate, 0, NEWS)
    );
    let second = signal(driver.apply(later(post("2", "a", CUT), 1), &cx(NOW)));
    assert_eq!(
        (second.signal_key.as_str(), second.version),
        (first.signal_key.as_str(), 2)
    );
    assert_eq!((second.state, second.suppressed), (SignalState::Candidate, 1));
    assert_eq!((second.first_seen, second.last_seen), (NOW, NOW + HOUR));
    let third = signal(driver.apply(post("3", "b", &NEWS.to_uppercase()), &cx(NOW)));
    assert_eq!(
        (third.state, third.evidence_count, third.source_count),
        (SignalState::Verified, 3, 2)
    );
    let apart = signal(driver.apply(post("4", "a", OTHER), &cx(NOW)));
    assert_ne!(apart.signal_key, first.signal_key);
}

#[test]
fn tenants_and_subjects_stay_apart() {
    let mut driver = Driver::new(stage());
    let mut other_tenant = post("1", "a", NEWS);
    other_tenant.event.tenant = "acme".to_owned();
    let mut other_subject = post("2", "a", NEWS);
    other_subject.event.subject = "symbol:ETH".to_owned();
    let all = [post("1", "a", NEWS), other_tenant, other_subject];
    let keys: BTreeSet<String> = all
        .map(|one| signal(driver.apply(one, &cx(NOW))).signal_key)
        .into();
    assert_eq!(keys.len(), 3);
}

#[test]
fn the_best_evidence_leads() {
    let mut driver = Driver::new(stage());
    driver.apply(post("1", "a", NEWS), &cx(NOW));
    let reasons = vec![Reason {
        rule: "r".to_owned(),
        points: 50.0,
        text: "why".to_owned(),
    }];
    let better = ScoredEvent {
        score: 50.0,
        level: "high".to_owned(),
        reasons,
        ..post("2", "a", CUT)
    };
    driver.apply(better, &cx(NOW));
    let last = signal(driver.apply(post("3", "a", NEWS), &cx(NOW)));
    assert_eq!(
        (last.score, last.level.as_str(), last.title.as_str()),
        (50.0, "high", CUT)
    );
    assert_eq!(last.reasons[0].text, "why");
    let odd = signal(driver.apply(
        ScoredEvent {
            score: f64::NAN,
            ..post("4", "a", NEWS)
        },
        &cx(NOW),
    ));
    assert!((odd.score - 50.0).abs() < f64::EPSILON);
}

#[test]
fn records_without_text_fold_by_type_until_quiet() {
    let login = |id: &str| {
        let mut scored = post(id, "web", "");
        scored.event.text = None;
        scored.event.kind = "user.login".to_owned();
        scored
    };
    let mut driver = Driver::new(stage());
    let first = signal(driver.apply(login("1"), &cx(NOW)));
    assert_eq!(first.title, "user.login: symbol:UNI");
    let second = signal(driver.apply(later(login("2"), 23), &cx(NOW)));
    assert_eq!(
        (second.signal_key.as_str(), second.suppressed),
        (first.signal_key.as_str(), 0)
    );
    let third = signal(driver.apply(later(login("3"), 23 + 25), &cx(NOW)));
    assert_ne!(third.signal_key, first.signal_key, "quiet in event time");
    let fourth = signal(driver.apply(later(login("4"), 48), &cx(NOW + 25 * HOUR)));
    assert_ne!(
        fourth.signal_key, third.signal_key,
        "quiet in the stream's time: its state has ended"
    );
}

#[test]
fn a_busy_signal_outlives_its_first_day() {
    let mut driver = Driver::new(stage());
    let mut last = None;
    for hour in (0..24 * 7).step_by(6) {
        let update = signal(driver.apply(
            later(post(&hour.to_string(), "a", NEWS), hour),
            &cx(NOW + hour * HOUR),
        ));
        assert_eq!(
            last.get_or_insert_with(|| update.signal_key.clone()),
            &update.signal_key,
            "hour {hour}"
        );
        assert!(update.evidence.len() <= 16);
    }
}

#[test]
fn an_id_that_comes_again_once_it_is_forgotten_begins_another_signal() {
    let mut driver = Driver::new(stage());
    let event = || post("1", "a", NEWS);
    let first = signal(driver.apply(event(), &cx(NOW)));
    let second = signal(driver.apply(event(), &cx(NOW + 15 * 24 * HOUR)));
    assert_eq!((first.version, second.version), (1, 1));
    assert_ne!(first.signal_key, second.signal_key);
}

#[test]
fn state_is_bounded_for_a_subject_of_many_texts() {
    let mut driver = Driver::new(stage());
    for n in 0..200 {
        let text = format!("word{n} other{n} third{n} fourth{n} fifth{n}");
        signal(driver.apply(post(&n.to_string(), "a", &text), &cx(NOW)));
    }
    let early = signal(driver.apply(post("again", "a", "word0 other0 third0 fourth0 fifth0"), &cx(NOW)));
    assert_eq!(early.version, 1, "forgotten, so it begins anew");
    let recent = signal(driver.apply(
        post("recent", "a", "word199 other199 third199 fourth199 fifth199"),
        &cx(NOW),
    ));
    assert_eq!(recent.version, 2);
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
    let step = (0..30_u32, 0..3_u8, texts, 0..2_i32, 0..3_u8, 0..40_i64);
    let steps = prop::collection::vec(step, 1..60);
    steps.prop_map(|all| {
        let mut time = NOW;
        let step = |(id, subject, text, matched, source, hours): (u32, u8, Option<&str>, i32, u8, i64)| {
            let mut scored = post(&id.to_string(), &format!("s{source}"), text.unwrap_or_default());
            scored.event.text = text.map(str::to_owned);
            scored.event.subject = format!("subject:{subject}");
            scored.matched = matched;
            scored.score = f64::from(id);
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
        let mut last: BTreeMap<String, Signal> = BTreeMap::new();
        let mut scored_ids = BTreeSet::new();
        for Step { scored, time } in steps.clone() {
            if scored.matched > 0 {
                scored_ids.insert((scored.event.source.clone(), scored.event.id.clone()));
            }
            if let Settled::Out(updates) = driver.apply(scored, &cx(time)) {
                let signal = updates[0].0.clone();
                let before = last.get(&signal.signal_key).map_or(0, |known| known.version);
                prop_assert_eq!(signal.version, before + 1);
                prop_assert!(signal.suppressed < signal.evidence_count);
                prop_assert!(signal.first_seen <= signal.last_seen);
                last.insert(signal.signal_key.clone(), signal);
            }
        }
        prop_assert!(driver.counts.conserves());
        prop_assert_eq!(driver.counts.read, steps.len() as u64);
        // The steps span less than the exact window unless many jumps add up.
        let within = steps.last().is_some_and(|step| step.time - NOW < 14 * 24 * HOUR);
        let evidence: i64 = last.values().map(|signal| signal.evidence_count).sum();
        if within {
            prop_assert_eq!(evidence, i64::try_from(scored_ids.len()).unwrap());
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

fn from_key(mut scored: ScoredEvent, key: &str, trusted: bool) -> ScoredEvent {
    scored.event.principal = Some(key.to_owned());
    scored.event.trusted = trusted;
    scored
}

#[test]
fn copies_from_one_key_verify_nothing_and_one_from_another_does() {
    let mut driver = Driver::new(stage());
    let mut last = Signal::default();
    for number in 0..12 {
        let copy = post(&number.to_string(), &format!("source-{number}"), NEWS);
        last = signal(driver.apply(from_key(copy, "shop", false), &cx(NOW)));
    }
    assert_eq!((last.state, last.evidence_count), (SignalState::Candidate, 12));
    assert_eq!((last.independent_count, last.source_count), (1, 12));
    assert_eq!(last.evidence.last().unwrap().principal.as_deref(), Some("shop"));
    let other = from_key(post("x", "source-0", NEWS), "bank", false);
    let verified = signal(driver.apply(other, &cx(NOW)));
    assert_eq!(
        (verified.state, verified.independent_count),
        (SignalState::Verified, 2)
    );
}

#[test]
fn copies_from_one_host_by_a_trusted_key_verify_nothing_and_one_from_another_host_does() {
    let mut driver = Driver::new(stage());
    let from = |number: i64, url: &str| {
        let mut scored = post(&number.to_string(), "feeds", NEWS);
        scored.event.url = Some(url.to_owned());
        from_key(scored, "feeds", true)
    };
    let mut last = Signal::default();
    for number in 0..5 {
        let url = format!("https://www.one.example/{number}");
        last = signal(driver.apply(from(number, &url), &cx(NOW)));
    }
    assert_eq!((last.state, last.independent_count), (SignalState::Candidate, 1));
    last = signal(driver.apply(from(9, "https://two.example/1"), &cx(NOW)));
    assert_eq!((last.state, last.independent_count), (SignalState::Verified, 2));
}
