//! What can be wrong with a configuration, in words that say where and how to mend it.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;

/// One thing that is wrong, at one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Dotted path of the key, as in the YAML file (`kafka.partitions`).
    pub key: String,
    /// The value as given, where it is no secret.
    pub value: Option<String>,
    /// What is wrong and how to mend it.
    pub mend: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{} = {value}: {}", self.key, self.mend),
            None => write!(f, "{}: {}", self.key, self.mend),
        }
    }
}

/// Why no settings could be had.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file that was named cannot be read.
    #[error(
        "cannot read the configuration file {path}: {source}; name an existing file or leave --config away"
    )]
    File {
        /// The file as named.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is no YAML.
    #[error("{path} is not valid YAML: {message}")]
    Syntax {
        /// The file as named.
        path: PathBuf,
        /// What the parser said, with its line and column.
        message: String,
    },
    /// The file or the environment says something that cannot be used; all of it is listed.
    #[error("the configuration has {} to mend:{}", count(problems), listed(problems))]
    Invalid {
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
}

fn count(problems: &[Problem]) -> String {
    match problems.len() {
        1 => "1 thing".to_owned(),
        n => format!("{n} things"),
    }
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |list, problem| {
        list + "\n  - " + &problem.to_string()
    })
}

/// Collects problems while the sections are looked through.
#[derive(Debug, Default)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl Problems {
    /// Notes a problem with its value shown.
    pub(crate) fn add(&mut self, key: impl Into<String>, value: impl fmt::Display, mend: impl Into<String>) {
        self.0.push(Problem {
            key: key.into(),
            value: Some(value.to_string()),
            mend: mend.into(),
        });
    }

    /// Notes a problem whose value may be a secret, or is not there.
    pub(crate) fn add_hidden(&mut self, key: impl Into<String>, mend: impl Into<String>) {
        self.0.push(Problem {
            key: key.into(),
            value: None,
            mend: mend.into(),
        });
    }

    /// Notes a problem unless `fine`.
    pub(crate) fn unless(
        &mut self,
        fine: bool,
        key: impl Into<String>,
        value: impl fmt::Display,
        mend: &str,
    ) {
        if !fine {
            self.add(key, value, mend);
        }
    }

    /// Notes a number that must not be zero.
    pub(crate) fn at_least_one(&mut self, key: &str, value: u64) {
        self.unless(value > 0, key, value, "must be at least 1");
    }

    /// Notes a name that another `what` of its list has too (`seen` holds those before it), and one that is not of the
    /// plain alphabet.
    pub(crate) fn name_in_list<'a>(
        &mut self,
        key: &str,
        name: &'a str,
        what: &str,
        seen: &mut HashSet<&'a str>,
    ) {
        let mend = format!("is the name of another {what} too");
        self.unless(seen.insert(name), key, name, &mend);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        self.unless(
            !name.is_empty() && name.len() <= 64 && name.chars().all(fits),
            key,
            name,
            "use 1 to 64 of a-z A-Z 0-9 . _ -",
        );
    }

    /// Notes an address that paths cannot be put behind, beside what [`Problems::http_url`] notes.
    pub(crate) fn base_url(&mut self, key: &str, text: &str) {
        self.http_url(key, text);
        if text.contains(['?', '#']) {
            self.add_hidden(key, "must not hold a query: paths are put behind it");
        }
    }

    /// Notes an address that is not `http://…` or `https://…` with a host and without credentials.
    pub(crate) fn http_url(&mut self, key: &str, text: &str) {
        let Ok(url) = url::Url::parse(text) else {
            return self.add_hidden(key, "is not a URL; write it like http://host:port/path");
        };
        let usable = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
        if !usable {
            self.add_hidden(key, "must begin with http:// or https:// and name a host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            self.add_hidden(
                key,
                "must not hold a user name or password; give them by their own keys",
            );
        }
    }
}
