//! The stage as the runtime sees it: parts of stories in one order, driven without Kafka.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing test says enough")]

use model::{
    Correction, CorrectionAction as Action, Event, ScoredEvent, Signal, SignalState, StoryChange,
    StoryChangeKind as Kind, StoryPart,
};
use proptest::prelude::*;
use sameness::{
    Cluster, ClusterId, Method, Reading, Representative, SlowWeights, Stories, StoryLimits, SubjectId,
};
use settings::DedupSettings;
use signals::Standing;
use stage::{Cx, Driver, Settled};
use std::collections::{BTreeMap, BTreeSet};
use story_merger::{COUNTED, Merged, REFUSED, StoryMerger, UNREADABLE};
use topology::Topic;

const HOUR: i64 = 3_600_000;
const NOW: i64 = 1_790_000_000_000;
const NEWS: &str = "Uniswap governance passes the fee switch vote in favour of sharing fees";
const AGAIN: &str = "Fee switch vote passes: Uniswap governance in favour of sharing fees";
const OTHER: &str = "Earthquake shakes Chile, thousands leave their homes";

/// A partition that says of each text at once what it is: one part a text.
fn representative(id: u128, text: &str, subject: Option<&str>, time: i64) -> Representative {
    let mut kept: BTreeMap<ClusterId, Cluster> = BTreeMap::new();
    let mut reading = Reading::of(text, None, &SlowWeights::default(), Method::default());
    if let Some(subject) = subject {
        reading = reading.about(SubjectId::of(subject));
    }
    let mut stories = Stories::new(StoryLimits::default());
    let joined = stories.join(&mut kept, ClusterId(id), &reading, time);
    joined.unwrap().told.unwrap()
}

#[derive(Debug, Clone)]
struct Said {
    id: u128,
    text: String,
    subject: Option<&'static str>,
    source: String,
    score: f64,
    hours: i64,
}

fn said(id: u128, text: &str) -> Said {
    Said {
        id,
        text: text.to_owned(),
        subject: None,
        source: format!("source-{id}"),
        score: 20.0,
        hours: 0,
    }
}

impl Said {
    fn part(&self) -> StoryPart {
        let settings = DedupSettings::default();
        let mut fresh = Standing::default();
        let event = Event {
            id: self.id.to_string(),
            source: self.source.clone(),
            kind: "post".to_owned(),
            subject: self.subject.unwrap_or("story:word").to_owned(),
            tenant: "default".to_owned(),
            time: NOW + self.hours * HOUR,
            text: Some(self.text.clone()),
            ..Event::default()
        };
        let scored = ScoredEvent {
            event,
            score: self.score,
            level: "medium".to_owned(),
            matched: 1,
            ..ScoredEvent::default()
        };
        fresh.add(scored, false, &settings.policy());
        let hashes = |hashes: &[u64]| hashes.iter().map(|hash| hash.cast_signed()).collect();
        let time = NOW + self.hours * HOUR;
        StoryPart {
            tenant: "default".to_owned(),
            part: ClusterId(self.id).to_string(),
            representative: representative(self.id, &self.text, self.subject, time).to_bytes(),
            sources: hashes(&fresh.sources),
            senders: hashes(&fresh.senders),
            unnamed: fresh.unnamed,
            signal: Some(fresh.signal),
            per_minute: fresh.heat.counts().to_vec(),
            correction: None,
        }
    }
}

fn driver() -> Driver<StoryMerger> {
    Driver::new(StoryMerger::new(&DedupSettings::default()))
}

fn cx(offset: u64) -> Cx<'static> {
    Cx {
        offset: offset.cast_signed(),
        ..Cx::at(Topic::StoriesParts, NOW)
    }
}

/// Applies each as the next record, from this offset on.
fn all(driver: &mut Driver<StoryMerger>, parts: &[Said], from: usize) -> Vec<Settled<Merged>> {
    let apply = |(offset, said): (u64, &Said)| driver.apply(said.part(), &cx(offset));
    (from as u64..).zip(parts).map(apply).collect()
}

fn take(driver: &mut Driver<StoryMerger>, part: StoryPart) -> (Vec<StoryChange>, Vec<Signal>) {
    let offset = driver.counts.read;
    let merged = match driver.apply(part, &cx(offset)) {
        Settled::Out(merged) => merged,
        Settled::Filtered(COUNTED) => Vec::new(),
        other => panic!("{other:?}"),
    };
    let (mut changes, mut signals) = (Vec::new(), Vec::new());
    for one in merged {
        match one {
            Merged::Change(change) => changes.push(change),
            Merged::Signal(signal) => signals.push(*signal),
        }
    }
    (changes, signals)
}

fn kinds(changes: &[StoryChange]) -> Vec<Kind> {
    changes.iter().map(|change| change.kind).collect()
}

#[test]
fn parts_of_two_partitions_are_one_story_and_one_signal() {
    let mut driver = driver();
    let (changes, first) = take(&mut driver, said(1, NEWS).part());
    assert_eq!(kinds(&changes), [Kind::StoryOpened, Kind::TopicOpened]);
    assert_eq!((first[0].version, first[0].evidence_count), (1, 1));
    assert_eq!(first[0].state, SignalState::Candidate);
    assert_eq!(first[0].story_key.as_deref(), Some(changes[0].id.as_str()));
    assert_eq!(first[0].topic_key, first[0].story_key);

    let (changes, second) = take(&mut driver, said(2, AGAIN).part());
    assert_eq!(kinds(&changes), [Kind::PartLinked]);
    assert_eq!(changes[0].into, first[0].story_key);
    assert!(
        changes[0].shared.iter().any(|word| word == "uniswap"),
        "{changes:?}"
    );
    assert_eq!(
        (&second[0].signal_key, second[0].version, second[0].evidence_count),
        (&first[0].signal_key, 2, 2)
    );
    assert_eq!(second[0].state, SignalState::Verified, "two sources");

    let (changes, other) = take(&mut driver, said(3, OTHER).part());
    assert_eq!(kinds(&changes), [Kind::StoryOpened, Kind::TopicOpened]);
    assert_ne!(other[0].signal_key, first[0].signal_key);
}

#[test]
fn what_names_a_token_is_no_story_of_another_and_one_that_names_none_is_either() {
    let mut driver = driver();
    let of = |id, subject| Said {
        subject,
        ..said(id, NEWS)
    };
    let (_, uni) = take(&mut driver, of(1, Some("symbol:UNI")).part());
    let (_, eth) = take(&mut driver, of(2, Some("symbol:ETH")).part());
    assert_ne!(uni[0].story_key, eth[0].story_key);
    assert_eq!(uni[0].topic_key, eth[0].topic_key, "but they belong together");
    let (_, none) = take(&mut driver, of(3, None).part());
    assert!([&uni[0].story_key, &eth[0].story_key].contains(&&none[0].story_key));
    assert!(["symbol:UNI", "symbol:ETH"].contains(&none[0].subject.as_str()));
}

#[test]
fn a_name_that_comes_later_is_the_subject() {
    let mut driver = driver();
    take(&mut driver, said(1, NEWS).part());
    let named = Said {
        subject: Some("symbol:UNI"),
        ..said(2, AGAIN)
    };
    let (_, signals) = take(&mut driver, named.part());
    assert_eq!(signals[0].subject, "symbol:UNI");
}

#[test]
fn weak_words_open_a_signal_once_three_sources_say_them() {
    let mut driver = driver();
    let weak = |id| Said {
        score: 5.0,
        ..said(id, NEWS)
    };
    assert!(take(&mut driver, weak(1).part()).1.is_empty());
    assert!(take(&mut driver, weak(2).part()).1.is_empty());
    let (_, signals) = take(&mut driver, weak(3).part());
    assert_eq!((signals[0].version, signals[0].evidence_count), (1, 3));
}

#[test]
fn a_story_that_ends_closes_its_signal() {
    let mut driver = driver();
    let (_, first) = take(&mut driver, said(1, NEWS).part());
    let later = Said {
        hours: 49,
        ..said(2, OTHER)
    };
    let (changes, signals) = take(&mut driver, later.part());
    assert_eq!(
        kinds(&changes)[..2],
        [Kind::StoryEnded, Kind::TopicEnded],
        "{changes:?}"
    );
    assert_eq!(
        (&signals[0].signal_key, signals[0].state, signals[0].version),
        (&first[0].signal_key, SignalState::Closed, 2)
    );
    let again = Said {
        hours: 50,
        ..said(3, NEWS)
    };
    let (_, signals) = take(&mut driver, again.part());
    assert_ne!(signals[0].signal_key, first[0].signal_key);
}

#[test]
fn sums_that_cannot_be_read_are_a_dead_letter() {
    let mut part = said(1, NEWS).part();
    part.representative = b"\xc1nonsense".to_vec();
    let Settled::Dead(poison) = driver().apply(part, &cx(0)) else {
        panic!("it was read");
    };
    assert_eq!(poison.reason, UNREADABLE);
}

fn parts() -> impl Strategy<Value = Vec<Said>> {
    let word = prop::sample::select(vec![
        "Uniswap",
        "Aave",
        "hack",
        "vote",
        "Chile",
        "earthquake",
        "rates",
        "bank",
        "launch",
        "bridge",
    ]);
    let text = prop::collection::vec(word, 2..7).prop_map(|words| words.join(" "));
    let subject = prop::sample::select(vec![None, None, Some("symbol:UNI"), Some("symbol:AAVE")]);
    let step = (0..24_u128, text, subject, 0..4_u8, 0..30_u8, 0..3_i64);
    prop::collection::vec(step, 1..60).prop_map(|all| {
        let mut hours = 0;
        let step =
            |(id, text, subject, source, score, more): (u128, String, Option<&'static str>, u8, u8, i64)| {
                hours += if more == 2 { 20 } else { 0 };
                Said {
                    id,
                    text,
                    subject,
                    source: format!("s{source}"),
                    score: f64::from(score),
                    hours,
                }
            };
        all.into_iter().map(step).collect()
    })
}

proptest! {
    /// Versions count up without a gap, closed signals stay closed, and evidence is in one signal at most.
    #[test]
    fn signals_are_told_in_order_and_evidence_counts_once(parts in parts()) {
        let mut driver = driver();
        let mut newest: BTreeMap<String, Signal> = BTreeMap::new();
        for said in &parts {
            for signal in take(&mut driver, said.part()).1 {
                let before = newest.insert(signal.signal_key.clone(), signal.clone());
                prop_assert_eq!(signal.version, before.as_ref().map_or(0, |before| before.version) + 1);
                prop_assert!(before.is_none_or(|before| before.state != SignalState::Closed));
            }
        }
        let merged = |signal: &&Signal| signal.merged_into.is_none();
        let told: i64 = newest.values().filter(merged).map(|signal| signal.evidence_count).sum();
        prop_assert!(told <= i64::try_from(parts.len()).unwrap());
        let gone: BTreeSet<_> = newest.values().filter_map(|signal| signal.merged_into.clone()).collect();
        prop_assert!(gone.iter().all(|into| newest.contains_key(into)));
        prop_assert!(driver.counts.conserves());
    }

    #[test]
    fn a_restart_or_an_abort_changes_nothing(parts in parts(), at in any::<prop::sample::Index>()) {
        let cut = at.index(parts.len());
        let half = cut + (parts.len() - cut) / 2;
        let wanted = all(&mut driver(), &parts, 0);
        let mut broken = driver();
        let mut got = all(&mut broken, &parts[..cut], 0);
        for (offset, said) in (cut as u64..).zip(&parts[cut..]) {
            broken.apply_uncommitted(said.part(), &cx(offset));
        }
        broken.abort();
        got.extend(all(&mut broken, &parts[cut..half], cut));
        got.extend(all(&mut broken.restarted(), &parts[half..], half));
        prop_assert_eq!(got, wanted);
    }
}

#[test]
fn stories_of_a_tenant_that_falls_silent_end_and_their_signals_are_closed() {
    let mut driver = driver();
    take(&mut driver, said(1, NEWS).part());
    take(&mut driver, said(2, OTHER).part());
    driver.tell_time(NOW);
    driver.tell_time(NOW + 50 * HOUR);
    assert!(driver.fired.is_empty(), "parts may still say something");
    driver = driver.restarted();
    driver.tell_time(NOW + 50 * HOUR);
    driver.tell_time(NOW + 52 * HOUR);
    let (mut ended, mut closed) = (Vec::new(), Vec::new());
    for one in std::mem::take(&mut driver.fired) {
        match one {
            Merged::Change(change) => ended.push(change.kind),
            Merged::Signal(signal) => closed.push((signal.state, signal.version)),
        }
    }
    ended.sort();
    assert_eq!(
        ended,
        [
            Kind::StoryEnded,
            Kind::StoryEnded,
            Kind::TopicEnded,
            Kind::TopicEnded
        ]
    );
    assert_eq!(closed, [(SignalState::Closed, 2); 2]);
    let (changes, again) = take(
        &mut driver,
        Said {
            hours: 60,
            ..said(3, NEWS)
        }
        .part(),
    );
    assert_eq!(kinds(&changes), [Kind::StoryOpened, Kind::TopicOpened]);
    assert_eq!(again[0].version, 1, "another signal begins");
}

#[test]
fn the_title_is_what_most_texts_say_and_heat_and_languages_add_up() {
    let mut driver = driver();
    let odd = Said {
        score: 50.0,
        ..said(
            1,
            "Uniswap fee switch: my uncle says governance vote passes, buy the dip in favour of sharing fees now",
        )
    };
    let mut parts = vec![odd];
    parts.extend((2..6).map(|id| said(id, NEWS)));
    let told: Vec<Signal> = parts
        .iter()
        .flat_map(|said| take(&mut driver, said.part()).1)
        .collect();
    let last = told.last().unwrap();
    assert_eq!((last.evidence_count, last.title.as_str()), (5, NEWS));
    assert_eq!((last.heat_10m, last.heat_30m), (5, 5));
    assert!((last.slope_10m - 0.5).abs() < 1e-9);
}

fn corrected(action: Action, story: &Signal, with: Option<&Signal>) -> StoryPart {
    StoryPart {
        tenant: "default".to_owned(),
        correction: Some(Correction {
            action,
            story: story.story_key.clone().unwrap(),
            with: with.map(|with| with.story_key.clone().unwrap()),
            by: "alice".to_owned(),
            reason: "seen by eye".to_owned(),
        }),
        ..StoryPart::default()
    }
}

#[test]
fn two_stories_that_a_person_says_are_one_have_one_signal_and_the_history_says_who_said_so() {
    let mut driver = driver();
    let (_, news) = take(&mut driver, said(1, NEWS).part());
    let (_, other) = take(&mut driver, said(2, OTHER).part());
    let (changes, signals) = take(&mut driver, corrected(Action::Merge, &other[0], Some(&news[0])));
    assert_eq!(kinds(&changes), [Kind::StoriesMerged, Kind::TopicsMerged]);
    for change in &changes {
        assert_eq!(change.tier.as_deref(), Some("by_hand"));
        assert_eq!(
            (change.by.as_deref(), change.reason.as_deref()),
            (Some("alice"), Some("seen by eye"))
        );
        assert_eq!(change.similarity, None);
    }
    let closed: Vec<&Signal> = signals
        .iter()
        .filter(|signal| signal.state == SignalState::Closed)
        .collect();
    let open: Vec<&Signal> = signals
        .iter()
        .filter(|signal| signal.state != SignalState::Closed)
        .collect();
    assert_eq!((closed.len(), open.len()), (1, 1), "{signals:?}");
    assert_eq!(closed[0].merged_into.as_ref(), Some(&open[0].signal_key));
    assert_eq!(open[0].evidence_count, 2);
    let mut driver = driver.restarted();
    let (_, more) = take(&mut driver, said(3, OTHER).part());
    assert_eq!(
        (&more[0].signal_key, more[0].evidence_count),
        (&open[0].signal_key, 3)
    );
}

#[test]
fn a_pin_is_history_too_and_what_cannot_be_done_is_a_dead_letter() {
    let mut driver = driver();
    let (_, news) = take(&mut driver, said(1, NEWS).part());
    for (action, tier) in [(Action::Pin, "pinned"), (Action::Unpin, "unpinned")] {
        let (changes, _) = take(&mut driver, corrected(action, &news[0], None));
        assert_eq!(
            (kinds(&changes), changes[0].tier.as_deref()),
            (vec![Kind::StoryGrouped], Some(tier))
        );
    }
    let nothing = Signal {
        story_key: Some("x".to_owned()),
        ..Signal::default()
    };
    let wrong = [
        corrected(Action::Merge, &news[0], None),
        corrected(Action::Merge, &news[0], Some(&news[0])),
        corrected(Action::Split, &news[0], None),
        corrected(Action::Pin, &nothing, None),
    ];
    for part in wrong {
        match driver.apply(part, &cx(9)) {
            Settled::Dead(poison) => assert_eq!(poison.reason, REFUSED),
            other => panic!("{other:?}"),
        }
    }
}
