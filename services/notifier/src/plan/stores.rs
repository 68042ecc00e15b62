//! Which notifications are planned already.

use model::Millis;
use stage::{AnyStore, Expiring, Stores};

/// A signal that is silent for a day is over, so what was planned a quarter ago is not asked for again.
const REMEMBERED: Millis = 90 * 24 * 60 * 60 * 1000;

/// The store of the plan: the identities of what is planned.
#[derive(Debug)]
pub struct PlannedStores {
    /// Identities of notifications, and of signals that a channel heard of, for 90 days.
    pub planned: Expiring<u128, ()>,
}

impl Default for PlannedStores {
    fn default() -> Self {
        Self {
            planned: Expiring::new("planned", REMEMBERED),
        }
    }
}

impl Stores for PlannedStores {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.planned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::golden;

    #[test]
    fn what_was_planned_is_written_as_it_always_was() {
        let none = || PlannedStores::default().planned;
        let mut planned = none();
        planned.insert(7);
        let versions = [include_str!("../../tests/golden/planned.v1.hex")];
        assert_eq!(golden(planned, none, &versions), Ok(()));
    }
}
