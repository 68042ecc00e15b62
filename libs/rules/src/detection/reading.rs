//! What detections of every kind are read with: conditions over an event, names of its fields, spans of time. No I/O.

use crate::condition::{Condition, Slot, Variables};
use crate::error::Fault;
use crate::file::{Fields, Reader};
use crate::names::{Scope, scope_of};
use crate::node::Node;

/// The condition under a key, over what an event has. `None` where the key is missing or the condition is a mistake.
pub(super) fn event_condition(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &'static str,
    variables: &mut Variables,
) -> Option<Condition> {
    let node = fields.get(key)?;
    let condition = compiled(reader, node, key, variables)?;
    if condition.scope == Scope::Signal {
        refuse_late(reader, node, &condition, variables);
    }
    Some(condition)
}

/// The condition that a node writes, over any names.
pub(super) fn compiled(
    reader: &mut Reader<'_>,
    node: &Node,
    key: &'static str,
    variables: &mut Variables,
) -> Option<Condition> {
    let Some(text) = node.text().filter(|text| !text.trim().is_empty()) else {
        reader.wrong_kind(node, key, "a condition");
        return None;
    };
    let compiled = Condition::compile(text, variables);
    let place = compiled
        .as_ref()
        .err()
        .map_or(node.place, |fault| fault.place_in(node));
    reader.keep(place, compiled)
}

/// A detection is decided with the event alone, so its condition may name only what an event has.
pub(super) fn refuse_late(
    reader: &mut Reader<'_>,
    node: &Node,
    condition: &Condition,
    variables: &Variables,
) {
    let named = condition.named.iter().map(|slot| variables.name(*slot));
    let late = named
        .filter(|name| scope_of(name) == Scope::Signal)
        .collect::<Vec<_>>()
        .join(", ");
    let problem = format!("{late} is known only after detection; use event fields and data.*");
    refuse(reader, node, problem);
}

/// Notes what is wrong with the condition that a node writes.
pub(super) fn refuse(reader: &mut Reader<'_>, node: &Node, problem: String) {
    let condition = node.text().unwrap_or_default().to_owned();
    reader.fail(node.place, Fault::Condition { condition, problem });
}

/// The field of an event, or the derived value, that a key names.
pub(super) fn field(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &'static str,
    variables: &mut Variables,
) -> Option<Slot> {
    let name = reader.required_text(fields, key)?;
    let place = fields.get(key).map_or(fields.place, |node| node.place);
    let slot = reader.keep(place, variables.resolve(name.trim()))?;
    let rests_on = variables.underlying(&[slot]);
    if variables.scope(&rests_on) == Scope::Signal {
        let problem = format!("{name} is known only after detection; name an event field or one of data.*");
        reader.fail(
            place,
            Fault::Detection {
                key: key.to_owned(),
                problem,
            },
        );
        return None;
    }
    Some(slot)
}

/// A span of time that must be there and be longer than nothing, in milliseconds.
pub(super) fn required_span(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &'static str) -> Option<i64> {
    let Some(node) = fields.get(key) else {
        return reader.missing(fields, key);
    };
    let span = reader.span_ms(fields, key)?;
    if span <= 0 {
        reader.wrong_kind(node, key, "a time span longer than nothing, such as 30s or 5m");
        return None;
    }
    Some(span)
}

/// The same where the key may be missing.
pub(super) fn span_or(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &'static str,
    otherwise: i64,
) -> i64 {
    let given = fields.get(key).and_then(|_| required_span(reader, fields, key));
    given.unwrap_or(otherwise)
}

/// What a key chooses among these by name; it must be there.
pub(super) fn choice<T: Copy>(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &'static str,
    options: &[(&str, T)],
    wanted: &'static str,
) -> Option<T> {
    let text = reader.required_text(fields, key)?;
    let chosen = options.iter().find(|(name, _)| *name == text);
    if let (None, Some(node)) = (chosen, fields.get(key)) {
        reader.wrong_kind(node, key, wanted);
    }
    chosen.map(|(_, option)| *option)
}

/// The event types that a mapping names; at least one.
pub(super) fn types(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Vec<String>> {
    let mut types = reader.texts(fields, "type");
    types.extend(reader.texts(fields, "types"));
    if types.is_empty() {
        reader.missing(fields, "type")
    } else {
        Some(types)
    }
}
