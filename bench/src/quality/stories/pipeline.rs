//! Both phases in one pass, as the program runs them: some partitions, then one order of what they say.

use super::data::Item;
use crate::random::SplittableRandom;
use sameness::{
    Cluster, ClusterId, Method, Reading, Representative, SlowWeights, Stories, StoryLimits, TopicLimits,
    TopicStores, Topics,
};
use std::collections::{BTreeMap, HashMap};

const DAY: i64 = 86_400_000;

/// What is varied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub(super) method: Method,
    /// Each text goes to a random one.
    pub(super) partitions: usize,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            method: Method::default(),
            partitions: 1,
        }
    }
}

/// Where each text belongs at the end, merges followed.
pub(super) struct Placed {
    pub(super) stories: Vec<ClusterId>,
    pub(super) topics: Vec<ClusterId>,
    /// What the partitions said.
    pub(super) messages: usize,
}

struct Partition {
    slow: SlowWeights,
    stories: Stories,
    kept: HashMap<ClusterId, Cluster>,
}

impl Partition {
    fn new() -> Self {
        Self {
            slow: SlowWeights::default(),
            stories: Stories::new(StoryLimits::default()),
            kept: HashMap::new(),
        }
    }

    /// The story of a text, and what is to be told.
    fn take(&mut self, id: ClusterId, item: &Item, method: Method) -> (ClusterId, Vec<Representative>) {
        let day = i32::try_from(item.time.div_euclid(DAY)).unwrap_or(i32::MAX);
        let lang = text::language::detect(&item.text).map(|lang| lang.code);
        let reading = Reading::of(&item.text, lang, &self.slow, method);
        self.slow.see(day, &reading);
        let mut told = Vec::new();
        while let Some(ended) = self.stories.end_idle(&mut self.kept, item.time) {
            told.extend(ended.told);
        }
        let Some(joined) = self.stories.join(&mut self.kept, id, &reading, item.time) else {
            return (id, told);
        };
        told.extend(joined.ended.and_then(|ended| ended.told));
        told.extend(joined.told);
        (joined.story, told)
    }
}

#[derive(Default)]
struct SecondPhase {
    stories: HashMap<ClusterId, Cluster>,
    topics: HashMap<ClusterId, Cluster>,
    story_links: BTreeMap<ClusterId, ClusterId>,
    topic_links: BTreeMap<ClusterId, ClusterId>,
}

impl SecondPhase {
    fn take(&mut self, topics: &mut Topics, said: &[Representative], now: i64) {
        let mut stores = TopicStores {
            stories: &mut self.stories,
            topics: &mut self.topics,
            story_links: &mut self.story_links,
            topic_links: &mut self.topic_links,
        };
        while topics.end_idle(&mut stores, now).is_some() {}
        for said in said {
            topics.fold(&mut stores, said);
        }
    }
}

/// Places texts in this order.
pub(super) fn place(items: &[&Item], setting: Setting) -> Placed {
    let mut partitions: Vec<Partition> = (0..setting.partitions).map(|_| Partition::new()).collect();
    let (mut topics, mut second) = (Topics::new(TopicLimits::default()), SecondPhase::default());
    let mut random = SplittableRandom::new(7);
    let (mut local, mut messages) = (Vec::with_capacity(items.len()), 0);
    for (number, item) in (0_u128..).zip(items) {
        let bound = u32::try_from(partitions.len()).unwrap_or(u32::MAX);
        let partition = &mut partitions[random.below(bound) as usize];
        let (story, said) = partition.take(ClusterId(number), item, setting.method);
        local.push(story);
        messages += said.len();
        second.take(&mut topics, &said, item.time);
    }
    let stories: Vec<ClusterId> = local.into_iter().map(|id| end(&second.story_links, id)).collect();
    let topics = stories.iter().map(|id| end(&second.topic_links, *id)).collect();
    Placed {
        stories,
        topics,
        messages,
    }
}

fn end(links: &BTreeMap<ClusterId, ClusterId>, id: ClusterId) -> ClusterId {
    let mut end = id;
    while let Some(next) = links.get(&end).filter(|next| **next != end) {
        end = *next;
    }
    end
}
