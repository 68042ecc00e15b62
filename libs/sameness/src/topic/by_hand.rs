//! What a person says of stories, against what was measured. No I/O, no clock.

use super::{Effect, TopicStores, Topics, links, merge};
use crate::cluster::{Cluster, ClusterId, Match, Tier};

/// Why nothing is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing is to be merged.
    #[error("they are one story already")]
    One,
    /// Its clusters are closed, so that there is nothing to part.
    #[error("the story is over, so that there is nothing to split or pin")]
    Over,
    /// The topic goes by the story's id, by which all others are in it.
    #[error("its topic goes by its name; split the stories off that do not belong to it")]
    NamesTopic,
}

/// What stands where something was measured otherwise.
fn by_hand(cluster: ClusterId) -> Match {
    Match {
        cluster,
        tier: Tier::Words,
        similarity: 1.0,
        shared: Vec::new(),
    }
}

impl Topics {
    /// Makes one of two stories, open or over, and of their topics. Of two that are open the larger takes the other in, else
    /// the one that is open, else the second.
    pub fn merge_by_hand(
        &mut self,
        stores: &mut TopicStores<'_>,
        one: ClusterId,
        other: ClusterId,
    ) -> Result<Vec<Effect>, Refused> {
        let [one, other] = [one, other].map(|story| links::resolve(stores.story_links, story));
        if one == other {
            return Err(Refused::One);
        }
        let (from, into) = merge(&mut self.stories, stores.stories, one, other).unwrap_or_else(|| {
            let only_one_is_open = stores.stories.get(one).is_some();
            if only_one_is_open {
                (other, one)
            } else {
                (one, other)
            }
        });
        let [left, kept] = [from, into].map(|story| links::resolve(stores.topic_links, story));
        stores.story_links.put(from, into);
        let mut effects = vec![Effect::StoriesMerged {
            from,
            why: by_hand(into),
        }];
        self.join_topics(stores, left, kept, by_hand(kept), &mut effects);
        Ok(effects)
    }

    /// Takes a story out of its topic, with what came to the topic by it, into a topic of this new id that merges with no
    /// other by itself. What the topic has learned from it stays there.
    pub fn split_by_hand(
        &mut self,
        stores: &mut TopicStores<'_>,
        story: ClusterId,
        topic: ClusterId,
    ) -> Result<Vec<Effect>, Refused> {
        let story = links::resolve(stores.story_links, story);
        if links::resolve(stores.topic_links, story) == story {
            return Err(Refused::NamesTopic);
        }
        let own = stores.stories.get(story).ok_or(Refused::Over)?;
        let mut cluster = Cluster::new(own.sums.clone(), own.first, own.last);
        cluster.pinned = true;
        self.groups.open(stores.topics, topic, cluster);
        stores.topic_links.put(story, topic);
        let why = by_hand(topic);
        Ok(vec![Effect::Grouped { story, why }])
    }

    /// Says of a story and its topic whether they may merge with others by themselves; gives both.
    pub fn pin_by_hand(
        &mut self,
        stores: &mut TopicStores<'_>,
        story: ClusterId,
        pinned: bool,
    ) -> Result<(ClusterId, ClusterId), Refused> {
        let story = links::resolve(stores.story_links, story);
        let topic = links::resolve(stores.topic_links, story);
        let mut own = stores.stories.get(story).cloned().ok_or(Refused::Over)?;
        own.pinned = pinned;
        stores.stories.put(story, own);
        if let Some(mut group) = stores.topics.get(topic).cloned() {
            group.pinned = pinned;
            stores.topics.put(topic, group);
        }
        Ok((story, topic))
    }
}
