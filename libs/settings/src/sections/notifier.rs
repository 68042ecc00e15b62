//! Who is told, of what, and how hard we try.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use super::channel_kinds::ChannelKind;
use crate::problem::Problems;
use crate::secret::{Secret, Secrets};
use crate::shape::ANY_KEY;

/// The levels that can be ordered, lowest first; others are named by `levels`.
const ORDERED_LEVELS: [&str; 4] = ["low", "medium", "high", "critical"];

/// The state that a signal must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WantedState {
    /// Seen, not yet confirmed.
    Candidate,
    /// Confirmed by enough evidence.
    Verified,
    /// What became known later speaks against it.
    Downgraded,
    /// It is over.
    Closed,
}

impl WantedState {
    /// The state as signals write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Verified => "verified",
            Self::Downgraded => "downgraded",
            Self::Closed => "closed",
        }
    }
}

/// What a channel is told about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subscription {
    /// Signals.
    Signal,
    /// Detections.
    Detection,
    /// How the stream itself fares: a channel that is disabled.
    Operational,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotifierSettings {
    /// Where notifications go. Default: one console channel.
    pub channels: Vec<ChannelSettings>,
    /// Most deliveries of one channel at once, by each lane; channels share no slots. Default 32.
    pub concurrency: usize,
    /// A folder whose `<language>/<card>.txt` templates take the place of the built-in ones of the same name.
    pub templates: Option<PathBuf>,
}

impl Default for NotifierSettings {
    fn default() -> Self {
        Self {
            channels: vec![ChannelSettings::default()],
            concurrency: 32,
            templates: None,
        }
    }
}

/// One place where notifications go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelSettings {
    /// Names the channel in receipts and metrics. Default `console`.
    pub name: String,
    /// Default `console`.
    pub kind: ChannelKind,
    /// Where it goes; a secret as a whole, since many receivers know us by its path or query. Kinds whose address is known
    /// (`telegram`, `slack` with a token, `pagerduty`, `opsgenie`) need none; theirs is the part before the path.
    pub url: Option<Secret>,
    /// What the receiver knows us by: the token of a Telegram bot or a Slack app, PagerDuty's routing key, Opsgenie's API
    /// key.
    pub token: Option<Secret>,
    /// Who is written to there: a Telegram chat by number or `@name`, a Slack channel by its id, mail addresses with commas between.
    pub to: Option<String>,
    /// Where in it: the number of a Telegram topic, the `ts` of a Slack message, the id of a Discord thread.
    pub thread: Option<String>,
    /// Who writes a mail, as `Name <name@host>`.
    pub from: Option<String>,
    /// Who we are to a mail server, if it asks.
    pub username: Option<String>,
    /// The password that goes with it.
    pub password: Option<Secret>,
    /// Where people get off the list of a mail, as `https://…` or `mailto:…`.
    pub unsubscribe: Option<String>,
    /// A Jinja template of what is sent, in place of the one shipped for the kind.
    pub template: Option<String>,
    /// The webhook's signing keys, `whsec_…` in base64: one, or a list while they are changed. Each message is signed with
    /// all of them.
    pub secret: Secrets,
    /// Headers of every message, such as `authorization`; their values are secrets.
    pub headers: BTreeMap<String, Secret>,
    /// Least level, of low, medium, high, critical; for levels of your own use `levels`.
    pub min_level: Option<String>,
    /// Exactly these levels.
    pub levels: Option<Vec<String>>,
    /// Signals in these states. Default `[verified]`. `closed` is told of signals that the channel heard of before, and
    /// `downgraded` of those too that fell below its level.
    pub states: Vec<WantedState>,
    /// Default `[signal, detection, operational]`.
    pub kinds: Vec<Subscription>,
    /// Only what is of these tenants. Without it, what is of any; how the stream itself fares is of none.
    pub tenants: Option<Vec<String>>,
    /// Language of the cards, a folder of the templates. Default `en`.
    pub lang: String,
    /// Whether every private and loopback address may be called, as older configurations say it; better name the
    /// networks in `outbound.allowed_networks`. Metadata services stay closed. Default false.
    pub allow_private: bool,
    /// Of one attempt. Default `5s`.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// The waits before the second attempt, the third, and so on; after the last one the notification is given up, and
    /// becomes a dead letter that can be replayed. `Retry-After` makes a wait longer, never shorter. Default as Standard
    /// Webhooks has it, `[5s, 5m, 30m, 2h, 5h, 10h, 14h, 20h, 24h]`: ten attempts in about 75 hours.
    pub retries: Vec<humantime_serde::Serde<Duration>>,
    /// Fewer attempts than `retries` makes, if it is to be given up sooner.
    pub max_attempts: Option<u32>,
    /// Most deliveries a second, if limited.
    pub rate_per_s: Option<u32>,
}

impl Default for ChannelSettings {
    fn default() -> Self {
        Self {
            name: "console".to_owned(),
            kind: ChannelKind::Console,
            url: None,
            token: None,
            to: None,
            thread: None,
            from: None,
            username: None,
            password: None,
            unsubscribe: None,
            template: None,
            secret: Secrets::default(),
            headers: BTreeMap::new(),
            min_level: None,
            levels: None,
            states: vec![WantedState::Verified],
            kinds: vec![
                Subscription::Signal,
                Subscription::Detection,
                Subscription::Operational,
            ],
            tenants: None,
            lang: "en".to_owned(),
            allow_private: false,
            timeout: Duration::from_secs(5),
            retries: standard_retries(),
            max_attempts: None,
            rate_per_s: None,
        }
    }
}

/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability>
fn standard_retries() -> Vec<humantime_serde::Serde<Duration>> {
    let hours = [2, 5, 10, 14, 20, 24].map(Duration::from_hours);
    let sooner = [
        Duration::from_secs(5),
        Duration::from_mins(5),
        Duration::from_mins(30),
    ];
    sooner.into_iter().chain(hours).map(Into::into).collect()
}

impl ChannelSettings {
    /// The waits before the second attempt and those that follow.
    pub fn waits(&self) -> Vec<Duration> {
        let most = self.max_attempts.map_or(usize::MAX, |most| most as usize);
        let waits = self.retries.iter().map(|wait| **wait);
        waits.take(most.saturating_sub(1)).collect()
    }

    /// Whether what is of this tenant may go there.
    pub fn is_for(&self, tenant: &str) -> bool {
        let tenants = self.tenants.as_ref();
        tenants.is_none_or(|tenants| tenants.iter().any(|one| one == tenant))
    }
}

impl NotifierSettings {
    pub(crate) fn specimen() -> Self {
        let channel = ChannelSettings {
            url: Some(Secret::default()),
            token: Some(Secret::default()),
            to: Some(String::new()),
            thread: Some(String::new()),
            from: Some(String::new()),
            username: Some(String::new()),
            password: Some(Secret::default()),
            unsubscribe: Some(String::new()),
            template: Some(String::new()),
            secret: Secrets::specimen(),
            headers: BTreeMap::from([(ANY_KEY.to_owned(), Secret::default())]),
            min_level: Some(String::new()),
            levels: Some(vec![String::new()]),
            tenants: Some(vec![String::new()]),
            rate_per_s: Some(1),
            max_attempts: Some(1),
            ..ChannelSettings::default()
        };
        Self {
            channels: vec![channel],
            templates: Some(PathBuf::new()),
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.at_least_one("notifier.concurrency", self.concurrency as u64);
        let mut names = HashSet::new();
        for (index, channel) in self.channels.iter().enumerate() {
            let at = format!("notifier.channels[{index}]");
            problems.name_in_list(&format!("{at}.name"), &channel.name, "channel", &mut names);
            channel.check(&at, problems);
        }
    }
}

impl ChannelSettings {
    fn check(&self, at: &str, problems: &mut Problems) {
        let key = |name: &str| format!("{at}.{name}");
        problems.unless(
            self.max_attempts != Some(0),
            key("max_attempts"),
            0,
            "must be at least 1, or left away",
        );
        problems.unless(
            self.retries.len() <= 100,
            key("retries"),
            self.retries.len(),
            "give at most 100 waits",
        );
        problems.unless(
            !self.timeout.is_zero(),
            key("timeout"),
            "0s",
            "must be above zero",
        );
        problems.unless(
            self.rate_per_s != Some(0),
            key("rate_per_s"),
            0,
            "must be at least 1, or left away",
        );
        if let Some(level) = &self.min_level {
            let known = ORDERED_LEVELS.contains(&level.as_str());
            problems.unless(
                known,
                key("min_level"),
                level,
                "use low, medium, high or critical; name others in `levels`",
            );
        }
        if let Some(tenants) = &self.tenants {
            self.check_tenants(tenants, &key("tenants"), problems);
        }
        self.check_kind(&key, problems);
    }

    fn check_tenants(&self, tenants: &[String], at: &str, problems: &mut Problems) {
        problems.unless(
            !tenants.is_empty(),
            at,
            "[]",
            "names nobody; leave it away for what is of any tenant",
        );
        for tenant in tenants {
            let rule = format!("must be {}", model::TENANT_RULE);
            problems.unless(model::is_tenant(tenant), at, tenant, &rule);
        }
        problems.unless(
            self.kinds != [Subscription::Operational],
            at,
            tenants.join(", "),
            "how the stream fares is of no tenant, so such a channel is told nothing; leave it away",
        );
    }
}

/// Headers that a request has of its own, or that would make two requests of one.
const OURS: [&str; 5] = [
    "content-type",
    "content-length",
    "host",
    "transfer-encoding",
    "connection",
];

/// Notes names that are none (RFC 9110 §5.6.2), values that break a line, and headers that are not the user's to set.
pub(super) fn check_headers(at: &str, headers: &BTreeMap<String, Secret>, problems: &mut Problems) {
    for (name, value) in headers {
        let is_token = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        let lower = name.to_ascii_lowercase();
        let is_ours = OURS.contains(&lower.as_str()) || lower.starts_with("webhook-");
        let at = format!("{at}.{name}");
        if !is_token || is_ours {
            problems.add_hidden(
                at,
                "is no header that can be set; use one like authorization or x-api-key",
            );
        } else if !value
            .expose()
            .bytes()
            .all(|byte| byte == b'\t' || (b' '..0x7f).contains(&byte))
        {
            problems.add_hidden(at, "must be one line of ASCII");
        }
    }
}
