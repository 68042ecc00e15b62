use super::*;
use crate::story::{Stories, StoryLimits};
use crate::{Method, Reading, SlowWeights, SubjectId};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Default, Clone)]
struct Kept {
    stories: BTreeMap<ClusterId, Cluster>,
    topics: BTreeMap<ClusterId, Cluster>,
    story_links: BTreeMap<ClusterId, ClusterId>,
    topic_links: BTreeMap<ClusterId, ClusterId>,
}

impl Kept {
    fn stores(&mut self) -> TopicStores<'_> {
        TopicStores {
            stories: &mut self.stories,
            topics: &mut self.topics,
            story_links: &mut self.story_links,
            topic_links: &mut self.topic_links,
        }
    }

    fn topic_of(&mut self, story: ClusterId) -> ClusterId {
        let story = links::resolve(&mut self.story_links, story);
        links::resolve(&mut self.topic_links, story)
    }

    /// Every story that is open has a topic that is open.
    fn is_whole(&mut self) -> bool {
        let stories: Vec<ClusterId> = self.stories.keys().copied().collect();
        stories.into_iter().all(|story| {
            let topic = self.topic_of(story);
            self.topics.contains_key(&topic)
        })
    }
}

/// What one partition says of these texts, in the order of the texts.
fn said(texts: &[&str], first_id: u128) -> Vec<Representative> {
    let (mut stories, mut kept) = (Stories::new(StoryLimits::default()), BTreeMap::new());
    let ids = (first_id..).map(ClusterId);
    let joined = texts.iter().zip(ids).filter_map(|(text, id)| {
        let reading = Reading::of(text, None, &SlowWeights::default(), Method::default());
        stories.join(&mut kept, id, &reading, 0)?.told
    });
    joined.collect()
}

#[test]
fn partitions_meet() {
    let (mut topics, mut kept) = (Topics::new(TopicLimits::default()), Kept::default());
    let mut effects = Vec::new();
    for partition in [100, 200] {
        for one in said(
            &[
                "Binance hacked: hot wallet drained",
                "Apple Watch goes on sale in April",
            ],
            partition,
        ) {
            effects.extend(topics.fold(&mut kept.stores(), &one));
        }
    }
    assert_eq!(kept.stories.len(), 2);
    let linked = effects.iter().filter_map(|effect| match effect {
        Effect::Linked { part, why } => Some((part.0, why.cluster.0)),
        _ => None,
    });
    assert_eq!(linked.collect::<Vec<_>>(), [(200, 100), (201, 101)]);
    assert_ne!(kept.topic_of(ClusterId(200)), kept.topic_of(ClusterId(201)));
}

#[test]
fn stories_of_one_topic_are_grouped() {
    let (mut topics, mut kept) = (Topics::new(TopicLimits::default()), Kept::default());
    let texts = [
        "Titanfall launches on Xbox One",
        "Titanfall review: the Xbox One shooter we waited for",
        "Microsoft bundles Xbox One with Titanfall",
        "Fed raises interest rates",
    ];
    for (id, text) in (1..).zip(texts) {
        for one in said(&[text], id) {
            topics.fold(&mut kept.stores(), &one);
        }
    }
    let of = |kept: &mut Kept| [1, 2, 3, 4].map(|id| kept.topic_of(ClusterId(id)));
    let [a, b, c, d] = of(&mut kept);
    assert!(a == b && b == c && c != d, "{:?}", [a, b, c, d]);
}

#[test]
fn what_is_idle_ends_with_a_record() {
    let (mut topics, mut kept) = (Topics::new(TopicLimits::default()), Kept::default());
    let one = &said(&["Binance hacked: hot wallet drained"], 1)[0];
    topics.fold(&mut kept.stores(), one);
    assert_eq!(topics.end_idle(&mut kept.stores(), 48 * 3_600_000), None);
    let later = 48 * 3_600_000 + 1;
    let ended = [(); 3].map(|()| topics.end_idle(&mut kept.stores(), later));
    let (story, topic) = (ClusterId(1), ClusterId(1));
    assert_eq!(
        ended,
        [
            Some(Effect::StoryEnded { story }),
            Some(Effect::TopicEnded { topic }),
            None
        ]
    );
}

fn posts() -> impl Strategy<Value = Vec<Vec<&'static str>>> {
    let texts = vec![
        "Binance hacked",
        "Binance wallet drained by hackers",
        "Hackers drain Binance hot wallet",
        "Fed raises rates",
        "Fed hikes interest rates again",
        "Interest rates: the Fed hikes",
        "Titanfall on Xbox",
        "Xbox server trouble",
        "Titanfall launch: Xbox servers down",
        "Apple Watch price",
        "Apple Watch launch date",
        "Xbox price",
        "launch",
    ];
    prop::collection::vec(prop::collection::vec(prop::sample::select(texts), 0..25), 1..4)
}

/// Links as whoever hears of the effects alone knows them.
#[derive(Default)]
struct Heard {
    stories: BTreeMap<ClusterId, ClusterId>,
    topics: BTreeMap<ClusterId, ClusterId>,
}

impl Heard {
    fn hear(&mut self, effect: &Effect) {
        match effect {
            Effect::StoryOpened { story } => self.stories.insert(*story, *story),
            Effect::Linked { part: from, why } | Effect::StoriesMerged { from, why } => {
                self.stories.insert(*from, why.cluster)
            }
            Effect::TopicOpened { story } => self.topics.insert(*story, *story),
            Effect::Grouped { story: from, why } | Effect::TopicsMerged { from, why } => {
                self.topics.insert(*from, why.cluster)
            }
            Effect::StoryEnded { .. } | Effect::TopicEnded { .. } => None,
        };
    }

    fn topic_of(&self, part: ClusterId) -> ClusterId {
        end(&self.topics, end(&self.stories, part))
    }
}

fn end(links: &BTreeMap<ClusterId, ClusterId>, mut id: ClusterId) -> ClusterId {
    while let Some(next) = links.get(&id).filter(|next| **next != id) {
        id = *next;
    }
    id
}

proptest! {
    #[test]
    fn effects_say_all_that_is_known_of_what_belongs_together(posts in posts(), turns in 1..4_usize) {
        let limits = TopicLimits { most: 3, ..TopicLimits::default() };
        let said: Vec<_> = (0_u128..).zip(&posts).flat_map(|(part, texts)| said(texts, part * 100)).collect();
        let (mut topics, mut kept, mut heard) = (Topics::new(limits), Kept::default(), Heard::default());
        for one in said.iter().cycle().take(said.len() * turns) {
            for effect in topics.fold(&mut kept.stores(), one) {
                heard.hear(&effect);
            }
            for part in &said {
                prop_assert_eq!(heard.topic_of(part.story), kept.topic_of(part.story), "{:?}", part.story);
            }
        }
    }

    #[test]
    fn what_is_restored_goes_on_alike_and_nothing_is_without_a_topic(posts in posts(), at in 0..40_usize) {
        let limits = TopicLimits { most: 5, ..TopicLimits::default() };
        let said: Vec<_> = (0_u128..).zip(&posts).flat_map(|(part, texts)| said(texts, part * 100)).collect();
        let (mut topics, mut kept) = (Topics::new(limits), Kept::default());
        let mut restored: Option<(Topics, Kept)> = None;
        for (number, one) in said.iter().enumerate() {
            if number == at {
                let copy = kept.clone();
                let stories = copy.stories.iter().rev().map(|(id, cluster)| (*id, cluster));
                let again = Topics::of(limits, stories, copy.topics.iter().map(|(id, cluster)| (*id, cluster)));
                restored = Some((again, copy));
            }
            let effects = topics.fold(&mut kept.stores(), one);
            if let Some((again, copy)) = &mut restored {
                prop_assert_eq!(&effects, &again.fold(&mut copy.stores(), one));
            }
            prop_assert!(kept.stories.len() <= 5 && kept.topics.len() <= 5);
        }
        if said.len() < 5 {
            prop_assert!(kept.is_whole());
        }
    }

    #[test]
    fn no_text_is_lost(posts in posts()) {
        let said: Vec<_> = (0_u128..).zip(&posts).flat_map(|(part, texts)| said(texts, part * 100)).collect();
        let (mut topics, mut kept) = (Topics::new(TopicLimits::default()), Kept::default());
        for one in &said {
            topics.fold(&mut kept.stores(), one);
            prop_assert!(kept.is_whole());
        }
        let all: u32 = said.iter().map(|one| one.sums.texts).sum();
        for clusters in [&kept.stories, &kept.topics] {
            prop_assert_eq!(clusters.values().map(Cluster::texts).sum::<u32>(), all);
        }
    }
}

const XBOX: [&str; 3] = [
    "Titanfall launches on Xbox One",
    "Titanfall review: the Xbox One shooter we waited for",
    "Microsoft bundles Xbox One with Titanfall",
];

/// What one partition says of a text about a subject.
fn about(text: &str, subject: u128, id: u128) -> Representative {
    let reading = Reading::of(text, None, &SlowWeights::default(), Method::default());
    let reading = reading.about(SubjectId::of(&subject.to_string()));
    let (mut stories, mut kept) = (Stories::new(StoryLimits::default()), BTreeMap::new());
    let joined = stories.join(&mut kept, ClusterId(id), &reading, 0).unwrap();
    joined.told.unwrap()
}

/// Stories of a topic, which are about different things, and one of another.
fn folded() -> (Topics, Kept) {
    let (mut topics, mut kept) = (Topics::new(TopicLimits::default()), Kept::default());
    let texts = XBOX
        .iter()
        .chain(&["Earthquake shakes Chile, thousands leave their homes"]);
    for (number, text) in (1..).zip(texts) {
        topics.fold(&mut kept.stores(), &about(text, number, 100 * number));
    }
    (topics, kept)
}

#[test]
fn two_stories_are_one_by_hand_and_their_topics_too() {
    let (mut topics, mut kept) = folded();
    let (xbox, chile) = (ClusterId(100), ClusterId(400));
    assert_ne!(kept.topic_of(xbox), kept.topic_of(chile));
    let effects = topics.merge_by_hand(&mut kept.stores(), chile, xbox).unwrap();
    assert!(matches!(effects[0], Effect::StoriesMerged { .. }), "{effects:?}");
    assert_eq!(kept.topic_of(xbox), kept.topic_of(chile));
    assert!(kept.is_whole());
    assert_eq!(
        topics.merge_by_hand(&mut kept.stores(), xbox, chile),
        Err(Refused::One)
    );
    let over = topics
        .merge_by_hand(&mut kept.stores(), ClusterId(7), xbox)
        .unwrap();
    assert!(
        matches!(&over[0], Effect::StoriesMerged { from, .. } if *from == ClusterId(7)),
        "what is over goes into what is open: {over:?}"
    );
}

#[test]
fn a_story_that_was_split_off_its_topic_stays_apart_as_both_grow() {
    let (mut topics, mut kept) = folded();
    let stories: Vec<ClusterId> = kept.stories.keys().copied().collect();
    let apart = stories.into_iter().find(|story| kept.topic_of(*story) != *story);
    let apart = apart.expect("some story is in the topic of another");
    let before = kept.topic_of(apart);
    let new = ClusterId(9_999);
    let effects = topics.split_by_hand(&mut kept.stores(), apart, new).unwrap();
    assert!(
        matches!(&effects[..], [Effect::Grouped { story, why }] if *story == apart && why.cluster == new)
    );
    for round in 0..8_u128 {
        for (number, text) in (1..).zip(XBOX) {
            let said = about(text, number, 10_000 + 10 * round + number);
            topics.fold(&mut kept.stores(), &said);
        }
    }
    let after = kept.topic_of(apart);
    assert_eq!(after, new);
    assert_ne!(kept.topic_of(before), after);
    assert!(kept.is_whole());
}

#[test]
fn what_names_its_topic_is_not_split_off_it_and_what_is_over_is_not_pinned() {
    let (mut topics, mut kept) = folded();
    let named = kept.topic_of(ClusterId(100));
    let split = topics.split_by_hand(&mut kept.stores(), named, ClusterId(9_999));
    assert_eq!(split, Err(Refused::NamesTopic));
    assert_eq!(
        topics.pin_by_hand(&mut kept.stores(), ClusterId(7), true),
        Err(Refused::Over)
    );
    let (story, topic) = topics
        .pin_by_hand(&mut kept.stores(), ClusterId(100), true)
        .unwrap();
    assert!(kept.stories[&story].pinned && kept.topics[&topic].pinned);
    topics
        .pin_by_hand(&mut kept.stores(), ClusterId(100), false)
        .unwrap();
    assert!(!kept.stories[&story].pinned && !kept.topics[&topic].pinned);
}
