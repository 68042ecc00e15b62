//! The most frequent items: Misra-Gries counters, which can be merged (Agarwal et al. 2013). No clock, no I/O.
//!
//! With `c` counters for `n` items, a count is at most `n / (c + 1)` too small and never too large; an item that is more
//! frequent than that is among them.

use serde::{Deserialize, Serialize};

/// Counters for each item that is asked for.
const FOR_EACH: usize = 4;
/// Bytes of an item that are kept: strangers choose how long they are.
const LONGEST: usize = 128;

/// Counters of the most frequent items, in the order of the items.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Top {
    #[serde(rename = "i")]
    items: Vec<(String, u64)>,
}

/// How many counters there are for the `most` first items.
pub(crate) fn counters(most: usize) -> usize {
    most.saturating_mul(FOR_EACH).clamp(16, 1024)
}

impl Top {
    /// Counts an item so many times, with this many counters.
    pub fn add(&mut self, item: &str, many: u64, counters: usize) {
        let item = shortened(item);
        match self.items.binary_search_by(|(known, _)| known.as_str().cmp(item)) {
            Ok(place) => {
                if let Some((_, count)) = self.items.get_mut(place) {
                    *count += many;
                }
            }
            Err(place) => {
                self.items.insert(place, (item.to_owned(), many));
                self.shed(counters);
            }
        }
    }

    /// Counts the items of both.
    pub fn merge(&mut self, other: &Self, counters: usize) {
        for (item, many) in &other.items {
            match self.items.binary_search_by(|(known, _)| known.cmp(item)) {
                Ok(place) => {
                    if let Some((_, count)) = self.items.get_mut(place) {
                        *count += many;
                    }
                }
                Err(place) => self.items.insert(place, (item.clone(), *many)),
            }
        }
        self.shed(counters);
    }

    /// Takes from all what the first that is too many has.
    fn shed(&mut self, counters: usize) {
        if self.items.len() <= counters {
            return;
        }
        let mut counts: Vec<u64> = self.items.iter().map(|(_, count)| *count).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let over = counts.get(counters).copied().unwrap_or(0);
        for (_, count) in &mut self.items {
            *count = count.saturating_sub(over);
        }
        self.items.retain(|(_, count)| *count > 0);
    }

    /// The most frequent items with their counts, the first first.
    pub fn first(&self, most: usize) -> Vec<(String, u64)> {
        let mut items = self.items.clone();
        items.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
        items.truncate(most);
        items
    }
}

fn shortened(item: &str) -> &str {
    let end = (0..=LONGEST.min(item.len()))
        .rev()
        .find(|end| item.is_char_boundary(*end));
    &item[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn counts_are_at_most_so_much_too_small(items in prop::collection::vec(0u8..60, 0..400), cut in 0usize..400) {
            let counters = counters(3);
            let (mut parts, mut exact) = ([Top::default(), Top::default()], BTreeMap::<String, u64>::new());
            for (at, item) in items.iter().enumerate() {
                parts[usize::from(at < cut)].add(&item.to_string(), 1, counters);
                *exact.entry(item.to_string()).or_default() += 1;
            }
            let [mut merged, other] = parts;
            merged.merge(&other, counters);
            prop_assert!(merged.items.len() <= counters);
            let slack = items.len() as u64 / (counters as u64 + 1);
            for (item, count) in &exact {
                let got = merged.items.iter().find(|(known, _)| known == item).map_or(0, |(_, got)| *got);
                prop_assert!(got <= *count && count - got <= slack);
            }
        }
    }

    #[test]
    fn items_are_shortened_between_characters() {
        let mut top = Top::default();
        top.add(&"é".repeat(100), 1, 16);
        assert_eq!(top.first(1)[0].0, "é".repeat(64));
    }
}
