//! Webhooks that come in: a path, whose way of signing, and secrets.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::problem::Problems;
use crate::secret::Secret;

/// Whose way of signing deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookProvider {
    /// `X-Hub-Signature-256`.
    Github,
    /// `X-Slack-Signature`, `v0`.
    Slack,
    /// `Stripe-Signature`.
    Stripe,
    /// Standard Webhooks.
    Standard,
    /// HMAC with SHA-256 over the body in a header of one's choice.
    Hmac,
}

/// How a plain signature is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureEncoding {
    /// Hexadecimal digits.
    #[default]
    Hex,
    /// Base64.
    Base64,
}

/// Webhooks of one sender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSettings {
    /// Names it: posted to `/v1/webhooks/NAME`, principal `webhook:NAME`.
    pub name: String,
    /// Another path instead, such as `/api/v1/webhooks/ingest`.
    pub path: Option<String>,
    /// Whose way of signing. Default `standard`.
    pub provider: WebhookProvider,
    /// Secrets, of which one must fit; several at once, so that they can be changed.
    pub secrets: Vec<Secret>,
    /// Whose events they become. Default `default`.
    pub tenant: String,
    /// The events' source; the name if not given.
    pub source: Option<String>,
    /// The events' type, where the delivery names none. Default `webhook`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How far the signed time may be from now. Default 5 minutes.
    #[serde(with = "humantime_serde")]
    pub tolerance: Duration,
    /// With `hmac`: the header that holds the signature. Default `X-Signature`.
    pub header: String,
    /// With `hmac`: what stands before the signature, such as `sha256=`.
    pub prefix: String,
    /// With `hmac`: how the signature is written. Default `hex`.
    pub encoding: SignatureEncoding,
    /// With `hmac`: the header that holds the delivery's id, if there is one.
    pub id_header: Option<String>,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            path: None,
            provider: WebhookProvider::Standard,
            secrets: Vec::new(),
            tenant: "default".to_owned(),
            source: None,
            kind: "webhook".to_owned(),
            tolerance: Duration::from_mins(5),
            header: "X-Signature".to_owned(),
            prefix: String::new(),
            encoding: SignatureEncoding::Hex,
            id_header: None,
        }
    }
}

impl WebhookSettings {
    pub(crate) fn specimen() -> Self {
        Self {
            path: Some(String::new()),
            secrets: vec![Secret::default()],
            source: Some(String::new()),
            id_header: Some(String::new()),
            ..Self::default()
        }
    }

    /// The path that is posted to.
    pub fn path(&self) -> String {
        let own = || format!("/v1/webhooks/{}", self.name);
        self.path.clone().unwrap_or_else(own)
    }

    pub(crate) fn check_all(webhooks: &[Self], problems: &mut Problems) {
        for (index, webhook) in webhooks.iter().enumerate() {
            let at = format!("adapters.webhooks[{index}]");
            webhook.check(&at, problems);
            let twice = webhooks[..index]
                .iter()
                .any(|other| other.name == webhook.name || other.path() == webhook.path());
            problems.unless(
                !twice,
                format!("{at}.name"),
                &webhook.name,
                "is another webhook's too; each needs a name and a path of its own",
            );
        }
    }

    fn check(&self, at: &str, problems: &mut Problems) {
        problems.unless(
            model::is_tenant(&self.name),
            format!("{at}.name"),
            &self.name,
            &format!("must be {}", model::TENANT_RULE),
        );
        problems.unless(
            model::is_tenant(&self.tenant),
            format!("{at}.tenant"),
            &self.tenant,
            &format!("must be {}", model::TENANT_RULE),
        );
        let path = self.path();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
        let of_ours = ["/v1/events", "/events", "/emit", "/api/v1/events", "/ws"];
        problems.unless(
            path.starts_with('/') && path.bytes().all(plain) && !of_ours.contains(&path.as_str()),
            format!("{at}.path"),
            &path,
            "must begin with `/`, hold letters, digits, `-`, `_`, `.`, `~`, and be none that takes events by key",
        );
        if self.secrets.is_empty() {
            problems.add_hidden(
                format!("{at}.secrets"),
                "give at least one; unsigned deliveries are not taken",
            );
        }
        for (index, secret) in self.secrets.iter().enumerate() {
            if secret.expose().trim_start_matches("whsec_").is_empty() {
                problems.add_hidden(format!("{at}.secrets[{index}]"), "must not be empty");
            }
        }
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        for (key, header) in [
            ("header", Some(&self.header)),
            ("id_header", self.id_header.as_ref()),
        ] {
            let Some(header) = header else { continue };
            let name = !header.is_empty() && header.bytes().all(letter);
            problems.unless(
                name,
                format!("{at}.{key}"),
                header,
                "must be the name of a header",
            );
        }
    }
}
