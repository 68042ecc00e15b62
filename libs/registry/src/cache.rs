//! What is known of ids. No network, no clock: the caller says what time it is.

use model::{SchemaLookup, WriterSchema};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long a "there is none" holds: a flood of records with an unknown id asks the registry only this often, and a
/// schema that is registered late is found soon.
const UNKNOWN_FOR: Duration = Duration::from_secs(10);
/// How many unknown ids are remembered at most, so that random ids cost no memory.
const MOST_UNKNOWN: usize = 10_000;

/// Schemas by id; a schema never changes, so a known one is known for ever.
#[derive(Default)]
pub(crate) struct Cache {
    known: HashMap<u32, WriterSchema>,
    unknown: HashMap<u32, (String, Instant)>,
}

impl Cache {
    pub(crate) fn get(&self, id: u32, now: Instant) -> Option<SchemaLookup> {
        if let Some(schema) = self.known.get(&id) {
            return Some(SchemaLookup::Known(schema.clone()));
        }
        let (why, since) = self.unknown.get(&id)?;
        (now.duration_since(*since) < UNKNOWN_FOR).then(|| SchemaLookup::Unknown(why.clone()))
    }

    /// Remembers an answer; that nobody could say is not remembered.
    pub(crate) fn put(&mut self, id: u32, answer: &SchemaLookup, now: Instant) {
        match answer {
            SchemaLookup::Known(schema) => {
                self.known.insert(id, schema.clone());
                self.unknown.remove(&id);
            }
            SchemaLookup::Unknown(why) => {
                if self.unknown.len() >= MOST_UNKNOWN {
                    self.unknown.clear();
                }
                self.unknown.insert(id, (why.clone(), now));
            }
            SchemaLookup::Unavailable(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_holds_for_a_while_and_nothing_is_remembered_of_silence() {
        let (mut cache, now) = (Cache::default(), Instant::now());
        cache.put(1, &SchemaLookup::Unknown("none".to_owned()), now);
        cache.put(2, &SchemaLookup::Unavailable("away".to_owned()), now);
        assert!(matches!(
            cache.get(1, now + UNKNOWN_FOR / 2),
            Some(SchemaLookup::Unknown(_))
        ));
        assert!(cache.get(1, now + UNKNOWN_FOR).is_none());
        assert!(cache.get(2, now).is_none());
    }

    #[test]
    fn random_ids_cost_no_memory() {
        let (mut cache, now) = (Cache::default(), Instant::now());
        for id in 0..50_000 {
            cache.put(id, &SchemaLookup::Unknown("none".to_owned()), now);
        }
        assert!(cache.unknown.len() <= MOST_UNKNOWN);
    }

    #[test]
    fn a_schema_that_came_late_is_known_for_ever() {
        let (mut cache, now) = (Cache::default(), Instant::now());
        cache.put(1, &SchemaLookup::Unknown("none".to_owned()), now);
        let schema = WriterSchema::parse("\"string\"").unwrap();
        cache.put(1, &SchemaLookup::Known(schema), now);
        assert!(matches!(
            cache.get(1, now + UNKNOWN_FOR * 9),
            Some(SchemaLookup::Known(_))
        ));
    }
}
