//! What a part says, folded into its story; what follows for signals. No I/O.

use crate::output::{self, Merged};
use crate::stores::MergerStores;
use model::{Millis, StoryPart};
use sameness::{ClusterId, Effect, Representative, TopicLimits, follow};
use signals::{Heat, Over, Policy, Standing, is_named};
use stage::{Cx, Silence, Timer};

/// What is folded, and when.
pub(crate) struct Folding<'a> {
    /// The time of the record.
    pub(crate) now: Millis,
    /// The event time of what it says.
    time: Millis,
    pub(crate) offset: i64,
    policy: &'a Policy,
}

/// Folds what a part says; gives what is to be told.
pub(crate) fn take(
    stores: &mut MergerStores,
    said: &Representative,
    part: StoryPart,
    cx: &Cx<'_>,
    limits: TopicLimits,
    policy: &Policy,
) -> Vec<Merged> {
    let tenant = part.tenant.clone();
    let now = cx.time;
    let folding = Folding::at(now, said.last, cx.offset, policy);
    let (effects, story, topic) = stores.of(&tenant, limits, |topics, clusters| {
        let latest = topics.latest().map_or(said.last, |latest| latest.max(said.last));
        let mut effects = Vec::new();
        while let Some(ended) = topics.end_idle(clusters, latest) {
            effects.push(ended);
        }
        effects.extend(topics.fold(clusters, said));
        let story = follow(clusters.story_links, said.story);
        (effects, story, follow(clusters.topic_links, story))
    });
    silence(limits).heard(&mut stores.timers, &tenant, said.last);
    let mut merged = folding.tell(stores, &tenant, &effects);
    merged.extend(folding.count(stores, story, topic, evidence(part)));
    merged
}

/// Ends all stories and topics of a tenant of whom nothing was heard for long; gives what is to be told.
pub(crate) fn end_silent(
    stores: &mut MergerStores,
    timer: &Timer,
    limits: TopicLimits,
    policy: &Policy,
) -> Vec<Merged> {
    let tenant = &timer.name;
    let latest = stores.of(tenant, limits, |topics, _| topics.latest());
    let Some(latest) = latest.filter(|latest| silence(limits).is_over(&mut stores.timers, timer, *latest))
    else {
        return Vec::new();
    };
    let over = latest.saturating_add(limits.idle).saturating_add(1);
    let effects: Vec<Effect> = stores.of(tenant, limits, |topics, clusters| {
        std::iter::from_fn(|| topics.end_idle(clusters, over)).collect()
    });
    let folding = Folding::at(timer.fired_at, timer.fired_at, 0, policy);
    folding.tell(stores, tenant, &effects)
}

/// Parts end after the idle time, and then say the rest of what they have: their stories wait for that.
fn silence(limits: TopicLimits) -> Silence {
    Silence::of(limits.idle.saturating_add(limits.idle / 16))
}

/// The evidence that a part has counted.
fn evidence(part: StoryPart) -> Option<Standing> {
    let signal = part.signal?;
    let hashes = |hashes: Vec<i64>| hashes.into_iter().map(i64::cast_unsigned).collect();
    Some(Standing {
        best: if signal.score.is_nan() {
            f64::MIN
        } else {
            signal.score
        },
        signal,
        sources: hashes(part.sources),
        senders: hashes(part.senders),
        unnamed: part.unnamed,
        told: None,
        heat: Heat::of(&part.per_minute),
    })
}

impl<'a> Folding<'a> {
    pub(crate) fn at(now: Millis, time: Millis, offset: i64, policy: &'a Policy) -> Self {
        Self {
            now,
            time,
            offset,
            policy,
        }
    }

    /// The changes as records, and what they mean for signals.
    pub(crate) fn tell(&self, stores: &mut MergerStores, tenant: &str, effects: &[Effect]) -> Vec<Merged> {
        let mut merged = Vec::new();
        for effect in effects {
            merged.push(Merged::Change(output::change(effect, tenant, self.now)));
            merged.extend(self.follow(stores, effect));
        }
        merged
    }

    /// What a change of stories means for their signals.
    fn follow(&self, stores: &mut MergerStores, effect: &Effect) -> Option<Merged> {
        match effect {
            Effect::StoryEnded { story } => {
                let over = stores.signals.take(&story.0)?;
                over.close(Over::StoryEnded, self.time, self.now).map(told)
            }
            Effect::StoriesMerged { from, why } => self.merge(stores, *from, why.cluster),
            _ => None,
        }
    }

    /// Two signals become one, which is told of when its next evidence is counted. The one that nobody was told of goes; of
    /// two, the one whose story goes.
    fn merge(&self, stores: &mut MergerStores, from: ClusterId, into: ClusterId) -> Option<Merged> {
        let gone = stores.signals.take(&from.0)?;
        let mut stays = stores.signals.take(&into.0).unwrap_or_default();
        let closed = if stays.is_open() {
            let into = Over::Merged(stays.signal.signal_key.clone());
            let over = gone.clone().close(into, self.time, self.now);
            stays.fold(gone, self.policy);
            over
        } else {
            let mut kept = gone;
            kept.fold(stays, self.policy);
            stays = kept;
            None
        };
        stays.signal.story_key = Some(into.to_string());
        stores.signals.put(into.0, stays);
        closed.map(told)
    }

    /// Adds evidence to a story's signal; gives the version that is due.
    pub(crate) fn count(
        &self,
        stores: &mut MergerStores,
        story: ClusterId,
        topic: ClusterId,
        evidence: Option<Standing>,
    ) -> Option<Merged> {
        let mut standing = match (stores.signals.get(&story.0), &evidence) {
            (Some(known), _) => known.clone(),
            (None, Some(_)) => Standing::default(),
            (None, None) => return None,
        };
        if let Some(evidence) = evidence {
            name(&mut standing, &evidence);
            standing.fold(evidence, self.policy);
        }
        let signal = &mut standing.signal;
        signal.story_key = Some(story.to_string());
        signal.topic_key = Some(topic.to_string());
        if let Some(over) = standing.judge(self.policy) {
            stores.signals.delete(story.0);
            return standing.close(over, self.time, self.now).map(told);
        }
        let due = standing.is_due(self.policy, self.now);
        if due && !standing.is_open() {
            // A story that ended and goes on later is another signal.
            standing.signal.signal_key = format!("story_{story}-{}", self.offset);
        }
        let version = due.then(|| told(standing.tell(self.now)));
        stores.signals.put(story.0, standing);
        version
    }
}

/// A subject that somebody named is better than one that was made up.
fn name(standing: &mut Standing, evidence: &Standing) {
    let named = |standing: &Standing| is_named(&standing.signal.subject);
    if !standing.is_empty() && !named(standing) && named(evidence) {
        standing.signal.subject.clone_from(&evidence.signal.subject);
    }
}

fn told(signal: model::Signal) -> Merged {
    Merged::Signal(Box::new(signal))
}
