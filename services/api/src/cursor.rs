//! Where a page ended: the sort and the last item's values of it, opaque to clients.

use crate::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The longest cursor that is read.
const MAX_BYTES: usize = 8192;

/// The place after which the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The sort's values of the last item, as PostgreSQL writes them.
    pub(crate) values: Vec<String>,
}

impl Cursor {
    /// Writes the cursor for a list of this sort.
    pub(crate) fn write(&self, sort: &str) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(sort, &self.values)).unwrap_or_default())
    }

    /// Reads a cursor that a list of this sort, of so many values, gave.
    pub(crate) fn read(text: &str, sort: &str, values: usize) -> Result<Self, Problem> {
        let read = |text: &str| -> Option<(String, Vec<String>)> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
        };
        match Some(text).filter(|text| text.len() <= MAX_BYTES).and_then(read) {
            Some((of, found)) if of == sort && found.len() == values => Ok(Self { values: found }),
            _ => Err(Problem::invalid_cursor()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_reads_as_it_was_written(values in proptest::collection::vec(".{0,20}", 0..5)) {
            let cursor = Cursor { values };
            prop_assert_eq!(Cursor::read(&cursor.write("time"), "time", cursor.values.len()), Ok(cursor.clone()));
            prop_assert!(Cursor::read(&cursor.write("time"), "score", cursor.values.len()).is_err());
        }

        #[test]
        fn nothing_makes_it_panic(text in ".{0,200}") {
            let _ = Cursor::read(&text, "time", 2);
        }
    }
}
