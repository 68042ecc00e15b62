//! Which files of a folder score and which detect: a folder may hold both, with lists and tables that both ask. No I/O.

use super::beside::Beside;
use super::rule_files;
use crate::node::{self, Node, Yaml};

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Scoring,
    Detecting,
    /// Lists, tables and derived values, which both may name.
    Both,
}

/// Keys of files that only name things.
const NAMING: [&str; 6] = ["version", "description", "lists", "tables", "derived", "language"];

impl Purpose {
    /// By the keys at the top; a file that cannot be read is one of scoring, where its mistake is told.
    fn of(name: &str, text: &str) -> Self {
        if Beside::of(name).is_some() {
            return Self::Both;
        }
        let Ok(root) = node::read(text) else {
            return Self::Scoring;
        };
        let Yaml::Map(entries) = &root.value else {
            return Self::Scoring;
        };
        let value = |name: &str| {
            let entry = entries.iter().find(|(key, _)| key.text() == Some(name));
            entry.map(|(_, value)| value)
        };
        let is_naming = |(key, _): &(Node, Node)| key.text().is_some_and(|key| NAMING.contains(&key));
        let tests_detect = value("groups").is_none() && value("tests").is_some_and(has_events);
        if value("detections").is_some() || value("alerts").is_some() || tests_detect {
            Self::Detecting
        } else if !entries.is_empty() && entries.iter().all(is_naming) {
            Self::Both
        } else {
            Self::Scoring
        }
    }
}

/// Tests of detections give events, those of scores give facts.
fn has_events(tests: &Node) -> bool {
    let Yaml::List(tests) = &tests.value else {
        return false;
    };
    let events = |test: &Node| match &test.value {
        Yaml::Map(entries) => entries.iter().any(|(key, _)| key.text() == Some("events")),
        _ => false,
    };
    tests.iter().any(events)
}

/// The files of a folder, by what they are for. Lists, tables and derived values are among both.
#[derive(Debug, Default)]
pub struct SortedFiles<'a> {
    /// Files that scores are made by; empty where all others are of detections.
    pub scoring: Vec<(&'a str, &'a str)>,
    /// Files that detect; empty where there are none.
    pub detections: Vec<(&'a str, &'a str)>,
}

/// Sorts the files of a folder by what they say.
pub fn sorted_files(texts: &[(String, String)]) -> SortedFiles<'_> {
    let files: Vec<_> = rule_files(texts)
        .into_iter()
        .map(|file| (Purpose::of(file.0, file.1), file))
        .collect();
    let is_there = |wanted| files.iter().any(|(purpose, _)| *purpose == wanted);
    let of = |wanted| {
        let chosen = files
            .iter()
            .filter(|(purpose, _)| *purpose == wanted || *purpose == Purpose::Both);
        chosen.map(|(_, file)| *file).collect()
    };
    let detects = is_there(Purpose::Detecting);
    SortedFiles {
        scoring: if is_there(Purpose::Scoring) || !detects {
            of(Purpose::Scoring)
        } else {
            Vec::new()
        },
        detections: if detects {
            of(Purpose::Detecting)
        } else {
            Vec::new()
        },
    }
}

/// What a stage that scores reads of a folder. Where nothing scores, all of it, so that the mistake is told.
pub fn scoring_files(texts: &[(String, String)]) -> Vec<(&str, &str)> {
    let sorted = sorted_files(texts).scoring;
    if sorted.is_empty() {
        rule_files(texts)
    } else {
        sorted
    }
}

/// What a stage that detects reads of a folder. Where nothing detects, all of it.
pub fn detection_files(texts: &[(String, String)]) -> Vec<(&str, &str)> {
    let sorted = sorted_files(texts).detections;
    if sorted.is_empty() {
        rule_files(texts)
    } else {
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        files.iter().map(owned).collect()
    }

    fn names(files: &[(&str, &str)]) -> Vec<String> {
        files.iter().map(|(name, _)| (*name).to_owned()).collect()
    }

    #[test]
    fn a_folder_may_hold_both() {
        let texts = texts(&[
            ("README.md", "# not a rule"),
            ("a.yml", "groups: []\n"),
            ("b.yml", "# detections:\n\"detections\": []\n"),
            ("c.yml", "tests: [{name: x, events: [], expect: {}}]\n"),
            ("d.yml", "tests: [{name: x, given: {}, expect: {}}]\n"),
            ("e.yml", "lists: {vip: [a]}\n"),
            ("levels.yml", "levels: []\n"),
            ("vip.txt", "a\n"),
        ]);
        assert_eq!(
            names(&scoring_files(&texts)),
            ["a.yml", "d.yml", "e.yml", "levels.yml", "vip.txt"]
        );
        assert_eq!(
            names(&detection_files(&texts)),
            ["b.yml", "c.yml", "e.yml", "vip.txt"]
        );
    }

    #[test]
    fn what_cannot_be_read_is_told_where_scores_are() {
        let bad = texts(&[("a.yml", "groups: ["), ("b.yml", "detections: []")]);
        assert_eq!(names(&scoring_files(&bad)), ["a.yml"]);
        let alone = texts(&[("b.yml", "{detections: []}")]);
        assert!(sorted_files(&alone).scoring.is_empty());
        assert_eq!(names(&scoring_files(&alone)), ["b.yml"]);
        assert_eq!(names(&detection_files(&alone)), ["b.yml"]);
        assert!(
            sorted_files(&texts(&[("a.yml", "groups: []")]))
                .detections
                .is_empty()
        );
    }
}
