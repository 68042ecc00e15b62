//! What the stage remembers of one partition; everything ends by itself, so that state stays bounded.

use crate::Limits;
use crate::index::Indexes;
use model::Millis;
use sameness::near::NearText;
use sameness::{Cluster, ClusterId, ClusterStore, Counted, StoryLimits, SubjectId};
use serde::{Deserialize, Serialize};
use signals::Standing;
use stage::{AnyStore, Expiring, Format, Store, Stores, Tracked};

const DAY: Millis = 24 * 60 * 60 * 1000;
/// How long an id is remembered, ms.
pub(crate) const EXACT_WINDOW: Millis = 14 * DAY;
/// Different texts of a part that later ones are compared with: the first and the newest.
const MOST_TEXTS: usize = 4;
/// Up to so much evidence of a part, each event is told of.
const EACH: i64 = 16;

/// The stores of one task.
#[derive(Debug)]
pub struct DedupStores {
    /// Idempotency keys of events, from the first sight on.
    pub(crate) seen: Expiring<u128, ()>,
    /// Signals of events without words that are not over, by tenant, subject and type.
    pub(crate) signals: Expiring<String, Standing>,
    /// Parts of stories that are open, by id.
    pub(crate) parts: Tracked<Store<u128, Part>>,
    /// How often words came: of the day that runs by tenant, day and word, of a day that is over by tenant and day.
    pub(crate) words: Tracked<Store<String, Words>>,
    /// What finds parts, made of them and of the words.
    pub(crate) indexes: Indexes,
}

/// Counts of words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Words {
    pub(crate) tenant: String,
    pub(crate) day: i32,
    pub(crate) counted: Vec<Counted>,
}

/// A partition's part of a story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) tenant: String,
    pub(crate) cluster: Cluster,
    /// Texts that copies are found by, the oldest first.
    pub(crate) texts: Vec<Text>,
    /// Evidence that nobody was told of yet.
    pub(crate) fresh: Standing,
    /// Evidence that was told of, and the best of its scores.
    pub(crate) told: i64,
    pub(crate) best_told: f64,
}

/// A text of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Text {
    /// Where its record stood: later texts are asked first.
    pub(crate) offset: i64,
    pub(crate) text: NearText,
}

impl Part {
    fn new(tenant: &str, cluster: Cluster) -> Self {
        Self {
            tenant: tenant.to_owned(),
            cluster,
            texts: Vec::new(),
            fresh: Standing::default(),
            told: 0,
            best_told: f64::NEG_INFINITY,
        }
    }

    /// Whether a text of this tenant may belong to it; one that names its subject only if the part has that name.
    pub(crate) fn is_of(&self, tenant: &str, subject: Option<SubjectId>) -> bool {
        self.tenant == tenant && (subject.is_none() || self.cluster.sums.subject == subject)
    }

    /// Keeps a text that is new; gives the one that made room for it.
    pub(crate) fn keep(&mut self, text: Text) -> Option<Text> {
        self.texts.push(text);
        (self.texts.len() > MOST_TEXTS).then(|| self.texts.remove(1))
    }

    /// Whether evidence is told of before its time: each event of a few, and one that scores higher than all before it.
    pub(crate) fn is_urgent(&self) -> bool {
        let few = self.told + self.fresh.signal.evidence_count <= EACH;
        !self.fresh.is_empty() && (few || self.fresh.best > self.best_told)
    }

    /// The evidence that nobody was told of, which is told now.
    pub(crate) fn take_fresh(&mut self) -> Standing {
        let fresh = std::mem::take(&mut self.fresh);
        if !fresh.is_empty() {
            self.told += fresh.signal.evidence_count;
            self.best_told = self.best_told.max(fresh.best);
        }
        fresh
    }
}

impl Default for DedupStores {
    fn default() -> Self {
        Self {
            seen: Expiring::new("seen", EXACT_WINDOW),
            // The first version had a text for each signal as well; a signal of such a time is over soon.
            signals: Expiring::new("signals", DAY).with_format(Format::version(2)),
            parts: Tracked::new(Store::new("parts")),
            words: Tracked::new(Store::new("words")),
            indexes: Indexes::default(),
        }
    }
}

impl Stores for DedupStores {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.seen);
        visit(&mut self.signals);
        visit(&mut self.parts);
        visit(&mut self.words);
    }
}

impl DedupStores {
    /// Makes the indexes anew where the stores changed unseen.
    pub(crate) fn index_anew(&mut self, limits: StoryLimits) {
        let (parts, words) = (self.parts.changed_unseen(), self.words.changed_unseen());
        if parts || words {
            self.indexes = Indexes::of(&self.parts, &self.words, limits);
        }
    }

    /// How long what is written from now on lives.
    pub(crate) fn set_lives(&mut self, limits: &Limits) {
        self.seen.set_ttl(limits.exact_window);
        self.signals.set_ttl(limits.quiet_after);
    }
}

/// The parts of one tenant.
pub(crate) struct PartsOf<'s> {
    pub(crate) tenant: &'s str,
    pub(crate) parts: &'s mut Store<u128, Part>,
    /// Parts that ended.
    pub(crate) ended: Vec<(ClusterId, Part)>,
}

impl<'s> PartsOf<'s> {
    pub(crate) fn new(tenant: &'s str, parts: &'s mut Store<u128, Part>) -> Self {
        Self {
            tenant,
            parts,
            ended: Vec::new(),
        }
    }

    pub(crate) fn part(&mut self, id: ClusterId) -> Option<&mut Part> {
        self.parts
            .get_mut(&id.0)
            .filter(|part| part.tenant == self.tenant)
    }
}

impl ClusterStore for PartsOf<'_> {
    fn get(&self, id: ClusterId) -> Option<&Cluster> {
        let part = self.parts.get(&id.0).filter(|part| part.tenant == self.tenant);
        part.map(|part| &part.cluster)
    }

    fn put(&mut self, id: ClusterId, cluster: Cluster) {
        match self.parts.get_mut(&id.0) {
            Some(part) if part.tenant == self.tenant => part.cluster = cluster,
            _ => self.parts.put(id.0, Part::new(self.tenant, cluster)),
        }
    }

    fn remove(&mut self, id: ClusterId) {
        self.ended.extend(self.parts.take(&id.0).map(|part| (id, part)));
    }
}
