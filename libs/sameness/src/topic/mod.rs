//! The second phase: stories of all partitions become stories of the tenant, and these topics; whole clusters merge as
//! they grow. One order of representatives gives one result. No I/O, no clock.
//!
//! Nothing changes silently: whatever is linked, grouped or merged is an [`Effect`]. Which id a story or topic goes by
//! now is in [`Links`]: an id that was merged points to the one that took it in.

mod by_hand;
mod effect;
mod links;

pub use by_hand::Refused;
pub use effect::Effect;
pub use links::{Links, follow};

use crate::cluster::{Cluster, ClusterId, ClusterStore, Clusters, Level, Match, Millis, Query, Step};
use crate::story::Representative;

/// When stories and topics are the same, and when they end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TopicLimits {
    /// From which similarity on stories are one.
    pub stories: Level,
    /// The same while the common words of the stream are not known.
    pub new_stream: Level,
    /// From which similarity on stories are of one topic.
    pub topics: Level,
    /// A story or topic ends after so long without a representative, in ms of event time.
    pub idle: Millis,
    /// Open stories, and open topics, at most; beyond it the longest idle ends.
    pub most: usize,
}

impl Default for TopicLimits {
    fn default() -> Self {
        Self {
            stories: Level::STORY,
            new_stream: Level::NEW_STREAM,
            topics: Level::TOPIC,
            idle: 48 * 3_600_000,
            most: 200_000,
        }
    }
}

impl TopicLimits {
    fn story_level(&self, said: &Representative) -> Level {
        if said.of_new_stream {
            self.new_stream
        } else {
            self.stories
        }
    }
}

/// Where the second phase keeps what it knows.
pub struct TopicStores<'s> {
    /// Open stories.
    pub stories: &'s mut dyn ClusterStore,
    /// Open topics.
    pub topics: &'s mut dyn ClusterStore,
    /// From a partition's story to the tenant's, and from one that was merged to the one that took it in.
    pub story_links: &'s mut dyn Links,
    /// From a story to its topic, and from a topic that was merged to the one that took it in.
    pub topic_links: &'s mut dyn Links,
}

/// The open stories and topics of one tenant.
#[derive(Debug, Clone)]
pub struct Topics {
    stories: Clusters,
    groups: Clusters,
    limits: TopicLimits,
}

impl Topics {
    /// None.
    pub fn new(limits: TopicLimits) -> Self {
        Self {
            stories: Clusters::default(),
            groups: Clusters::default(),
            limits,
        }
    }

    /// Those of the stores, in any order: after a restart, or after changes of the stores were dropped.
    pub fn of<'c>(
        limits: TopicLimits,
        stories: impl IntoIterator<Item = (ClusterId, &'c Cluster)>,
        topics: impl IntoIterator<Item = (ClusterId, &'c Cluster)>,
    ) -> Self {
        Self {
            stories: Clusters::of(stories),
            groups: Clusters::of(topics),
            limits,
        }
    }

    /// Folds what a story of a partition says; gives what changed, in its order.
    pub fn fold(&mut self, stores: &mut TopicStores<'_>, said: &Representative) -> Vec<Effect> {
        let mut effects = Vec::new();
        let known = links::resolve(stores.story_links, said.story);
        let story = if stores.stories.get(known).is_some() {
            self.grow_story(stores, known, said, &mut effects);
            known
        } else {
            self.place(stores, said, &mut effects)
        };
        self.grow_topic(stores, story, said, &mut effects);
        self.end_too_many(stores, &mut effects);
        effects
    }

    /// The story that a partition's story is part of: one that is alike, or a new one.
    fn place(
        &mut self,
        stores: &mut TopicStores<'_>,
        said: &Representative,
        effects: &mut Vec<Effect>,
    ) -> ClusterId {
        let query = Query::of_cluster(&said.sums);
        if let Some(why) = self.stories.best(
            stores.stories,
            &self.limits.story_level(said),
            &query,
            Step::Join,
            None,
        ) {
            let story = why.cluster;
            stores.story_links.put(said.story, story);
            effects.push(Effect::Linked {
                part: said.story,
                why,
            });
            self.grow_story(stores, story, said, effects);
            return story;
        }
        self.stories.open(stores.stories, said.story, opened(said));
        stores.story_links.remove(said.story);
        stores.topic_links.remove(said.story);
        effects.push(Effect::StoryOpened { story: said.story });
        said.story
    }

    /// Adds to a story; as it grows, stories that are alike become one, and so do their topics.
    fn grow_story(
        &mut self,
        stores: &mut TopicStores<'_>,
        story: ClusterId,
        said: &Representative,
        effects: &mut Vec<Effect>,
    ) {
        if !grow(&mut self.stories, stores.stories, story, said) {
            return;
        }
        let (mut story, level) = (story, self.limits.story_level(said));
        while let Some(why) = like_story(&mut self.stories, stores.stories, &level, story) {
            let Some((from, into)) = merge(&mut self.stories, stores.stories, story, why.cluster) else {
                return;
            };
            let [left, kept] = [from, into].map(|story| links::resolve(stores.topic_links, story));
            stores.story_links.put(from, into);
            effects.push(Effect::StoriesMerged {
                from,
                why: Match {
                    cluster: into,
                    ..why.clone()
                },
            });
            self.join_topics(stores, left, kept, why, effects);
            story = into;
        }
    }

    /// One story has one topic: where two stories became one, their topics do.
    fn join_topics(
        &mut self,
        stores: &mut TopicStores<'_>,
        left: ClusterId,
        kept: ClusterId,
        why: Match,
        effects: &mut Vec<Effect>,
    ) {
        if left != kept
            && let Some((from, into)) = merge(&mut self.groups, stores.topics, left, kept)
        {
            stores.topic_links.put(from, into);
            effects.push(Effect::TopicsMerged {
                from,
                why: Match { cluster: into, ..why },
            });
        }
    }

    /// Adds to the topic of a story, which is found or opened where it has none; as it grows, topics merge.
    fn grow_topic(
        &mut self,
        stores: &mut TopicStores<'_>,
        story: ClusterId,
        said: &Representative,
        effects: &mut Vec<Effect>,
    ) {
        let story = links::resolve(stores.story_links, story);
        let mut topic = links::resolve(stores.topic_links, story);
        if stores.topics.get(topic).is_none() {
            let query = Query::of_cluster(&said.sums).of_any_subject();
            let why = self
                .groups
                .best(stores.topics, &self.limits.topics, &query, Step::Join, None);
            let Some(why) = why else {
                self.groups.open(stores.topics, story, opened(said));
                stores.topic_links.remove(story);
                effects.push(Effect::TopicOpened { story });
                return;
            };
            stores.topic_links.put(story, why.cluster);
            topic = why.cluster;
            effects.push(Effect::Grouped { story, why });
        }
        if !grow(&mut self.groups, stores.topics, topic, said) {
            return;
        }
        while let Some(why) = like_topic(&mut self.groups, stores.topics, &self.limits.topics, topic) {
            let Some((from, into)) = merge(&mut self.groups, stores.topics, topic, why.cluster) else {
                return;
            };
            stores.topic_links.put(from, into);
            effects.push(Effect::TopicsMerged {
                from,
                why: Match { cluster: into, ..why },
            });
            topic = into;
        }
    }

    /// The event time of the latest text of an open story; `None` where none is open.
    pub fn latest(&self) -> Option<Millis> {
        self.stories.latest()
    }

    /// Ends one story or topic whose latest text is more than the idle time before `now`; `None` once there is no other.
    pub fn end_idle(&mut self, stores: &mut TopicStores<'_>, now: Millis) -> Option<Effect> {
        let before = now.saturating_sub(self.limits.idle);
        self.end(stores, before, usize::MAX)
    }

    fn end_too_many(&mut self, stores: &mut TopicStores<'_>, effects: &mut Vec<Effect>) {
        while let Some(ended) = self.end(stores, Millis::MIN, self.limits.most) {
            effects.push(ended);
        }
    }

    fn end(&mut self, stores: &mut TopicStores<'_>, before: Millis, most: usize) -> Option<Effect> {
        if let Some(story) = self.stories.due(before, most) {
            self.stories.close(stores.stories, story);
            return Some(Effect::StoryEnded { story });
        }
        let topic = self.groups.due(before, most)?;
        self.groups.close(stores.topics, topic);
        Some(Effect::TopicEnded { topic })
    }
}

fn opened(said: &Representative) -> Cluster {
    Cluster::new(said.sums.clone(), said.first, said.last)
}

/// Adds to a cluster; true where it has grown so far that others may be like it now.
fn grow(clusters: &mut Clusters, kept: &mut dyn ClusterStore, id: ClusterId, said: &Representative) -> bool {
    let Some(mut cluster) = kept.get(id).cloned() else {
        return false;
    };
    cluster.fold(&said.sums, said.first, said.last);
    clusters.change(kept, id, cluster)
}

/// The cluster, where nobody said that it merges with no other.
fn may_merge(kept: &dyn ClusterStore, id: ClusterId) -> Option<&Cluster> {
    kept.get(id).filter(|cluster| !cluster.pinned)
}

/// The story to merge this one with.
fn like_story(
    stories: &mut Clusters,
    kept: &dyn ClusterStore,
    level: &Level,
    id: ClusterId,
) -> Option<Match> {
    let query = may_merge(kept, id)?.query();
    stories.best(kept, level, &query, Step::Merge, Some(id))
}

/// The topic to merge this one with, whatever the stories of both are about.
fn like_topic(topics: &mut Clusters, kept: &dyn ClusterStore, level: &Level, id: ClusterId) -> Option<Match> {
    let query = may_merge(kept, id)?.query().of_any_subject();
    topics.best(kept, level, &query, Step::Merge, Some(id))
}

/// Makes one of two clusters: the larger takes the other in, of equals the earlier, of equals the lower id. Gives which
/// went into which.
fn merge(
    clusters: &mut Clusters,
    kept: &mut dyn ClusterStore,
    a: ClusterId,
    b: ClusterId,
) -> Option<(ClusterId, ClusterId)> {
    let precedence = |id: ClusterId| {
        let cluster = kept.get(id)?;
        Some((std::cmp::Reverse(cluster.texts()), cluster.first, id))
    };
    let (from, into) = if precedence(a)? <= precedence(b)? {
        (b, a)
    } else {
        (a, b)
    };
    let taken = clusters.close(kept, from)?;
    let mut cluster = kept.get(into)?.clone();
    cluster.fold(&taken.sums, taken.first, taken.last);
    clusters.change(kept, into, cluster);
    Some((from, into))
}

#[cfg(test)]
mod tests;
