//! Who may send and ask: the keys file and the issuers of tokens.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::problem::Problems;
use crate::secret::{Secret, debug_as_printed};

/// Shortest secret of HS256, in bytes. Source: RFC 7518, section 3.2.
const SHORTEST_SECRET: usize = 32;
/// What stands before the colon in the principal of webhooks that come in, whom no token may be taken for.
const WEBHOOK: &str = "webhook";
/// The scopes there are.
const SCOPES: [&str; 4] = ["ingest", "read", "admin", "trusted"];

/// Who may send events and ask the API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccessSettings {
    /// File of keys, made and changed by `sluicebox keys`, followed while a process runs.
    pub keys_file: Option<PathBuf>,
    /// Issuers whose JSON Web Tokens are taken.
    pub jwt: Vec<JwtSettings>,
    /// Lets `auth: none` listen on other addresses than loopback; `sluicebox run --insecure` does the same.
    pub insecure: bool,
}

/// An issuer of JSON Web Tokens: RS256, ES256 and `EdDSA` with published keys, or HS256 with a shared secret.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JwtSettings {
    /// What stands before the colon in the principal of its subjects; not `webhook`.
    pub name: String,
    /// The `iss` of its tokens. May be left away with `secrets`.
    pub issuer: Option<String>,
    /// One of these must be in `aud`. May be left away with `secrets`.
    pub audience: Vec<String>,
    /// Where its public keys are (RFC 7517); a private address only within `outbound.allowed_networks`. Its query is not
    /// shown.
    #[serde(serialize_with = "crate::secret::without_query_if_any")]
    pub jwks_url: Option<String>,
    /// Shared secrets for HS256; several at once, so that they can be changed.
    pub secrets: Vec<Secret>,
    /// How far clocks may differ. Default 1 minute.
    #[serde(with = "humantime_serde")]
    pub leeway: Duration,
    /// The tenant of tokens that name none; `*` for every tenant. Without it, a token must name one.
    pub tenant: Option<String>,
    /// The claim that names the tenant; dots lead into objects. Default `tenant`.
    pub tenant_claim: String,
    /// The claim that holds the scopes. Default `scope`.
    pub scopes_claim: String,
    /// The claim that holds patterns of sources; without the claim, any. Default `sources`.
    pub sources_claim: String,
    /// The claim that holds patterns of types; without the claim, any. Default `types`.
    pub types_claim: String,
    /// The only scopes that this issuer can give; without any, all of them.
    pub scopes: Vec<String>,
    /// Most events a second of each subject, if limited.
    pub events_per_s: Option<u64>,
    /// Most bytes a second of each subject, if limited.
    pub bytes_per_s: Option<u64>,
}

debug_as_printed!(JwtSettings);

impl Default for JwtSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            issuer: None,
            audience: Vec::new(),
            jwks_url: None,
            secrets: Vec::new(),
            leeway: Duration::from_mins(1),
            tenant: None,
            tenant_claim: "tenant".to_owned(),
            scopes_claim: "scope".to_owned(),
            sources_claim: "sources".to_owned(),
            types_claim: "types".to_owned(),
            scopes: Vec::new(),
            events_per_s: None,
            bytes_per_s: None,
        }
    }
}

impl AccessSettings {
    pub(crate) fn specimen() -> Self {
        Self {
            keys_file: Some(PathBuf::new()),
            jwt: vec![JwtSettings::specimen()],
            insecure: false,
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        for (index, issuer) in self.jwt.iter().enumerate() {
            issuer.check(&format!("access.jwt[{index}]"), problems);
            let twice = self.jwt[..index].iter().any(|other| other.name == issuer.name);
            problems.unless(
                !twice,
                format!("access.jwt[{index}].name"),
                &issuer.name,
                "is another issuer's too; give each a name of its own",
            );
        }
    }
}

impl JwtSettings {
    fn specimen() -> Self {
        Self {
            issuer: Some(String::new()),
            audience: vec![String::new()],
            jwks_url: Some(String::new()),
            secrets: vec![Secret::default()],
            tenant: Some(String::new()),
            scopes: vec![String::new()],
            events_per_s: Some(1),
            bytes_per_s: Some(1),
            ..Self::default()
        }
    }

    fn check(&self, at: &str, problems: &mut Problems) {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let plain = (1..=64).contains(&self.name.len()) && self.name.bytes().all(letter);
        problems.unless(
            plain && self.name != WEBHOOK,
            format!("{at}.name"),
            &self.name,
            "must be 1 to 64 of a-z, A-Z, 0-9, `.`, `_` and `-`, and not `webhook`",
        );
        if let Some(tenant) = &self.tenant {
            problems.unless(
                tenant == "*" || model::is_tenant(tenant),
                format!("{at}.tenant"),
                tenant,
                &format!("must be {}", model::TENANT_RULE),
            );
        }
        for scope in &self.scopes {
            let known = SCOPES.contains(&scope.as_str());
            problems.unless(
                known,
                format!("{at}.scopes"),
                scope,
                "must be of ingest, read, admin, trusted",
            );
        }
        problems.unless(
            self.events_per_s != Some(0) && self.bytes_per_s != Some(0),
            format!("{at}.events_per_s"),
            0,
            "a rate must be at least 1, or left away",
        );
        match &self.jwks_url {
            Some(url) => self.check_published(url, at, problems),
            None => self.check_shared(at, problems),
        }
    }

    fn check_published(&self, url: &str, at: &str, problems: &mut Problems) {
        problems.http_url(&format!("{at}.jwks_url"), url);
        if !self.secrets.is_empty() {
            problems.add_hidden(
                format!("{at}.secrets"),
                "give either `jwks_url` or `secrets`: a token must never choose between them",
            );
        }
        if self.issuer.is_none() {
            problems.add_hidden(format!("{at}.issuer"), "is needed beside `jwks_url`");
        }
        if self.audience.is_empty() {
            problems.add_hidden(
                format!("{at}.audience"),
                "is needed beside `jwks_url`: without it a token for another service is taken",
            );
        }
    }

    fn check_shared(&self, at: &str, problems: &mut Problems) {
        if self.secrets.is_empty() {
            problems.add_hidden(format!("{at}.jwks_url"), "give `jwks_url` or `secrets`");
        }
        for (index, secret) in self.secrets.iter().enumerate() {
            if secret.expose().len() < SHORTEST_SECRET {
                problems.add_hidden(
                    format!("{at}.secrets[{index}]"),
                    "use at least 32 bytes (RFC 7518)",
                );
            }
        }
    }
}
