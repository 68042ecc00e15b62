//! Which evidence is stored already: every version of a signal repeats its list, and asking PostgreSQL each time costs
//! more than remembering. Forgetting is harmless, so two generations bound it. No database, no clock.

use std::collections::HashSet;

/// Entries of one generation, 16 bytes each.
const GENERATION: usize = 100_000;

/// Evidence that was stored and committed by us.
#[derive(Debug, Default)]
pub(crate) struct EvidenceSeen {
    young: HashSet<u128>,
    old: HashSet<u128>,
}

impl EvidenceSeen {
    /// Whether this evidence is surely stored.
    pub(crate) fn contains(&self, evidence: u128) -> bool {
        self.young.contains(&evidence) || self.old.contains(&evidence)
    }

    /// Remembers evidence; call it only after the commit.
    pub(crate) fn remember(&mut self, stored: impl IntoIterator<Item = u128>) {
        for evidence in stored {
            if self.young.len() >= GENERATION {
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(evidence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_at_least_one_generation_and_at_most_two() {
        let mut seen = EvidenceSeen::default();
        let entries = 3 * GENERATION as u128;
        seen.remember(0..entries);
        assert!((entries - GENERATION as u128..entries).all(|evidence| seen.contains(evidence)));
        assert!(!seen.contains(0));
        assert!(seen.young.len() + seen.old.len() <= 2 * GENERATION);
    }
}
