//! Whether the group has given every partition to somebody.
//!
//! A partition that changes hands belongs to nobody for a moment: its former owner gives it back and joins again, and the
//! rebalance that follows gives it away (KIP-429). A static member that dies between the two comes back without a
//! rebalance (KIP-345), to what it kept; then the partition stays nobody's for as long as no member comes or goes. So
//! each lane looks at its group now and then, and one of those that see such a partition leaves and joins again.

use crate::host::mpsc::{self, Receiver};
use crate::host::{Instant, thread};
use crate::kafka::{GroupConsumer, GroupMember};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks. Only what two of them see counts: between them every rebalance is over.
const EVERY: Duration = Duration::from_secs(20);
/// How long the group may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// A partition by its topic's full name.
type Partition = (String, i32);

/// What a group should have given away, and to whom it should turn.
#[derive(Clone)]
pub(super) struct Expected {
    pub(super) group: String,
    /// This member, among the static ones.
    pub(super) instance: String,
    /// What the group reads.
    pub(super) topics: Vec<String>,
}

/// The looks of one lane.
pub(super) struct Census {
    expected: Expected,
    looked: Instant,
    answer: Option<Receiver<BTreeSet<Partition>>>,
    /// What was nobody's at the look before.
    before: BTreeSet<Partition>,
}

impl Census {
    pub(super) fn new(expected: Expected) -> Self {
        Self {
            expected,
            looked: Instant::now(),
            answer: None,
            before: BTreeSet::new(),
        }
    }

    /// What it looks at.
    pub(super) const fn expected(&self) -> &Expected {
        &self.expected
    }

    /// A partition that belongs to nobody, if it falls to this member to mend that.
    pub(super) fn look(&mut self, consumer: &Arc<impl GroupConsumer>) -> Option<String> {
        if let Some(nobodys) = self.answer.as_ref().and_then(|answer| answer.try_recv().ok()) {
            self.answer = None;
            let still = self.before.intersection(&nobodys).next().cloned();
            self.before = nobodys;
            return still.map(|(topic, partition)| format!("{topic}-{partition}"));
        }
        if self.looked.elapsed() >= EVERY {
            self.looked = Instant::now();
            self.answer = ask(consumer, &self.expected);
        }
        None
    }
}

/// Whether the group still counts this member in, as far as it answers within this time.
pub(super) fn counts_in(consumer: &impl GroupConsumer, expected: &Expected, limit: Duration) -> Option<bool> {
    let group = consumer.describe(&expected.group, limit).ok()?;
    let mut members = group.iter().flat_map(|group| &group.members);
    Some(members.any(|member| is_of(&member.id, &expected.instance)))
}

/// The broker makes the id of a static member of its instance id.
fn is_of(id: &str, instance: &str) -> bool {
    id.strip_prefix(instance)
        .is_some_and(|rest| rest.starts_with('-'))
}

/// Asks on a thread of its own: every broker is asked, and one may take its time.
fn ask(consumer: &Arc<impl GroupConsumer>, expected: &Expected) -> Option<Receiver<BTreeSet<Partition>>> {
    let (tell, told) = mpsc::channel();
    let (consumer, expected) = (Arc::clone(consumer), expected.clone());
    let ask = move || {
        let _ = tell.send(found(&*consumer, &expected).unwrap_or_default());
    };
    let thread = thread::Builder::new().name("census".to_owned()).spawn(ask);
    thread.ok().map(|_| told)
}

fn found(consumer: &impl GroupConsumer, expected: &Expected) -> Option<BTreeSet<Partition>> {
    let group = consumer.describe(&expected.group, ANSWER).ok()??;
    let group = Some(group).filter(|group| group.stable)?;
    let mut all = BTreeSet::new();
    for topic in &expected.topics {
        let partitions = consumer.partitions(topic, ANSWER).ok()?.into_iter();
        all.extend(partitions.map(|partition| (topic.clone(), partition)));
    }
    left_to(&expected.instance, all, &group.members)
}

/// What no member has, if mending it falls to this one: to the first by its id. `None` where it does not, or where some
/// assignment cannot be read.
fn left_to(instance: &str, all: BTreeSet<Partition>, members: &[GroupMember]) -> Option<BTreeSet<Partition>> {
    let first = members.iter().map(|member| &member.id).min()?;
    if !is_of(first, instance) {
        return None;
    }
    let mut nobodys = all;
    for member in members {
        for partition in assigned(&member.assignment)? {
            nobodys.remove(&partition);
        }
    }
    Some(nobodys)
}

/// Reads an assignment.
///
/// Source: Apache Kafka, `ConsumerProtocolAssignment.json`.
fn assigned(mut bytes: &[u8]) -> Option<Vec<Partition>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let bytes = &mut bytes;
    let _version = i16::from_be_bytes(*take(bytes)?);
    let mut partitions = Vec::new();
    for _ in 0..i32::from_be_bytes(*take(bytes)?) {
        let length = usize::try_from(i16::from_be_bytes(*take(bytes)?)).ok()?;
        let topic = std::str::from_utf8(bytes.split_off(..length)?).ok()?;
        for _ in 0..i32::from_be_bytes(*take(bytes)?) {
            partitions.push((topic.to_owned(), i32::from_be_bytes(*take(bytes)?)));
        }
    }
    Some(partitions)
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partitions(of: &[i32]) -> BTreeSet<Partition> {
        of.iter()
            .map(|partition| ("events".to_owned(), *partition))
            .collect()
    }

    fn assignment(of: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 1, 0, 0, 0, 1, 0, 6];
        bytes.extend(b"events");
        bytes.extend([0, 0, 0, u8::try_from(of.len()).unwrap()]);
        for partition in of {
            bytes.extend([0, 0, 0, *partition]);
        }
        bytes.extend([0, 0, 0, 0]);
        bytes
    }

    fn left(instance: &str, members: &[(&str, Vec<u8>)]) -> Option<BTreeSet<Partition>> {
        let member = |(id, assignment): &(&str, Vec<u8>)| GroupMember {
            id: (*id).to_owned(),
            assignment: assignment.clone(),
        };
        let members = members.iter().map(member);
        left_to(instance, partitions(&[0, 1, 2, 3]), &members.collect::<Vec<_>>())
    }

    #[test]
    fn what_nobody_has_falls_to_the_first_member() {
        let members = [
            ("b-scorer-0-77", assignment(&[2, 0])),
            ("a-scorer-0-99", Vec::new()),
        ];
        assert_eq!(left("a-scorer-0", &members), Some(partitions(&[1, 3])));
        assert_eq!(left("b-scorer-0", &members), None);
    }

    #[test]
    fn where_everything_is_given_nothing_is_left() {
        let members = [
            ("a-scorer-0-1", assignment(&[3, 1])),
            ("b-scorer-0-2", assignment(&[0, 2])),
        ];
        assert_eq!(left("a-scorer-0", &members), Some(BTreeSet::new()));
    }

    #[test]
    fn an_assignment_that_cannot_be_read_decides_nothing() {
        let whole = assignment(&[0, 1]);
        for end in 1..whole.len() - 4 {
            let members = [("a-scorer-0-1", whole[..end].to_vec())];
            assert_eq!(left("a-scorer-0", &members), None, "{end} bytes");
        }
    }
}
