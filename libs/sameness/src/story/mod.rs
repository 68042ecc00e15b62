//! Stories within a partition: a text joins the open story that is most alike, or opens one. Nothing merges here: what
//! was merged in a thin partition cannot be undone. No I/O, no clock.
//!
//! What a story says goes to `topic` as a [`Representative`]: at its birth, when it has 2, 3, 4, 6, 8, 12, 16 texts and
//! so on, when half of the idle time has passed since the last, and at its end. So messages fall to a logarithm.

mod representative;

pub use representative::Representative;

use crate::cluster::{
    Cluster, ClusterId, ClusterStore, Clusters, Level, Match, Millis, Query, Step, Sums, grown,
};
use crate::reading::Reading;

/// When stories end, and how many are open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StoryLimits {
    /// From which similarity on a text is of a story.
    pub level: Level,
    /// The same while the common words of the stream are not known.
    pub new_stream: Level,
    /// A story ends after so long without a text, in ms of event time.
    pub idle: Millis,
    /// Open stories at most; beyond it the longest idle ends.
    pub most: usize,
}

impl Default for StoryLimits {
    fn default() -> Self {
        Self {
            level: Level::STORY,
            new_stream: Level::NEW_STREAM,
            idle: 48 * 3_600_000,
            most: 50_000,
        }
    }
}

/// Where a text went.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    /// Its story.
    pub story: ClusterId,
    /// Why; `None` where it opened the story.
    pub why: Option<Match>,
    /// What `topic` is to be told now.
    pub told: Option<Representative>,
    /// A story that ended because too many were open.
    pub ended: Option<Ended>,
}

/// A story that ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The story.
    pub story: ClusterId,
    /// Those of its texts that `topic` has not been told of.
    pub told: Option<Representative>,
}

/// The open stories of one tenant in one partition. The stories themselves are in the caller's store.
#[derive(Debug, Clone)]
pub struct Stories {
    clusters: Clusters,
    limits: StoryLimits,
}

impl Stories {
    /// No open stories.
    pub fn new(limits: StoryLimits) -> Self {
        Self {
            clusters: Clusters::default(),
            limits,
        }
    }

    /// The stories of a store, in any order: after a restart, or after changes of the store were dropped.
    pub fn of<'c>(limits: StoryLimits, stories: impl IntoIterator<Item = (ClusterId, &'c Cluster)>) -> Self {
        Self {
            clusters: Clusters::of(stories),
            limits,
        }
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.clusters.len()
    }

    /// True where none is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The story of a text of event time `time`; `id` names the story if the text opens one. `None` for a text without
    /// a word that says something.
    ///
    /// A time far in the future would keep a story open for as long: the caller bounds it by the time of its stream.
    pub fn join(
        &mut self,
        kept: &mut dyn ClusterStore,
        id: ClusterId,
        reading: &Reading,
        time: Millis,
    ) -> Option<Joined> {
        if reading.is_empty() {
            return None;
        }
        let query = Query::of_text(reading);
        let level = if reading.of_new_stream {
            self.limits.new_stream
        } else {
            self.limits.level
        };
        let why = self.clusters.best(kept, &level, &query, Step::Join, None);
        let known = why
            .as_ref()
            .map(|why| why.cluster)
            .or_else(|| kept.get(id).map(|_| id));
        let story = known.unwrap_or(id);
        let told = match known.and_then(|story| kept.get(story).cloned()) {
            Some(cluster) => self.add(kept, story, cluster, reading, time),
            None => Some(self.open(kept, story, reading, time)),
        };
        let ended = self.clusters.due(Millis::MIN, self.limits.most);
        let ended = ended.and_then(|story| self.end(kept, story));
        Some(Joined {
            story,
            why,
            told,
            ended,
        })
    }

    fn open(
        &mut self,
        kept: &mut dyn ClusterStore,
        story: ClusterId,
        reading: &Reading,
        time: Millis,
    ) -> Representative {
        let mut cluster = Cluster::new(Sums::of(reading), time, time);
        cluster.of_new_stream = reading.of_new_stream;
        let told = Representative::of(story, cluster.sums.clone(), &cluster);
        self.clusters.open(kept, story, cluster);
        told
    }

    fn add(
        &mut self,
        kept: &mut dyn ClusterStore,
        story: ClusterId,
        mut cluster: Cluster,
        reading: &Reading,
        time: Millis,
    ) -> Option<Representative> {
        let before = cluster.texts();
        cluster.add(reading, time);
        cluster.of_new_stream = reading.of_new_stream;
        let grown = grown(before, cluster.texts());
        let silent = cluster.last.saturating_sub(cluster.told) > self.limits.idle / 2;
        let told = (grown || silent)
            .then(|| Representative::take(story, &mut cluster))
            .flatten();
        self.clusters.change(kept, story, cluster);
        told
    }

    /// Adds a copy of a text that a story has; gives what `topic` is to be told now. Nothing is done where the story is
    /// not open, or the text has no word that says something.
    pub fn add_copy(
        &mut self,
        kept: &mut dyn ClusterStore,
        story: ClusterId,
        reading: &Reading,
        time: Millis,
    ) -> Option<Representative> {
        let cluster = kept.get(story).filter(|_| !reading.is_empty()).cloned()?;
        self.add(kept, story, cluster, reading, time)
    }

    /// What a story has not told yet, told before its time; `None` where there is nothing.
    pub fn tell(&mut self, kept: &mut dyn ClusterStore, story: ClusterId) -> Option<Representative> {
        let mut cluster = kept.get(story)?.clone();
        let told = Representative::take(story, &mut cluster);
        kept.put(story, cluster);
        told
    }

    /// The event time of the latest text of an open story; `None` where none is open.
    pub fn latest(&self) -> Option<Millis> {
        self.clusters.latest()
    }

    /// Ends one story whose latest text is more than the idle time before `now`; `None` once there is no other.
    pub fn end_idle(&mut self, kept: &mut dyn ClusterStore, now: Millis) -> Option<Ended> {
        let story = self
            .clusters
            .due(now.saturating_sub(self.limits.idle), usize::MAX)?;
        self.end(kept, story)
    }

    fn end(&mut self, kept: &mut dyn ClusterStore, story: ClusterId) -> Option<Ended> {
        let mut cluster = self.clusters.close(kept, story)?;
        Some(Ended {
            story,
            told: Representative::take(story, &mut cluster),
        })
    }
}

#[cfg(test)]
mod tests;
