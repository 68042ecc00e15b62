//! What finds the parts of stories: made of the stores, and made anew where these changed unseen. No I/O.

use crate::stores::{Part, Text, Words};
use hashbrown::HashMap;
use sameness::near::{NearIndex, NearText, compare};
use sameness::{ClusterId, Counted, Day, DayCount, Seen, SlowWeights, Stories, StoryLimits, Term};
use stage::Store;

/// Texts that may be the same as a new one and are compared with it.
const MOST_CANDIDATES: usize = 24;

/// The indexes of all tenants of a partition, who are never compared with each other.
#[derive(Debug, Default)]
pub(crate) struct Indexes(HashMap<String, Index>);

/// What finds the parts of one tenant.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) stories: Stories,
    pub(crate) slow: SlowWeights,
    near: NearIndex<(i64, ClusterId)>,
}

impl Indexes {
    /// The indexes of what these stores hold.
    pub(crate) fn of(parts: &Store<u128, Part>, words: &Store<String, Words>, limits: StoryLimits) -> Self {
        let mut of_tenant: HashMap<&str, Vec<(ClusterId, &Part)>> = HashMap::new();
        for (id, part) in parts.iter() {
            let parts = of_tenant.entry(&part.tenant).or_default();
            parts.push((ClusterId(*id), part));
        }
        let mut counts: HashMap<&str, Vec<DayCount>> = HashMap::new();
        for (_, words) in words.iter() {
            let counts = counts.entry(&words.tenant).or_default();
            let day = words.day;
            let counted = words.counted.iter().cloned();
            counts.extend(counted.map(|counted| DayCount { day, counted }));
        }
        let mut indexes = Self::default();
        for (tenant, counts) in counts {
            indexes.of_tenant(tenant, limits).slow = SlowWeights::restore(counts);
        }
        for (tenant, parts) in of_tenant {
            indexes.of_tenant(tenant, limits).restore(limits, &parts);
        }
        indexes
    }

    /// The index of a tenant.
    pub(crate) fn of_tenant(&mut self, tenant: &str, limits: StoryLimits) -> &mut Index {
        self.0.entry_ref(tenant).or_insert_with(|| Index::new(limits))
    }
}

impl Index {
    fn new(limits: StoryLimits) -> Self {
        Self {
            stories: Stories::new(limits),
            slow: SlowWeights::default(),
            near: NearIndex::default(),
        }
    }

    fn restore(&mut self, limits: StoryLimits, parts: &[(ClusterId, &Part)]) {
        self.stories = Stories::of(limits, parts.iter().map(|(id, part)| (*id, &part.cluster)));
        for (id, part) in parts {
            for text in &part.texts {
                self.add(*id, text);
            }
        }
    }

    pub(crate) fn add(&mut self, part: ClusterId, text: &Text) {
        self.near.add((text.offset, part), &text.text);
    }

    pub(crate) fn remove(&mut self, part: ClusterId, text: &Text) {
        self.near.remove((text.offset, part), &text.text);
    }

    /// The part that has this text already, among those that it may belong to.
    pub(crate) fn copied(
        &self,
        text: &NearText,
        parts: &Store<u128, Part>,
        may_be: impl Fn(&Part) -> bool,
    ) -> Option<ClusterId> {
        let candidates = self.near.candidates(text);
        let is_copy = |(offset, id): &(i64, ClusterId)| {
            let part = parts.get(&id.0).filter(|part| may_be(part));
            let known = part.and_then(|part| part.texts.iter().find(|known| known.offset == *offset));
            known.is_some_and(|known| compare(text, &known.text).is_same())
        };
        let same = candidates.into_iter().take(MOST_CANDIDATES).find(is_copy);
        same.map(|(_, id)| id)
    }
}

/// Writes down what was counted.
pub(crate) fn write_down(words: &mut Store<String, Words>, tenant: &str, day: Day, seen: Seen) {
    let entry = |day, counted| Words {
        tenant: tenant.to_owned(),
        day,
        counted,
    };
    if let Some(ended) = seen.ended {
        let names = ended
            .terms
            .into_iter()
            .map(word)
            .chain([TEXTS, VECTOR].map(str::to_owned));
        for name in names {
            words.delete(key(tenant, ended.day, &name));
        }
        words.put(key(tenant, ended.day, ""), entry(ended.day, ended.kept));
        for dropped in ended.dropped {
            words.delete(key(tenant, dropped, ""));
        }
    }
    for counted in seen.changed {
        let name = match &counted {
            Counted::Texts(_) => TEXTS.to_owned(),
            Counted::Vector(_) => VECTOR.to_owned(),
            Counted::Term(term, _) => word(*term),
        };
        words.put(key(tenant, day, &name), entry(day, vec![counted]));
    }
    for term in seen.forgotten {
        words.delete(key(tenant, day, &word(term)));
    }
}

/// What no word's name is.
const TEXTS: &str = "#texts";
const VECTOR: &str = "#vector";

/// The bytes of a term in hexadecimal digits: a long one is no text.
fn word(term: Term) -> String {
    term.bytes().iter().fold(String::new(), |mut name, byte| {
        for digit in [byte >> 4, byte & 15] {
            name.extend(char::from_digit(u32::from(digit), 16));
        }
        name
    })
}

fn key(tenant: &str, day: Day, name: &str) -> String {
    format!("{tenant}\u{1f}{day}\u{1f}{name}")
}
