//! Languages of sentences, word pairs and single words, with what the answer costs.

use super::read_if_there;
use super::report::{Row, Wanted};
use crate::process;
use anyhow::Result;
use std::path::Path;

/// The folders of the test set and their codes.
const LANGUAGES: [(&str, &str); 20] = [
    ("arabic", "ar"),
    ("chinese", "zh"),
    ("dutch", "nl"),
    ("english", "en"),
    ("french", "fr"),
    ("german", "de"),
    ("hindi", "hi"),
    ("indonesian", "id"),
    ("italian", "it"),
    ("japanese", "ja"),
    ("korean", "ko"),
    ("persian", "fa"),
    ("polish", "pl"),
    ("portuguese", "pt"),
    ("russian", "ru"),
    ("spanish", "es"),
    ("thai", "th"),
    ("turkish", "tr"),
    ("ukrainian", "uk"),
    ("vietnamese", "vi"),
];

/// What one file of each language gave.
#[derive(Default)]
struct Measured {
    texts: usize,
    /// Sum over the languages of the share that was right, so that each counts the same.
    shares: f64,
    languages: usize,
    seconds: f64,
}

impl Measured {
    fn accuracy(&self) -> Option<f64> {
        (self.languages > 0).then(|| self.shares / self.languages as f64)
    }

    fn micros(&self) -> Option<f64> {
        (self.texts > 0).then(|| self.seconds * 1e6 / self.texts as f64)
    }
}

pub(crate) fn rows(folder: &Path) -> Result<Vec<Row>> {
    let before = process::peak_mib(std::process::id());
    let sentences = measure(folder, "sentences.txt")?;
    let pairs = measure(folder, "word-pairs.txt")?;
    let words = measure(folder, "single-words.txt")?;
    let grown = (process::peak_mib(std::process::id()) - before).max(0.0);
    let accuracy = |name, what, measured: &Measured, wanted| Row {
        name,
        what,
        on: "20 languages, mean of their shares",
        n: measured.texts,
        value: measured.accuracy(),
        wanted: Wanted::AtLeast(wanted),
    };
    let cost = |name, what, n, value| Row {
        name,
        what,
        on: "the same",
        n,
        value,
        wanted: Wanted::Nothing,
    };
    Ok(vec![
        accuracy("language_sentences", "language of sentences", &sentences, 0.97),
        accuracy("language_pairs", "language of word pairs", &pairs, 0.90),
        accuracy("language_words", "language of single words", &words, 0.75),
        cost(
            "language_us",
            "µs of CPU a sentence",
            sentences.texts,
            sentences.micros(),
        ),
        cost(
            "language_rss_mib",
            "MiB resident that it adds",
            sentences.texts,
            sentences.micros().map(|_| grown),
        ),
    ])
}

fn measure(folder: &Path, file: &str) -> Result<Measured> {
    let mut measured = Measured::default();
    for (name, code) in LANGUAGES {
        let Some(texts) = read_if_there(&folder.join(name).join(file))? else {
            continue;
        };
        let texts: Vec<&str> = texts
            .lines()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .collect();
        let before = process::cpu_seconds(std::process::id());
        let right = texts
            .iter()
            .filter(|text| text::language::detect(text).is_some_and(|language| language.code == code))
            .count();
        measured.seconds += process::cpu_seconds(std::process::id()) - before;
        measured.texts += texts.len();
        measured.languages += 1;
        let share = right as f64 / texts.len().max(1) as f64;
        measured.shares += share;
        if super::wants_details() {
            crate::say(format_args!("{file:18} {code} {share:.3}"));
        }
    }
    Ok(measured)
}
