//! Which of some texts says best what all of them say. No I/O.

use crate::cluster::{Cluster, Query, Sums};
use crate::reading::{Method, Reading};
use crate::words::SlowWeights;

/// The place of the text that is most like the sum of all, with the language of each where it is known; of equals the
/// first. `None` where no text has a word that says something. Compared by words, which
/// all languages have, as they weigh in general language.
pub fn most_central(texts: &[(&str, Option<&str>)]) -> Option<usize> {
    let weights = SlowWeights::default();
    let read = |(text, lang): &(&str, Option<&str>)| Reading::of(text, *lang, &weights, Method::Words);
    let readings: Vec<Reading> = texts.iter().map(read).collect();
    let mut sums = Sums::default();
    let says_something = |reading: &&Reading| !reading.is_empty();
    readings
        .iter()
        .filter(says_something)
        .for_each(|reading| sums.add(reading));
    let all = Cluster::new(sums, 0, 0);
    let mut best: Option<(f32, usize)> = None;
    for (at, reading) in readings
        .iter()
        .enumerate()
        .filter(|(_, reading)| says_something(reading))
    {
        let (_, similarity) = Query::of_text(reading).similarity(&all);
        if best.is_none_or(|(known, _)| similarity > known) {
            best = Some((similarity, at));
        }
    }
    best.map(|(_, at)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn central(texts: &[&str]) -> Option<usize> {
        most_central(&texts.iter().map(|text| (*text, None)).collect::<Vec<_>>())
    }

    #[test]
    fn the_text_with_the_words_of_all_is_chosen() {
        let texts = [
            "Earthquake shakes Chile",
            "Strong earthquake shakes Chile, thousands leave their homes",
            "Thousands leave their homes as a strong earthquake hits",
            "My cat sleeps",
        ];
        assert_eq!(central(&texts), Some(1));
    }

    #[test]
    fn of_equals_the_first_and_of_nothing_none() {
        assert_eq!(central(&["Earthquake in Chile", "Earthquake in Chile"]), Some(0));
        assert_eq!(central(&["🚀", ""]), None);
        assert_eq!(central(&[]), None);
    }
}
