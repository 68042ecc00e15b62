//! Lists of sources, authors and entities, as people keep them in files. No I/O: whoever has the files passes their
//! text.

use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// What the lists say. The lists of several files are one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lists {
    blocked_sources: HashSet<String>,
    trusted_sources: HashSet<String>,
    /// Influence by author, in lower case without `@`; 0 blocks.
    authors: HashMap<String, f64>,
    /// Words that are never what an event is about, in lower case.
    pub(crate) blocked_entities: HashSet<String>,
    /// Words and phrases to be told of, in lower case, folded.
    pub(crate) trusted_entities: Vec<String>,
}

/// Why a list file is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ListsError {
    /// The file is no YAML, or has a key that is none of ours.
    #[error("{file}: {message}; the keys are {KEYS}")]
    Syntax {
        /// Name of the file.
        file: String,
        /// What the parser said, with line and column.
        message: String,
    },
    /// The file says nothing, as one does that is just being written.
    #[error("{file} is empty; write at least one of {KEYS}")]
    Empty {
        /// Name of the file.
        file: String,
    },
    /// A weight that is no influence.
    #[error(
        "{file}: the weight of author `{author}` is {weight}; write a number from 0, which blocks, to 100"
    )]
    Weight {
        /// Name of the file.
        file: String,
        /// The author.
        author: String,
        /// As written.
        weight: f64,
    },
}

const KEYS: &str =
    "blocked_sources, trusted_sources, authors, blocked_entities, trusted_entities, blacklist, whitelist";

/// One file; `blacklist` and `whitelist` are what event-stream-starter calls lists of entities.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    blocked_sources: Vec<String>,
    trusted_sources: Vec<String>,
    authors: HashMap<String, f64>,
    #[serde(alias = "blacklist")]
    blocked_entities: Vec<String>,
    #[serde(alias = "whitelist")]
    trusted_entities: Vec<String>,
}

/// How an event's source is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Blocked,
    Trusted,
    Unlisted,
}

impl Lists {
    /// Reads files, each with its name.
    pub fn parse(files: &[(String, String)]) -> Result<Self, ListsError> {
        let mut lists = Self::default();
        for (name, text) in files {
            lists.add(name, text)?;
        }
        Ok(lists)
    }

    fn add(&mut self, name: &str, text: &str) -> Result<(), ListsError> {
        let parsed: Option<File> = serde_yaml_ng::from_str(text).map_err(|error| ListsError::Syntax {
            file: name.to_owned(),
            message: error.to_string(),
        })?;
        let file = parsed.ok_or_else(|| ListsError::Empty {
            file: name.to_owned(),
        })?;
        self.blocked_sources.extend(file.blocked_sources);
        self.trusted_sources.extend(file.trusted_sources);
        self.blocked_entities.extend(
            file.blocked_entities
                .iter()
                .map(|entity| text::fold(entity.trim())),
        );
        self.trusted_entities.extend(
            file.trusted_entities
                .iter()
                .map(|entity| text::fold(entity.trim())),
        );
        for (author, weight) in file.authors {
            if !(0.0..=100.0).contains(&weight) {
                let file = name.to_owned();
                return Err(ListsError::Weight { file, author, weight });
            }
            self.authors.insert(author_key(&author), weight);
        }
        Ok(())
    }

    /// How a source is listed: its own name, or a listed beginning with `*` behind it (`rss:*`).
    pub(crate) fn source(&self, source: &str) -> Standing {
        if is_listed(&self.blocked_sources, source) {
            Standing::Blocked
        } else if is_listed(&self.trusted_sources, source) {
            Standing::Trusted
        } else {
            Standing::Unlisted
        }
    }

    /// The influence of an author, where the lists name one.
    pub(crate) fn author_weight(&self, author: &str) -> Option<f64> {
        if self.authors.is_empty() {
            return None;
        }
        self.authors.get(&author_key(author)).copied()
    }
}

fn author_key(author: &str) -> String {
    author.trim().trim_start_matches('@').to_lowercase()
}

fn is_listed(list: &HashSet<String>, source: &str) -> bool {
    let begins = |entry: &String| {
        entry
            .strip_suffix('*')
            .is_some_and(|beginning| source.starts_with(beginning))
    };
    list.contains(source) || list.iter().any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Lists, ListsError> {
        Lists::parse(&[("lists.yml".to_owned(), text.to_owned())])
    }

    #[test]
    fn sources_and_authors() -> Result<(), ListsError> {
        let lists = parse(
            "blocked_sources: [spam.example, 'bot:*']\ntrusted_sources: [desk]\nauthors: {'@Vitalik': 3, troll: 0}",
        )?;
        assert_eq!(lists.source("bot:7"), Standing::Blocked);
        assert_eq!(lists.source("desk"), Standing::Trusted);
        assert_eq!(lists.source("rss"), Standing::Unlisted);
        assert_eq!(lists.author_weight("vitalik"), Some(3.0));
        assert_eq!(lists.author_weight("someone"), None);
        Ok(())
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let misspelt = parse("blocked_source: [a]").map_err(|error| error.to_string());
        assert!(misspelt.is_err_and(|error| error.contains("blocked_source")));
        assert!(matches!(
            parse("# being written\n"),
            Err(ListsError::Empty { .. })
        ));
        assert!(matches!(
            parse("authors: {a: -1}"),
            Err(ListsError::Weight { .. })
        ));
        assert!(matches!(parse("blacklist: [a"), Err(ListsError::Syntax { .. })));
    }
}
