use super::*;
use crate::{Method, SlowWeights};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Kept = BTreeMap<ClusterId, Cluster>;

const HOUR: Millis = 3_600_000;

fn reading(text: &str) -> Reading {
    Reading::of(text, None, &SlowWeights::default(), Method::default())
}

fn join(stories: &mut Stories, kept: &mut Kept, id: u128, text: &str, time: Millis) -> Joined {
    stories.join(kept, ClusterId(id), &reading(text), time).unwrap()
}

#[test]
fn headlines_of_one_thing_are_one_story() {
    let (mut stories, mut kept) = (Stories::new(StoryLimits::default()), Kept::new());
    let opened = join(
        &mut stories,
        &mut kept,
        1,
        "Titanfall launches on Xbox One with server trouble",
        0,
    );
    assert_eq!((opened.story, &opened.why), (ClusterId(1), &None));
    let joined = join(
        &mut stories,
        &mut kept,
        2,
        "Xbox One: Titanfall launch hit by server trouble",
        HOUR,
    );
    assert_eq!(joined.story, ClusterId(1));
    let why = joined.why.unwrap();
    assert!(
        why.similarity > 0.5 && why.shared.contains(&crate::Term::of("titanfal")),
        "{why:?}"
    );
    let other = join(
        &mut stories,
        &mut kept,
        3,
        "ECB keeps interest rates unchanged",
        HOUR,
    );
    assert_eq!(other.story, ClusterId(3));
    assert_eq!(stories.len(), 2);
}

#[test]
fn other_languages_meet_by_words() {
    let pairs = [
        (
            "zh",
            "交易所在热钱包遭到攻击后暂停提现",
            "热钱包遭到攻击 交易所暂停提现",
        ),
        (
            "ru",
            "Биржа приостановила вывод средств после взлома кошелька",
            "После взлома кошелька биржа приостановила вывод",
        ),
        (
            "es",
            "El banco central sube los tipos de interés en marzo",
            "Sube los tipos de interés el banco central",
        ),
    ];
    for (lang, a, b) in pairs {
        let (mut stories, mut kept) = (Stories::new(StoryLimits::default()), Kept::new());
        let read = |text| Reading::of(text, Some(lang), &SlowWeights::default(), Method::default());
        assert!(!read(a).has_vector());
        stories.join(&mut kept, ClusterId(1), &read(a), 0);
        let joined = stories.join(&mut kept, ClusterId(2), &read(b), 0).unwrap();
        assert_eq!(joined.story, ClusterId(1), "{a}");
    }
}

#[test]
fn what_is_told_adds_up_to_the_story() {
    let (mut stories, mut kept) = (Stories::new(StoryLimits::default()), Kept::new());
    let mut told = Vec::new();
    for id in 1..=20 {
        let joined = join(
            &mut stories,
            &mut kept,
            id,
            &format!("Exchange Binance hacked {id}"),
            0,
        );
        assert_eq!(joined.story, ClusterId(1));
        told.extend(joined.told);
    }
    let texts: Vec<u32> = told.iter().map(|told| told.sums.texts).collect();
    assert_eq!(
        texts,
        [1, 1, 1, 1, 2, 2, 4, 4],
        "at birth and at each half doubling"
    );
    let ended = stories.end_idle(&mut kept, 49 * HOUR).unwrap();
    told.extend(ended.told);
    let mut sum = Sums::default();
    for told in &told {
        sum.fold(&told.sums);
    }
    assert_eq!((sum.texts, kept.len()), (20, 0));
    assert!(stories.end_idle(&mut kept, Millis::MAX).is_none());
}

#[test]
fn a_slow_story_is_told_of_before_it_would_be_forgotten() {
    let (mut stories, mut kept) = (Stories::new(StoryLimits::default()), Kept::new());
    let told = (0..10).filter(|day| {
        let joined = join(
            &mut stories,
            &mut kept,
            1 + *day,
            "Exchange Binance hacked",
            i64::try_from(*day).unwrap() * 25 * HOUR,
        );
        joined.told.is_some()
    });
    assert_eq!(told.count(), 10);
}

#[test]
fn a_flood_of_unique_texts_is_bounded() {
    let limits = StoryLimits {
        most: 100,
        ..StoryLimits::default()
    };
    let (mut stories, mut kept) = (Stories::new(limits), Kept::new());
    for id in 0..1_000_u128 {
        let text = format!("x{id} y{id} z{id}");
        let joined = join(&mut stories, &mut kept, id, &text, i64::try_from(id).unwrap());
        assert_eq!(joined.ended.is_some(), id >= 100);
    }
    assert_eq!((stories.len(), kept.len()), (100, 100));
    let long: Vec<String> = (0..5_000).map(|word| format!("w{word}")).collect();
    join(&mut stories, &mut kept, 9_999, &long.join(" "), 1_000);
    let largest = kept.values().map(|cluster| cluster.sums.terms.len()).max();
    assert!(largest <= Some(64), "{largest:?}");
}

#[test]
fn a_story_of_many_different_texts_keeps_few_terms() {
    let (mut stories, mut kept) = (Stories::new(StoryLimits::default()), Kept::new());
    for id in 0..1_000_u128 {
        let text = format!("Binance Hacked Binance Exchange Hot Wallet Drained w{id} v{id}");
        let joined = join(&mut stories, &mut kept, id, &text, 0);
        assert_eq!(joined.story, ClusterId(0), "{id}");
    }
    assert!(kept[&ClusterId(0)].sums.terms.len() <= 144);
}

#[test]
fn nothing_to_say_is_no_story() {
    let (mut stories, mut kept) = (Stories::new(StoryLimits::default()), Kept::new());
    for text in ["", "the of and", "!!! 😀 https://a.example/b"] {
        assert!(
            stories.join(&mut kept, ClusterId(1), &reading(text), 0).is_none(),
            "{text}"
        );
    }
}

/// Texts of few words, so that many join; times that go back and forth.
fn posts() -> impl Strategy<Value = Vec<(String, Millis)>> {
    let word = prop::sample::select(vec![
        "Binance",
        "hack",
        "wallet",
        "Fed",
        "rates",
        "inflation",
        "Xbox",
        "launch",
        "server",
        "Apple",
        "watch",
        "price",
    ]);
    let text = prop::collection::vec(word, 1..6).prop_map(|words| words.join(" "));
    prop::collection::vec((text, 0..400 * HOUR), 0..80)
}

proptest! {
    #[test]
    fn what_is_restored_goes_on_alike(posts in posts(), at in 0..80_usize) {
        let limits = StoryLimits { most: 20, ..StoryLimits::default() };
        let (mut stories, mut kept) = (Stories::new(limits), Kept::new());
        let mut restored: Option<(Stories, Kept)> = None;
        for (number, (text, time)) in posts.iter().enumerate() {
            if number == at {
                let bytes = rmp_serde::to_vec(&kept).unwrap();
                let copy: Kept = rmp_serde::from_slice(&bytes).unwrap();
                prop_assert_eq!(&copy, &kept);
                let again = Stories::of(limits, copy.iter().rev().map(|(id, cluster)| (*id, cluster)));
                restored = Some((again, copy));
            }
            let id = ClusterId(number as u128);
            let step = |stories: &mut Stories, kept: &mut Kept| {
                let mut ended = Vec::new();
                while let Some(story) = stories.end_idle(kept, time - HOUR) {
                    ended.push(story);
                }
                (ended, stories.join(kept, id, &reading(text), *time))
            };
            let got = step(&mut stories, &mut kept);
            if let Some((again, copy)) = &mut restored {
                prop_assert_eq!(&got, &step(again, copy));
            }
            prop_assert_eq!(stories.len(), kept.len());
            prop_assert!(kept.len() <= 20);
        }
    }
}
