//! The rows of a table, by key.

use std::collections::HashMap;

use model::Facts;
use settings::TableSource;

use super::TableError;
use crate::identity;

/// Facts by the value that is looked up.
#[derive(Debug, Default, PartialEq)]
pub struct Rows(HashMap<String, Facts>);

impl Rows {
    /// The facts of this key.
    pub fn get(&self, key: &str) -> Option<&Facts> {
        self.0.get(key)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds row number `row`. A row without a key says nothing of anything and is left out.
    pub(super) fn add(
        &mut self,
        source: &TableSource,
        row: usize,
        key: &str,
        facts: Facts,
    ) -> Result<(), TableError> {
        let key = identity::comparable(&source.on, key);
        if key.is_empty() {
            return Ok(());
        }
        match self.0.insert(key.clone(), facts) {
            Some(_) => Err(TableError::Double { row, value: key }),
            None => Ok(()),
        }
    }
}
