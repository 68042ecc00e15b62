//! What the enricher keeps of one partition: what its source said, by tenant and question. It survives restarts, since it
//! is committed with the signals that it led to.

use model::Millis;
use stage::{AnyStore, Bounded, Stores};

use crate::knowledge::Knowledge;

/// The stores of one task.
#[derive(Debug)]
pub struct EnricherStores {
    /// What was said, by tenant and question.
    known: Bounded<Knowledge>,
}

/// What the source said of one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    pub(crate) tenant: String,
    pub(crate) question: String,
    pub(crate) knowledge: Knowledge,
}

impl Default for EnricherStores {
    fn default() -> Self {
        // Nothing is written before the bounds of the settings are set.
        Self {
            known: Bounded::new("known", 0, 0),
        }
    }
}

impl Stores for EnricherStores {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.known);
    }
}

impl EnricherStores {
    pub(crate) fn get(&self, tenant: &str, question: &str) -> Option<&Knowledge> {
        self.known.get(&key(tenant, question))
    }

    /// Keeps it for `ttl`, and `most` of each tenant.
    pub(crate) fn keep(&mut self, memory: Memory, ttl: Millis, most: usize) {
        let key = key(&memory.tenant, &memory.question);
        self.known.set_bounds(ttl, most);
        self.known.put(&memory.tenant, key, memory.knowledge);
    }

    /// Every question with what is known of it.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Knowledge)> {
        let each = self.known.iter();
        each.filter_map(|(key, knowledge)| Some((key.split_once('/')?.1, knowledge)))
    }
}

/// Tenants have no slash in their names; to people it reads like a path.
fn key(tenant: &str, question: &str) -> String {
    format!("{tenant}/{question}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Value;
    use stage::golden;

    #[test]
    fn what_is_known_is_written_as_it_always_was() {
        let none = || EnricherStores::default().known;
        let facts = [
            ("honeypot".to_owned(), Value::Bool(true)),
            ("holders".to_owned(), Value::Long(12)),
            ("name".to_owned(), Value::from("UNI")),
        ];
        let mut stores = EnricherStores::default();
        let memory = Memory {
            tenant: "acme".into(),
            question: "eth:0x00".into(),
            knowledge: Knowledge::of(facts.into(), 1_700_000_000_000),
        };
        stores.keep(memory, 86_400_000, 10);
        let versions = [include_str!("../tests/golden/known.v1.hex")];
        assert_eq!(golden(stores.known, none, &versions), Ok(()));
    }
}
