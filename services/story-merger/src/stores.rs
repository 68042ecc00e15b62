//! What the stage remembers of one partition: the stories and topics of the tenants that come in it.

use model::Millis;
use sameness::{Cluster, ClusterId, ClusterStore, Links, TopicLimits, TopicStores, Topics};
use serde::{Deserialize, Serialize};
use signals::Standing;
use stage::{AnyStore, Expiring, Format, Lateness, Store, Stores, Timers, Tracked};
use std::collections::HashMap;

const DAY: Millis = 24 * 60 * 60 * 1000;

/// As the dedup-aggregator has it, who bounds the times of events.
const LATENESS: Lateness = Lateness {
    allowed: 60 * 1000,
    idle_after: 10 * 60 * 1000,
    ahead: DAY,
};

/// The stores of one task.
#[derive(Debug)]
pub struct MergerStores {
    /// Open stories, by id.
    pub(crate) stories: Tracked<Store<u128, Kept>>,
    /// Open topics, by id.
    pub(crate) topics: Tracked<Store<u128, Kept>>,
    /// From parts to stories, and from stories that were merged to those that took them in.
    pub(crate) story_links: Expiring<u128, ClusterId>,
    /// From stories to topics, and from topics that were merged to those that took them in.
    pub(crate) topic_links: Expiring<u128, ClusterId>,
    /// The evidence of open stories, by the story's id.
    pub(crate) signals: Store<u128, Standing>,
    /// When all stories of a tenant end if nothing is heard of them before.
    pub(crate) timers: Timers,
    /// What finds stories and topics, by tenant; made of the stores.
    topics_of: HashMap<String, Topics>,
}

/// A story or topic, and whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) tenant: String,
    pub(crate) cluster: Cluster,
}

impl Default for MergerStores {
    fn default() -> Self {
        Self {
            // The second version knows what is pinned.
            stories: Tracked::new(Store::new("stories").with_format(Format::version(2))),
            topics: Tracked::new(Store::new("topics").with_format(Format::version(2))),
            story_links: Expiring::new("story-links", 4 * DAY),
            topic_links: Expiring::new("topic-links", 4 * DAY),
            signals: Store::new("signals").with_format(Format::version(2)),
            timers: Timers::new("timers", LATENESS),
            topics_of: HashMap::new(),
        }
    }
}

impl Stores for MergerStores {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.stories);
        visit(&mut self.topics);
        visit(&mut self.story_links);
        visit(&mut self.topic_links);
        visit(&mut self.signals);
        visit(&mut self.timers);
    }

    fn timers(&mut self) -> Option<&mut Timers> {
        Some(&mut self.timers)
    }
}

impl MergerStores {
    /// What finds a tenant's stories and topics, and the stores as it sees them.
    pub(crate) fn of<T>(
        &mut self,
        tenant: &str,
        limits: TopicLimits,
        act: impl FnOnce(&mut Topics, &mut TopicStores<'_>) -> T,
    ) -> T {
        let (stories, topics) = (self.stories.changed_unseen(), self.topics.changed_unseen());
        if stories || topics {
            self.topics_of = index(&self.stories, &self.topics, limits);
        }
        let life = limits.idle.saturating_mul(2);
        self.story_links.set_ttl(life);
        self.topic_links.set_ttl(life);
        let found = self
            .topics_of
            .entry(tenant.to_owned())
            .or_insert_with(|| Topics::new(limits));
        let (mut stories, mut topics) = (Of(tenant, &mut self.stories), Of(tenant, &mut self.topics));
        let (mut story_links, mut topic_links) =
            (Linked(&mut self.story_links), Linked(&mut self.topic_links));
        act(
            found,
            &mut TopicStores {
                stories: &mut stories,
                topics: &mut topics,
                story_links: &mut story_links,
                topic_links: &mut topic_links,
            },
        )
    }
}

fn index(
    stories: &Store<u128, Kept>,
    topics: &Store<u128, Kept>,
    limits: TopicLimits,
) -> HashMap<String, Topics> {
    let mut kept: HashMap<&str, [Vec<(ClusterId, &Cluster)>; 2]> = HashMap::new();
    for (id, story) in stories.iter() {
        let [stories, _] = kept.entry(&story.tenant).or_default();
        stories.push((ClusterId(*id), &story.cluster));
    }
    for (id, topic) in topics.iter() {
        let [_, topics] = kept.entry(&topic.tenant).or_default();
        topics.push((ClusterId(*id), &topic.cluster));
    }
    let each = kept.into_iter();
    each.map(|(tenant, [stories, topics])| (tenant.to_owned(), Topics::of(limits, stories, topics)))
        .collect()
}

/// The clusters of one tenant.
struct Of<'s>(&'s str, &'s mut Store<u128, Kept>);

impl ClusterStore for Of<'_> {
    fn get(&self, id: ClusterId) -> Option<&Cluster> {
        let kept = self.1.get(&id.0).filter(|kept| kept.tenant == self.0);
        kept.map(|kept| &kept.cluster)
    }

    fn put(&mut self, id: ClusterId, cluster: Cluster) {
        let tenant = self.0.to_owned();
        self.1.put(id.0, Kept { tenant, cluster });
    }

    fn remove(&mut self, id: ClusterId) {
        self.1.delete(id.0);
    }
}

struct Linked<'s>(&'s mut Expiring<u128, ClusterId>);

impl Links for Linked<'_> {
    fn get(&self, from: ClusterId) -> Option<ClusterId> {
        self.0.get(&from.0).copied()
    }

    fn put(&mut self, from: ClusterId, to: ClusterId) {
        self.0.put(from.0, to);
    }

    fn remove(&mut self, from: ClusterId) {
        self.0.delete(from.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sameness::{SubjectId, SumTerm, Sums, Term, VectorSum, Weight};
    use serde::de::value::{Error, SeqDeserializer};
    use signals::Told;
    use stage::golden;

    const NONE: fn() -> MergerStores = MergerStores::default;

    fn kept() -> Kept {
        let numbers = SeqDeserializer::<_, Error>::new(-64_i16..64);
        let sums = Sums {
            texts: 2,
            terms: vec![SumTerm {
                term: Term::of("whale"),
                mass: 27,
                weight: Weight::of(4.5),
                key: true,
            }],
            vector: Some(VectorSum::deserialize(numbers).unwrap()),
            subject: Some(SubjectId::of("symbol:UNI")),
        };
        let mut cluster = Cluster::new(sums, 1, 9);
        cluster.pinned = true;
        Kept {
            tenant: "acme".into(),
            cluster,
        }
    }

    #[test]
    fn stories_and_topics_are_written_as_they_always_were() {
        let versions = [
            include_str!("../tests/golden/kept.v1.hex"),
            include_str!("../tests/golden/kept.v2.hex"),
        ];
        let (mut stories, mut topics) = (NONE().stories, NONE().topics);
        stories.put(7, kept());
        topics.put(7, kept());
        assert_eq!(golden(stories, || NONE().stories, &versions), Ok(()));
        assert_eq!(golden(topics, || NONE().topics, &versions), Ok(()));
    }

    #[test]
    fn links_are_written_as_they_always_were() {
        let versions = [include_str!("../tests/golden/links.v1.hex")];
        let (mut stories, mut topics) = (NONE().story_links, NONE().topic_links);
        for links in [&mut stories, &mut topics] {
            links.advance(1_700_000_000_000);
            links.put(7, ClusterId(9));
        }
        assert_eq!(golden(stories, || NONE().story_links, &versions), Ok(()));
        assert_eq!(golden(topics, || NONE().topic_links, &versions), Ok(()));
    }

    #[test]
    fn signals_are_written_as_they_always_were() {
        let mut standing = Standing {
            sources: vec![1, u64::MAX],
            best: 3.5,
            senders: vec![7],
            unnamed: 1,
            told: Some(Told {
                evidence: 16,
                state: model::SignalState::Closed,
                headline: 9,
                at: 1_700_000_000_000,
            }),
            ..Standing::default()
        };
        standing.signal.signal_key = "sig_1".into();
        standing.signal.evidence_count = 20;
        standing.signal.langs = [("en".to_owned(), 20)].into();
        let mut signals = NONE().signals;
        signals.put(7, standing);
        let versions = [
            include_str!("../tests/golden/signals.v1.hex"),
            include_str!("../tests/golden/signals.v2.hex"),
        ];
        assert_eq!(golden(signals, || NONE().signals, &versions), Ok(()));
    }
}
