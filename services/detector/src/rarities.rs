//! Values that a subject never or hardly had, and what is told of it while too little is known. No Kafka, no clock,
//! no I/O.

use model::{Detection, Event};
use rules::{Inquiry, RareRule};
use windows::{Outcome, Rare, Sight};

use crate::found::single;
use crate::pattern::Place;
use crate::watch::{Kept, Watch};

const HOURS: u32 = 24;

/// Learns the value of an event; tells of it if it is rare.
pub(crate) fn observe(
    place: Place<'_>,
    rule: &RareRule,
    inquiry: &Inquiry<'_>,
    value: &str,
    event: &Event,
    watch: &mut Watch,
) -> Option<Detection> {
    if !matches!(watch.kept, Kept::Rare(..)) {
        watch.kept = Kept::Rare(Rare::default(), None);
    }
    watch.note(event.time, &event.id, 0);
    let Kept::Rare(rare, told) = &mut watch.kept else {
        return None;
    };
    let near = neighbours(rule, value);
    let near: Vec<&str> = near.iter().map(String::as_str).collect();
    let sight = rare.see(event.time, value, &near, &rule.rarity);
    let is_odd = match sight {
        Some(sight) => sight.is_rare,
        None => inquiry.tells_unlearnt(rule),
    };
    let quiet = place.rule.cooldown_ms.unsigned_abs();
    if !is_odd || told.is_some_and(|told| told.abs_diff(event.time) < quiet) {
        return None;
    }
    *told = Some(event.time);
    Some(single(&place.origin(Some(event)), event, &values(value, sight)))
}

/// The hours before and behind one; of other values none.
fn neighbours(rule: &RareRule, value: &str) -> Vec<String> {
    match value.parse::<u32>() {
        Ok(hour) if rule.is_of_hours && hour < HOURS => {
            let near = [(hour + HOURS - 1) % HOURS, (hour + 1) % HOURS];
            near.iter().map(ToString::to_string).collect()
        }
        _ => Vec::new(),
    }
}

fn values(value: &str, sight: Option<Sight>) -> Vec<(&'static str, Outcome)> {
    #[expect(clippy::cast_precision_loss, reason = "a count for people")]
    let number = |number: u64| Outcome::Number(number as f64);
    let mut values = vec![("value", Outcome::Items(vec![(value.to_owned(), 1)]))];
    if let Some(sight) = sight {
        values.extend([("before", number(sight.before)), ("of", number(sight.of))]);
    }
    values
}
