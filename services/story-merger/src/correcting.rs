//! What a person says of stories, as it comes among what parts say. No I/O.

use crate::merging::Folding;
use crate::output::Merged;
use crate::stores::MergerStores;
use model::{Correction, CorrectionAction as Action, StoryChange, StoryChangeKind};
use sameness::{ClusterId, Effect, IdempotencyKey, Refused, TopicLimits, follow};
use stage::Poison;

/// Dead: a correction that cannot be done.
pub const REFUSED: &str = "refused_correction";

/// Does what the person says; gives what is to be told, each change with its author and reason.
pub(crate) fn take(
    stores: &mut MergerStores,
    tenant: &str,
    said: &Correction,
    limits: TopicLimits,
    folding: &Folding<'_>,
) -> Result<Vec<Merged>, Poison> {
    let story = id(&said.story)?;
    let done = match said.action {
        Action::Merge => {
            let with = id(said.with.as_deref().unwrap_or_default())?;
            stores.of(tenant, limits, |topics, clusters| {
                topics.merge_by_hand(clusters, story, with)
            })
        }
        Action::Split => {
            let place = folding.offset.to_string();
            let topic = IdempotencyKey::of(tenant, &said.story, &place).cluster();
            stores.of(tenant, limits, |topics, clusters| {
                topics.split_by_hand(clusters, story, topic)
            })
        }
        Action::Pin | Action::Unpin => return pin(stores, tenant, said, limits, folding),
    };
    let effects = done.map_err(refused)?;
    let mut merged = folding.tell(stores, tenant, &effects);
    for effect in &effects {
        if let Effect::StoriesMerged { why, .. } = effect {
            let topic = stores.of(tenant, limits, |_, clusters| {
                follow(clusters.topic_links, why.cluster)
            });
            merged.extend(folding.count(stores, why.cluster, topic, None));
        }
    }
    for one in &mut merged {
        if let Merged::Change(change) = one {
            sign(change, said, "by_hand");
        }
    }
    Ok(merged)
}

fn pin(
    stores: &mut MergerStores,
    tenant: &str,
    said: &Correction,
    limits: TopicLimits,
    folding: &Folding<'_>,
) -> Result<Vec<Merged>, Poison> {
    let (story, pinned) = (id(&said.story)?, said.action == Action::Pin);
    let done = stores.of(tenant, limits, |topics, clusters| {
        topics.pin_by_hand(clusters, story, pinned)
    });
    let (story, topic) = done.map_err(refused)?;
    let mut change = StoryChange {
        tenant: tenant.to_owned(),
        time: folding.now,
        kind: StoryChangeKind::StoryGrouped,
        id: story.to_string(),
        into: Some(topic.to_string()),
        ..StoryChange::default()
    };
    sign(&mut change, said, if pinned { "pinned" } else { "unpinned" });
    Ok(vec![Merged::Change(change)])
}

/// Nothing was compared: a person said so.
fn sign(change: &mut StoryChange, said: &Correction, tier: &str) {
    change.tier = Some(tier.to_owned());
    change.similarity = None;
    change.by = Some(said.by.clone());
    change.reason = Some(said.reason.clone());
}

fn id(text: &str) -> Result<ClusterId, Poison> {
    let number = u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 32);
    let why = || {
        Poison::producer(
            REFUSED,
            format!("`{text}` is no story: write its 32 hexadecimal digits"),
        )
    };
    number.map(ClusterId).ok_or_else(why)
}

fn refused(why: Refused) -> Poison {
    Poison::producer(REFUSED, why.to_string())
}
