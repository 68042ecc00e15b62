//! The kinds of channels, and what each needs: one table, so that a member that a kind has no use for is a problem and
//! never silently without effect.

use serde::{Deserialize, Serialize};

use super::notifier::{ChannelSettings, check_headers};
use crate::problem::Problems;
use crate::secret::Secret;

/// How a channel is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// A POST of JSON with a Standard Webhooks signature, or of any JSON by a template.
    Webhook,
    /// One line on standard output.
    Console,
    /// A message of a bot in a Telegram chat.
    Telegram,
    /// A message in a Slack channel, by an incoming webhook or a bot's token.
    Slack,
    /// A message of a webhook in a Discord channel.
    Discord,
    /// A card of a workflow in a Microsoft Teams channel.
    Teams,
    /// An event of PagerDuty's Events API v2.
    Pagerduty,
    /// An alert of Opsgenie's Alert API.
    Opsgenie,
    /// A POST in Alertmanager's webhook format, version 4.
    Alertmanager,
    /// A mail by SMTP.
    Email,
}

/// Whether a kind needs a member.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Must,
    May,
}

use Need::{May, Must};

/// A member, and whether it is needed.
type Member = (&'static str, Need);

impl ChannelKind {
    /// The kind as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Console => "console",
            Self::Telegram => "telegram",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Teams => "teams",
            Self::Pagerduty => "pagerduty",
            Self::Opsgenie => "opsgenie",
            Self::Alertmanager => "alertmanager",
            Self::Email => "email",
        }
    }

    /// The members that not every kind has, as far as this one has them.
    const fn members(self) -> &'static [Member] {
        match self {
            Self::Webhook => &[
                ("url", Must),
                ("secret", May),
                ("headers", May),
                ("template", May),
            ],
            Self::Console => &[],
            Self::Telegram => &[
                ("token", Must),
                ("to", Must),
                ("thread", May),
                ("url", May),
                ("template", May),
            ],
            Self::Slack => &[
                ("url", May),
                ("token", May),
                ("to", May),
                ("thread", May),
                ("template", May),
            ],
            Self::Discord => &[("url", Must), ("thread", May), ("template", May)],
            Self::Teams => &[("url", Must), ("template", May)],
            Self::Pagerduty | Self::Opsgenie => &[("token", Must), ("url", May)],
            Self::Alertmanager => &[("url", Must), ("headers", May)],
            Self::Email => &[
                ("url", Must),
                ("from", Must),
                ("to", Must),
                ("username", May),
                ("password", May),
                ("unsubscribe", May),
                ("template", May),
            ],
        }
    }
}

impl ChannelSettings {
    /// Notes what the kind lacks, has no use for, or cannot use.
    pub(super) fn check_kind(&self, key: &dyn Fn(&str) -> String, problems: &mut Problems) {
        let kind = self.kind.as_str();
        for (name, is_given) in self.given() {
            let need = self.kind.members().iter().find(|(member, _)| *member == name);
            match need.map(|(_, need)| *need) {
                None if is_given => {
                    problems.add_hidden(
                        key(name),
                        format!("a {kind} channel has no use for it; take it away"),
                    );
                }
                Some(Must) if !is_given => {
                    problems.add_hidden(
                        key(name),
                        format!("a {kind} channel needs it; see docs/CHANNELS.md"),
                    );
                }
                _ => {}
            }
        }
        if let Some(url) = &self.url
            && self.kind != ChannelKind::Email
        {
            problems.http_url(&key("url"), url.expose());
        }
        check_headers(&key("headers"), &self.headers, problems);
        match self.kind {
            ChannelKind::Webhook => self.check_webhook(key, problems),
            ChannelKind::Telegram => self.check_telegram(key, problems),
            ChannelKind::Slack => self.check_slack(key, problems),
            ChannelKind::Email => self.check_email(key, problems),
            ChannelKind::Discord => self.check_thread_number(key, problems),
            _ => {}
        }
        self.check_token(key, problems);
    }

    fn given(&self) -> [(&'static str, bool); 11] {
        [
            ("url", self.url.is_some()),
            ("secret", !self.secret.is_empty()),
            ("headers", !self.headers.is_empty()),
            ("token", self.token.is_some()),
            ("to", self.to.is_some()),
            ("thread", self.thread.is_some()),
            ("template", self.template.is_some()),
            ("from", self.from.is_some()),
            ("username", self.username.is_some()),
            ("password", self.password.is_some()),
            ("unsubscribe", self.unsubscribe.is_some()),
        ]
    }

    fn check_webhook(&self, key: &dyn Fn(&str) -> String, problems: &mut Problems) {
        if self.secret.is_empty() && self.template.is_none() {
            problems.add_hidden(
                key("secret"),
                "a webhook needs a key to sign with: whsec_ and 24 to 64 bytes in base64; only one with a `template` of its \
                 own may go without",
            );
        }
    }

    fn check_telegram(&self, key: &dyn Fn(&str) -> String, problems: &mut Problems) {
        let to = self.to.as_deref().unwrap_or("@x");
        let is_chat = to.parse::<i64>().is_ok() || to.strip_prefix('@').is_some_and(|name| !name.is_empty());
        problems.unless(
            is_chat,
            key("to"),
            to,
            "give a chat as a number, such as -1001234567890, or as @name",
        );
        self.check_thread_number(key, problems);
    }

    fn check_slack(&self, key: &dyn Fn(&str) -> String, problems: &mut Problems) {
        match (&self.url, &self.token) {
            (None, None) => problems.add_hidden(
                key("url"),
                "a slack channel needs the address of an incoming webhook, or a bot's `token` and a channel in `to`",
            ),
            (_, Some(_)) if self.to.is_none() => {
                problems.add_hidden(key("to"), "a bot needs the id of the channel that it writes to, such as C0123456789");
            }
            (Some(_), None) if self.to.is_some() || self.thread.is_some() => problems.add_hidden(
                key("to"),
                "an incoming webhook has its own channel; take `to` and `thread` away, or give a bot's `token`",
            ),
            _ => {}
        }
    }

    fn check_email(&self, key: &dyn Fn(&str) -> String, problems: &mut Problems) {
        let url = self
            .url
            .as_ref()
            .and_then(|url| url::Url::parse(url.expose()).ok());
        let scheme = url.as_ref().map_or("", url::Url::scheme);
        let is_server = url
            .as_ref()
            .is_some_and(|url| url.has_host() && url.username().is_empty());
        if self.url.is_some() && !(is_server && ["smtp", "smtps", "smtp+plain"].contains(&scheme)) {
            problems.add_hidden(
                key("url"),
                "must be smtps://host (TLS at once), smtp://host (STARTTLS) or, in a network of your own, smtp+plain://host, \
                 without user and password",
            );
        }
        if self.username.is_some() != self.password.is_some() {
            problems.add_hidden(key("password"), "give both `username` and `password`, or neither");
        }
        if self.password.is_some() && scheme == "smtp+plain" {
            problems.add_hidden(
                key("password"),
                "would be sent in plain text; use smtps:// or smtp://",
            );
        }
        if let Some(unsubscribe) = &self.unsubscribe {
            let known = unsubscribe.starts_with("https://") || unsubscribe.starts_with("mailto:");
            let fits = known
                && unsubscribe
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte));
            problems.unless(
                fits,
                key("unsubscribe"),
                unsubscribe,
                "must be an address like https://… or mailto:…",
            );
        }
    }

    fn check_thread_number(&self, key: &dyn Fn(&str) -> String, problems: &mut Problems) {
        if let Some(thread) = &self.thread {
            let is_number = thread.parse::<i64>().is_ok_and(|number| number > 0);
            problems.unless(
                is_number,
                key("thread"),
                thread,
                "give the number of the topic or thread",
            );
        }
    }

    /// Tokens go into headers and paths.
    fn check_token(&self, key: &dyn Fn(&str) -> String, problems: &mut Problems) {
        let token = self.token.as_ref().map_or("x", Secret::expose);
        let fits = !token.is_empty()
            && token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b":_-.".contains(&b));
        if !fits {
            problems.add_hidden(
                key("token"),
                "must be letters, digits and : _ - . alone, without quotes or spaces",
            );
        }
    }
}
