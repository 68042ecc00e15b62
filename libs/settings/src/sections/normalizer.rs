//! From raw events to events.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::problem::Problems;

/// From raw events to events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NormalizerSettings {
    /// Of longer texts, links, tags, names and the like are looked for in the beginning and the end; rules see all of
    /// the text. Default 65536.
    pub max_text_bytes: usize,
    /// Event times ahead of their arrival by at most this are a clock that is fast: the arrival is taken instead, ms.
    /// Default one minute.
    pub max_skew_ms: u64,
    /// Older events are filtered, ms between their time and their arrival; 0 keeps every age. Default 0.
    pub max_age_ms: u64,
    /// Symbols that are recognised without a `$`.
    pub symbols: Vec<String>,
    /// Languages that go on, ISO 639-1; texts in another are filtered. Empty, the default, means every language.
    pub languages: Vec<String>,
    /// Texts at least this likely to be spam are filtered, 0 to 1. Default absent: spam is judged and goes on.
    pub max_spam: Option<f64>,
    /// File or folder of lists of sources, authors and entities, read again when it changes. Default absent.
    pub lists: Option<PathBuf>,
    /// Whether senders that showed no key are trusted with what they say of themselves and of other sources: those that
    /// write to the ingest topic themselves, which the broker's ACLs allow, and those of an edge with `auth: none`.
    /// Default true.
    pub trust_unnamed: bool,
}

impl Default for NormalizerSettings {
    fn default() -> Self {
        Self {
            max_text_bytes: 65_536,
            max_skew_ms: 60_000,
            max_age_ms: 0,
            symbols: Vec::new(),
            languages: Vec::new(),
            max_spam: None,
            lists: None,
            trust_unnamed: true,
        }
    }
}

impl NormalizerSettings {
    /// Every option given and every list with an item.
    pub(crate) fn specimen() -> Self {
        Self {
            symbols: vec![String::new()],
            languages: vec!["en".to_owned()],
            max_spam: Some(0.9),
            lists: Some(PathBuf::from("lists")),
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.at_least_one("normalizer.max_text_bytes", self.max_text_bytes as u64);
        for code in &self.languages {
            let known = code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase());
            let mend = "must be ISO 639-1: two small letters, such as en";
            problems.unless(known, "normalizer.languages", code, mend);
        }
        if let Some(most) = self.max_spam {
            let mend = "must be above 0 and at most 1";
            problems.unless(most > 0.0 && most <= 1.0, "normalizer.max_spam", most, mend);
        }
    }
}
