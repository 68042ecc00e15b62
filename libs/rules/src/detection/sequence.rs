//! One event after another within a time, and none of a third kind between. No I/O, no clock.

use windows::{ENDS, MOST_STEPS, Roles};

use super::reading::{event_condition, required_span, types};
use crate::condition::{Condition, Values, Variables};
use crate::error::Fault;
use crate::file::{Fields, Reader};
use crate::node::{Node, Yaml};

const STEP_KEYS: &[&str] = &["type", "types", "when"];

/// The steps of a sequence.
#[derive(Debug)]
pub struct SequenceRule {
    /// How many steps there are.
    pub steps: u32,
    /// From the first to the last at most, in milliseconds.
    pub within_ms: i64,
    acts: Vec<Act>,
}

/// What an event must be to play a role.
#[derive(Debug)]
struct Act {
    role: Roles,
    types: Vec<String>,
    when: Option<Condition>,
}

impl SequenceRule {
    /// All types that play a role.
    pub(super) fn types(&self) -> Vec<String> {
        let mut types: Vec<String> = self.acts.iter().flat_map(|act| act.types.clone()).collect();
        types.sort();
        types.dedup();
        types
    }

    /// What an event of this type is to the sequence; 0 where it is nothing.
    pub(super) fn roles(&self, kind: &str, values: &Values<'_>) -> Roles {
        let plays = |act: &&Act| {
            let is_of_type = act.types.iter().any(|name| name == kind);
            let when = act.when.as_ref();
            is_of_type && when.is_none_or(|when| when.decide(values) == Some(true))
        };
        let played = self.acts.iter().filter(plays);
        played.fold(0, |roles, act| roles | act.role)
    }

    pub(super) fn read(
        reader: &mut Reader<'_>,
        fields: &Fields<'_>,
        variables: &mut Variables,
    ) -> Option<Self> {
        let within_ms = required_span(reader, fields, "within");
        let mut acts = Vec::new();
        let nodes = reader.list(fields, "steps");
        let steps = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
        if !(2..=MOST_STEPS).contains(&steps) {
            let problem = format!("must be a list of 2 to {MOST_STEPS} steps, each with a `type`");
            let key = "steps".to_owned();
            reader.fail(fields.place, Fault::Detection { key, problem });
            return None;
        }
        for (step, node) in (0..steps).zip(nodes) {
            acts.push(act(reader, node, 1 << step, variables)?);
        }
        for node in ends(fields) {
            acts.push(act(reader, node, ENDS, variables)?);
        }
        let within_ms = within_ms?;
        Some(Self {
            steps,
            within_ms,
            acts,
        })
    }
}

/// What ends the sequence: one mapping, or several in a list.
fn ends<'n>(fields: &Fields<'n>) -> &'n [Node] {
    match fields.get("without") {
        None => &[],
        Some(node) => match &node.value {
            Yaml::List(items) => items,
            _ => std::slice::from_ref(node),
        },
    }
}

fn act(reader: &mut Reader<'_>, node: &Node, role: Roles, variables: &mut Variables) -> Option<Act> {
    let fields = reader.fields(node, "a step", STEP_KEYS)?;
    let when = event_condition(reader, &fields, "when", variables);
    let types = types(reader, &fields)?;
    Some(Act { role, types, when })
}
