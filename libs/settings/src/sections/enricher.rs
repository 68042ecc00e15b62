//! What is found out about a signal: tables of facts and one HTTP source.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::problem::Problems;
use crate::secret::Secret;
use crate::shape::ANY_KEY;

/// What is found out about a signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnricherSettings {
    /// A rule file or a folder of them. Default `rules/scoring`.
    pub rules: PathBuf,
    /// Tables whose columns become facts.
    pub tables: Vec<TableSource>,
    /// One HTTP source, if there is one.
    pub http: Option<HttpSource>,
}

impl Default for EnricherSettings {
    fn default() -> Self {
        Self {
            rules: "rules/scoring".into(),
            tables: Vec::new(),
            http: None,
        }
    }
}

/// A CSV file with a header line, or a JSON array of objects; read again when it changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TableSource {
    /// Prefix of the facts: column `tier` of table `accounts` is the fact `accounts.tier`.
    pub name: String,
    /// The file, `.csv` or `.json`.
    pub path: PathBuf,
    /// The column that is looked up.
    pub key: String,
    /// What of the signal is looked up: `subject`, `symbol`, `address`, `domain`, `author`, or the name of a fact.
    pub on: String,
}

/// An HTTP source that answers with JSON; its members become facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSource {
    /// Address with `{subject}`, `{symbol}`, `{address}`, `{chain}` where the signal's values go; a secret as a whole,
    /// since many sources take a key in its query.
    pub url: Secret,
    /// Headers of every question, such as `x-api-key`; their values are secrets.
    pub headers: BTreeMap<String, Secret>,
    /// Which of `address`, `symbol`, `subject` a signal must have to be looked up. Default `address`.
    pub on: String,
    /// Prefix of the facts. Default `market`.
    pub prefix: String,
    /// Of one whole look-up. Default `2s`.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// How long an answer is fresh. Default `60s`.
    #[serde(with = "humantime_serde")]
    pub ttl: Duration,
    /// How much longer it may be used while a fresh one is fetched. Default `10m`.
    #[serde(with = "humantime_serde")]
    pub stale: Duration,
    /// Most answers kept. Default 10000.
    pub max_entries: u64,
    /// How long what it said stays known, with its age, once it is away or says it no more; over restarts too.
    /// Default `30d`; `0s` keeps nothing.
    #[serde(with = "humantime_serde")]
    pub remember: Duration,
    /// Of how many subjects of each tenant that is, in each partition; those heard of last. Default 10000.
    pub max_remembered: usize,
    /// Most calls a second, if limited.
    pub rate_per_s: Option<u32>,
    /// Whether every private and loopback address may be called, as older configurations say it; better name the
    /// networks in `outbound.allowed_networks`. Metadata services stay closed. Default false.
    pub allow_private: bool,
}

impl Default for HttpSource {
    fn default() -> Self {
        Self {
            url: Secret::default(),
            headers: BTreeMap::new(),
            on: "address".to_owned(),
            prefix: "market".to_owned(),
            timeout: Duration::from_secs(2),
            ttl: Duration::from_mins(1),
            stale: Duration::from_mins(10),
            max_entries: 10_000,
            remember: Duration::from_hours(30 * 24),
            max_remembered: 10_000,
            rate_per_s: None,
            allow_private: false,
        }
    }
}

impl EnricherSettings {
    pub(crate) fn specimen() -> Self {
        let http = HttpSource {
            rate_per_s: Some(1),
            headers: BTreeMap::from([(ANY_KEY.to_owned(), Secret::default())]),
            ..HttpSource::default()
        };
        Self {
            tables: vec![TableSource::default()],
            http: Some(http),
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        for (index, table) in self.tables.iter().enumerate() {
            table.check(&format!("enricher.tables[{index}]"), problems);
        }
        if let Some(http) = &self.http {
            http.check(problems);
        }
    }
}

impl TableSource {
    fn check(&self, at: &str, problems: &mut Problems) {
        let key = |name: &str| format!("{at}.{name}");
        problems.unless(
            is_fact_prefix(&self.name),
            key("name"),
            &self.name,
            "use a-z, 0-9 and _, such as `accounts`; `data` is what events claim",
        );
        problems.unless(
            !self.key.is_empty(),
            key("key"),
            "\"\"",
            "name the column that is looked up",
        );
        problems.unless(
            !self.on.is_empty(),
            key("on"),
            "\"\"",
            "name what is looked up, such as `subject`",
        );
        let known = self
            .path
            .extension()
            .is_some_and(|extension| extension == "csv" || extension == "json");
        problems.unless(
            known,
            key("path"),
            self.path.display(),
            "name a .csv or .json file",
        );
    }
}

impl HttpSource {
    fn check(&self, problems: &mut Problems) {
        let filled = ["{subject}", "{symbol}", "{address}", "{chain}"]
            .iter()
            .fold(self.url.expose().to_owned(), |url, place| url.replace(place, "x"));
        super::notifier::check_headers("enricher.http.headers", &self.headers, problems);
        problems.http_url("enricher.http.url", &filled);
        problems.unless(
            !filled.contains(['{', '}']),
            "enricher.http.url",
            "…",
            "has a placeholder we do not know",
        );
        let on = self.on.as_str();
        let known = matches!(on, "address" | "symbol" | "subject");
        problems.unless(known, "enricher.http.on", on, "use address, symbol or subject");
        problems.unless(
            is_fact_prefix(&self.prefix),
            "enricher.http.prefix",
            &self.prefix,
            "use a-z, 0-9 and _; `data` is what events claim",
        );
        problems.unless(
            !self.timeout.is_zero(),
            "enricher.http.timeout",
            "0s",
            "must be above zero",
        );
        problems.at_least_one("enricher.http.max_entries", self.max_entries);
        problems.unless(
            self.rate_per_s != Some(0),
            "enricher.http.rate_per_s",
            0,
            "must be at least 1, or left away",
        );
    }
}

/// `data` is what events claim, so nothing that is found out may be called that.
fn is_fact_prefix(name: &str) -> bool {
    name != "data"
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
