//! Notifications: none planned twice, each with exactly one receipt, and none for nothing.

use crate::{History, OwnSchemas, Place, Verdict};
use model::{DeadLetter, Notification, Receipt};
use std::collections::{BTreeMap, BTreeSet};
use topology::{StageName, Topic};

/// No notification id twice in the outbox.
pub fn planned_once(history: &History, schemas: OwnSchemas) -> Verdict {
    let mut verdict = Verdict::of("no notification is planned twice");
    let mut first: BTreeMap<String, Place> = BTreeMap::new();
    for (place, notification) in read::<Notification>(history, Topic::NotificationsOutbox, schemas) {
        verdict.saw(1);
        if let Some(known) = first.get(&notification.id) {
            verdict.wrong(
                &notification.id,
                Some(place),
                format!("planned before at {known}"),
            );
        } else {
            first.insert(notification.id, place);
        }
    }
    verdict
}

/// Each notification has one receipt or one dead letter, of its own channel and tenant.
pub fn answered_once(history: &History, schemas: OwnSchemas) -> Verdict {
    let mut verdict = Verdict::of("each notification has one receipt");
    let mut receipts: BTreeMap<String, Vec<(Place, Receipt)>> = BTreeMap::new();
    for (place, receipt) in read::<Receipt>(history, Topic::NotificationsReceipts, schemas) {
        let id = receipt.notification_id.clone();
        receipts.entry(id).or_default().push((place, receipt));
    }
    let dead = undeliverable(history, schemas);
    for (place, notification) in read::<Notification>(history, Topic::NotificationsOutbox, schemas) {
        let answers = receipts.remove(&notification.id).unwrap_or_default();
        let count = answers.len() + dead.get(&place).copied().unwrap_or_default();
        let own = answers.iter().all(|(_, receipt)| {
            (&receipt.channel, &receipt.tenant) == (&notification.channel, &notification.tenant)
        });
        verdict.expect(count == 1 && own, &notification.id, Some(place), || {
            let places: Vec<_> = answers.iter().map(|(place, _)| place.to_string()).collect();
            format!("{count} receipts: {}", places.join(", "))
        });
    }
    for (id, answers) in receipts {
        let place = answers.into_iter().next().map(|(place, _)| place);
        verdict.wrong(id, place, "a receipt for a notification that was never planned");
    }
    verdict
}

/// What the receivers got, as bodies by notification id: each planned one came, none came with two bodies, and nothing
/// came that was not planned.
pub fn received(
    bodies: &BTreeMap<String, BTreeSet<Vec<u8>>>,
    history: &History,
    schemas: OwnSchemas,
) -> Verdict {
    let mut verdict = Verdict::of("each notification came, with one body");
    let mut left: BTreeSet<&String> = bodies.keys().collect();
    for (place, notification) in read::<Notification>(history, Topic::NotificationsOutbox, schemas) {
        let came = bodies.get(&notification.id).map_or(0, BTreeSet::len);
        left.remove(&notification.id);
        verdict.expect(came == 1, &notification.id, Some(place), || {
            format!("came with {came} different bodies")
        });
    }
    for id in left {
        verdict.wrong(id.as_str(), None, "came and was never planned");
    }
    verdict
}

fn undeliverable(history: &History, schemas: OwnSchemas) -> BTreeMap<Place, usize> {
    let mut dead = BTreeMap::new();
    for (_, letter) in read::<DeadLetter>(history, Topic::DeadLetters, schemas) {
        if letter.stage == StageName::NotifierDeliver.as_str() {
            *dead.entry(origin(&letter)).or_default() += 1;
        }
    }
    dead
}

/// The record that a dead letter stands for; its topic carries the installation's prefix there.
pub(crate) fn origin(letter: &DeadLetter) -> Place {
    let known = Topic::all().find(|topic| letter.topic.ends_with(topic.name()));
    Place {
        topic: known.map_or_else(|| letter.topic.clone(), |topic| topic.name().to_owned()),
        partition: letter.partition,
        offset: letter.offset,
    }
}

/// The records of a topic that can be read.
pub(crate) fn read<R: model::Record>(
    history: &History,
    topic: Topic,
    schemas: OwnSchemas,
) -> impl Iterator<Item = (Place, R)> {
    let mut decoder = schemas.decoder();
    history.topic(topic.name()).filter_map(move |record| {
        let value = decoder.decode(record.value.as_deref()?).ok()?;
        Some((Place::of(record), value))
    })
}
