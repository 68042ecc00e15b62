//! What is polled: by which way, how often, and what becomes of each item.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::notifier::check_headers;
use crate::problem::Problems;
use crate::secret::Secret;
use crate::shape::ANY_KEY;

/// A partition holds no more than 4,096 of them.
const MOST: usize = 4_000;
/// More often than this nobody is to be asked.
const SHORTEST: Duration = Duration::from_secs(1);
/// Beyond it an answer is no page.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// What is polled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourcesSettings {
    /// The sources. Default: none.
    pub polled: Vec<SourceSettings>,
    /// Most pages fetched at once, by each lane. Default 16.
    pub concurrency: usize,
}

impl Default for SourcesSettings {
    fn default() -> Self {
        Self {
            polled: Vec::new(),
            concurrency: 16,
        }
    }
}

/// How a source speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// RSS, Atom, RDF or JSON Feed.
    #[default]
    Feed,
    /// Any API that answers with JSON.
    HttpPoll,
}

impl SourceKind {
    /// The kind as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::HttpPoll => "http_poll",
        }
    }
}

/// One source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourceSettings {
    /// Names the source; the `source` of its events, so another name makes other events of the same items.
    pub name: String,
    /// Default `feed`.
    pub kind: SourceKind,
    /// Where it is; a secret as a whole, since many take a key in their query. That of `http_poll` may hold `{cursor}` and
    /// `{page}`.
    pub url: Secret,
    /// Headers of every request, such as `x-api-key`; their values are secrets.
    pub headers: BTreeMap<String, Secret>,
    /// Sent as `authorization: Bearer …`.
    pub token: Option<Secret>,
    /// The name that goes with `password`, for HTTP's basic authentication.
    pub username: Option<String>,
    /// The password that goes with `username`.
    pub password: Option<Secret>,
    /// Whose its events are. Default `default`.
    pub tenant: String,
    /// Whether it is trusted to speak of itself, as a key with the scope `trusted` is. Default false.
    pub trusted: bool,
    /// The type of its events, where the mapping gives none. Default `post` for a feed and `item` for `http_poll`.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// How often it is asked; what the other side asks for (`Retry-After`, a feed's `ttl`, `skipHours` and `skipDays`) makes it
    /// longer, never shorter. Default `10m`.
    #[serde(with = "humantime_serde")]
    pub every: Duration,
    /// Of one request. Default `30s`.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Longest answer, in bytes. Default 4 MiB.
    pub max_bytes: usize,
    /// Most pages of one poll; the next poll goes on where it stopped. Default 10.
    pub max_pages: u32,
    /// Most requests a second, if limited.
    pub rate_per_s: Option<u32>,
    /// Whether the items that are there at the first poll become events too. Default true.
    pub backlog: bool,
    /// What of an answer of `http_poll` is an item, and what of an item goes where.
    pub mapping: Option<SourceMapping>,
    /// How `http_poll` comes from one page to the next. Default: there is one page.
    pub paging: Option<SourcePaging>,
}

impl Default for SourceSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: SourceKind::Feed,
            url: Secret::default(),
            headers: BTreeMap::new(),
            token: None,
            username: None,
            password: None,
            tenant: model::DEFAULT_TENANT.to_owned(),
            trusted: false,
            event_type: None,
            every: Duration::from_mins(10),
            timeout: Duration::from_secs(30),
            max_bytes: 4 * 1024 * 1024,
            max_pages: 10,
            rate_per_s: None,
            backlog: true,
            mapping: None,
            paging: None,
        }
    }
}

/// Each is a `JMESPath` expression; `items` is asked of the answer, the others of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourceMapping {
    /// The list of items. Default `@`: the answer is the list.
    pub items: String,
    /// What tells an item from others, a text or a number. Default `id`.
    pub id: String,
    /// When it happened: RFC 3339, or seconds or milliseconds since 1970.
    pub time: Option<String>,
    /// The type of its event.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// The data of its event. Default `@`: the item.
    pub data: String,
    /// Of the answer: why it is none, where one says so with a status of success. Anything but null, false and what is
    /// empty counts as a failure.
    pub error: Option<String>,
}

impl Default for SourceMapping {
    fn default() -> Self {
        Self {
            items: "@".to_owned(),
            id: "id".to_owned(),
            time: None,
            event_type: None,
            subject: None,
            data: "@".to_owned(),
            error: None,
        }
    }
}

/// What leads to the next page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PagingBy {
    /// What `next` finds in the answer.
    #[default]
    Cursor,
    /// A number, one more each time, until a page is empty.
    Page,
    /// The `Link` header with `rel="next"` (RFC 8288).
    Link,
}

/// When a poll is over, beside where there is no next page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PagingUntil {
    /// With the first page that holds an item of an earlier poll: for lists with the newest first.
    #[default]
    Known,
    /// With the last page: for lists in any other order.
    End,
}

/// How one page leads to the next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourcePaging {
    /// Default `cursor`.
    pub by: PagingBy,
    /// `JMESPath` of the next cursor, asked of the answer.
    pub next: Option<String>,
    /// The parameter of the query that takes the cursor or the page, unless the URL says `{cursor}` or `{page}`.
    pub parameter: Option<String>,
    /// The number of the first page. Default 1.
    pub first: Option<u32>,
    /// Whether the cursor goes on from poll to poll: for streams with the oldest first. Default false.
    pub keep: bool,
    /// Default `known`.
    pub until: PagingUntil,
}

impl SourcesSettings {
    pub(crate) fn specimen() -> Self {
        let source = SourceSettings {
            headers: BTreeMap::from([(ANY_KEY.to_owned(), Secret::default())]),
            token: Some(Secret::default()),
            username: Some(String::new()),
            password: Some(Secret::default()),
            event_type: Some(String::new()),
            rate_per_s: Some(1),
            mapping: Some(SourceMapping {
                time: Some(String::new()),
                event_type: Some(String::new()),
                subject: Some(String::new()),
                error: Some(String::new()),
                ..SourceMapping::default()
            }),
            paging: Some(SourcePaging {
                next: Some(String::new()),
                parameter: Some(String::new()),
                first: Some(1),
                ..SourcePaging::default()
            }),
            ..SourceSettings::default()
        };
        Self {
            polled: vec![source],
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.at_least_one("sources.concurrency", self.concurrency as u64);
        problems.unless(
            self.polled.len() <= MOST,
            "sources.polled",
            self.polled.len(),
            "give at most 4000 sources",
        );
        let mut names = HashSet::new();
        for (index, source) in self.polled.iter().enumerate() {
            let at = format!("sources.polled[{index}]");
            problems.name_in_list(&format!("{at}.name"), &source.name, "source", &mut names);
            source.check(&at, problems);
        }
    }
}

impl SourceSettings {
    fn check(&self, at: &str, problems: &mut Problems) {
        let key = |name: &str| format!("{at}.{name}");
        let url = self.url.expose().replace("{cursor}", "x").replace("{page}", "1");
        problems.http_url(&key("url"), &url);
        if url.contains(['{', '}']) {
            problems.add_hidden(
                key("url"),
                "has a placeholder we do not know; there are {cursor} and {page}",
            );
        }
        check_headers(&key("headers"), &self.headers, problems);
        problems.unless(
            model::is_tenant(&self.tenant),
            key("tenant"),
            &self.tenant,
            &format!("must be {}", model::TENANT_RULE),
        );
        problems.unless(
            self.event_type
                .as_ref()
                .is_none_or(|kind| !kind.trim().is_empty()),
            key("type"),
            "\"\"",
            "name a type, or leave it away",
        );
        self.check_login(&key, problems);
        self.check_bounds(&key, problems);
        self.check_kind(&key, problems);
    }

    fn check_login(&self, key: &dyn Fn(&str) -> String, problems: &mut Problems) {
        if self.username.is_some() != self.password.is_some() {
            problems.add_hidden(key("password"), "goes with a username: give both or neither");
        }
        let given = self
            .headers
            .keys()
            .any(|name| name.eq_ignore_ascii_case("authorization"));
        let ways = [self.token.is_some(), self.username.is_some(), given];
        if ways.iter().filter(|given| **given).count() > 1 {
            problems.add_hidden(
                key("token"),
                "give one of token, username with password, and headers.authorization",
            );
        }
    }

    fn check_bounds(&self, key: &dyn Fn(&str) -> String, problems: &mut Problems) {
        let every = humantime_serde::re::humantime::format_duration(self.every);
        problems.unless(self.every >= SHORTEST, key("every"), every, "must be 1s at least");
        problems.unless(
            !self.timeout.is_zero(),
            key("timeout"),
            "0s",
            "must be above zero",
        );
        problems.unless(
            (1..=MOST_BYTES).contains(&self.max_bytes),
            key("max_bytes"),
            self.max_bytes,
            "must be 1 to 33554432",
        );
        problems.unless(
            (1..=1_000).contains(&self.max_pages),
            key("max_pages"),
            self.max_pages,
            "must be 1 to 1000",
        );
        problems.unless(
            self.rate_per_s != Some(0),
            key("rate_per_s"),
            0,
            "must be at least 1, or left away",
        );
    }

    fn check_kind(&self, key: &dyn Fn(&str) -> String, problems: &mut Problems) {
        let placeholder = ["{cursor}", "{page}"]
            .into_iter()
            .find(|place| self.url.expose().contains(place));
        if self.kind == SourceKind::Feed {
            for (name, given) in [
                ("mapping", self.mapping.is_some()),
                ("paging", self.paging.is_some()),
                ("url", placeholder.is_some()),
            ] {
                if given {
                    problems.add_hidden(
                        key(name),
                        "a feed has one page and no mapping; use `kind: http_poll`",
                    );
                }
            }
            return;
        }
        let Some(paging) = &self.paging else {
            if placeholder.is_some() {
                problems.add_hidden(key("paging"), "is missing: the URL has a placeholder for it");
            }
            return;
        };
        let key = |name: &str| key(&format!("paging.{name}"));
        let (by_cursor, by_page) = (paging.by == PagingBy::Cursor, paging.by == PagingBy::Page);
        if by_cursor != paging.next.is_some() {
            problems.add_hidden(
                key("next"),
                "goes with `by: cursor`: the expression that finds the cursor",
            );
        }
        let has_place = paging.parameter.is_some() || placeholder.is_some();
        if (by_cursor || by_page) != has_place {
            problems.add_hidden(
                key("parameter"),
                "name the parameter of the query that takes the cursor or page; a link needs none",
            );
        }
        if paging.keep && !by_cursor {
            problems.add_hidden(key("keep"), "goes with `by: cursor`");
        }
        if paging.first.is_some() && !by_page {
            problems.add_hidden(key("first"), "goes with `by: page`");
        }
    }
}
