//! Signatures of webhooks that come in. No I/O; time is given.
//!
//! Sources: GitHub, "Validating webhook deliveries"; Slack, "Verifying requests from Slack"; Stripe, "Verify webhook
//! signatures manually"; Standard Webhooks 1.0.0. All are HMAC with SHA-256; ring compares in constant time.

mod signature;

use model::Millis;
use ring::hmac;
use signature::{decoded_base64, decoded_hex, seconds, stripe};

/// How a plain signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal digits.
    Hex,
    /// Standard base64, padded.
    Base64,
}

/// Whose way of signing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// `X-Hub-Signature-256` over the body. It signs neither a time nor the delivery id.
    Github,
    /// `X-Slack-Signature` `v0` over time and body.
    Slack,
    /// `Stripe-Signature` `v1` over time and body.
    Stripe,
    /// `webhook-signature` `v1` over id, time and body; `svix-` names are read too.
    Standard,
    /// A signature over the body alone.
    Hmac {
        /// The header that holds it.
        header: String,
        /// What stands before it, such as `sha256=`.
        prefix: String,
        /// How it is written.
        encoding: Encoding,
        /// The header that holds the delivery's id.
        id_header: Option<String>,
    },
}

/// A secret that both sides know.
#[derive(Debug, Clone)]
pub struct WebhookSecret(hmac::Key);

/// Why a text is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// Nothing.
    #[error("a secret must not be empty")]
    Empty,
    /// Standard Webhooks' secrets are base64 behind `whsec_`.
    #[error("a secret of Standard Webhooks is `whsec_` and base64")]
    NotBase64,
}

impl WebhookSecret {
    /// The secret as the provider shows it.
    pub fn new(scheme: &Scheme, text: &str) -> Result<Self, SecretFault> {
        let bytes = if *scheme == Scheme::Standard {
            let base64 = text.strip_prefix("whsec_").unwrap_or(text);
            decoded_base64(base64).ok_or(SecretFault::NotBase64)?
        } else {
            text.as_bytes().to_vec()
        };
        if bytes.is_empty() {
            return Err(SecretFault::Empty);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// Whether one of these signatures is this secret's over the parts, one after the other.
    fn signed(&self, parts: &[&[u8]], signatures: &[Vec<u8>]) -> bool {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        let tag = context.sign();
        let mut good = subtle::Choice::from(0);
        for signature in signatures {
            good |= subtle::ConstantTimeEq::ct_eq(tag.as_ref(), signature.as_slice());
        }
        good.into()
    }
}

/// What a delivery says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// The provider's id, where it stands in a header.
    pub id: Option<String>,
    /// When it was sent, in milliseconds, where that is signed.
    pub sent: Option<Millis>,
}

/// Why a delivery is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFault {
    /// A header that the scheme needs.
    #[error("the header `{0}` is missing or given twice")]
    Missing(String),
    /// A header that is not as the scheme says.
    #[error("the header `{0}` is not of its form")]
    Malformed(String),
    /// Signed too long ago, or in the future.
    #[error(
        "the delivery was signed outside the tolerance; look at the clocks, or let the sender sign it anew"
    )]
    Stale,
    /// Signed by nobody who knows a secret.
    #[error("the signature is not one of this path's secrets over this body")]
    Signature,
}

impl WebhookFault {
    /// The short name, for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Missing(_) => "signature_missing",
            Self::Malformed(_) => "signature_malformed",
            Self::Stale => "signature_stale",
            Self::Signature => "signature_wrong",
        }
    }
}

/// A path's scheme and secrets.
#[derive(Debug, Clone)]
pub struct Verifier {
    /// Whose way of signing.
    pub scheme: Scheme,
    /// Any of these; several, so that they can be changed.
    pub secrets: Vec<WebhookSecret>,
    /// How far a signed time may be from now, in milliseconds.
    pub tolerance: Millis,
}

impl Verifier {
    /// Verifies a delivery. `header` gives the value of a header that is there once, as text.
    pub fn verify<'h>(
        &self,
        header: impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
        now: Millis,
    ) -> Result<Delivery, WebhookFault> {
        let need = |name: &str| {
            let value = header(name).filter(|value| !value.is_empty());
            value.ok_or_else(|| WebhookFault::Missing(name.to_owned()))
        };
        let malformed = |name: &str| WebhookFault::Malformed(name.to_owned());
        match &self.scheme {
            Scheme::Github => {
                let name = "x-hub-signature-256";
                let signature = need(name)?.strip_prefix("sha256=").and_then(decoded_hex);
                self.signed(&[body], &[signature.ok_or_else(|| malformed(name))?])?;
                Ok(Delivery {
                    id: header("x-github-delivery").map(str::to_owned),
                    sent: None,
                })
            }
            Scheme::Slack => {
                let (time_name, name) = ("x-slack-request-timestamp", "x-slack-signature");
                let time = need(time_name)?;
                let sent = seconds(time).ok_or_else(|| malformed(time_name))?;
                let signature = need(name)?.strip_prefix("v0=").and_then(decoded_hex);
                let signature = signature.ok_or_else(|| malformed(name))?;
                self.signed(&[b"v0:", time.as_bytes(), b":", body], &[signature])?;
                self.fresh(None, sent, now)
            }
            Scheme::Stripe => {
                let name = "stripe-signature";
                let (time, signatures) = stripe(need(name)?).ok_or_else(|| malformed(name))?;
                let sent = seconds(time).ok_or_else(|| malformed(name))?;
                self.signed(&[time.as_bytes(), b".", body], &signatures)?;
                self.fresh(None, sent, now)
            }
            Scheme::Standard => self.standard(&header, body, now),
            Scheme::Hmac {
                header: name,
                prefix,
                encoding,
                id_header,
            } => {
                let signature = need(name)?.strip_prefix(prefix.as_str());
                let signature = signature.and_then(|text| match encoding {
                    Encoding::Hex => decoded_hex(text),
                    Encoding::Base64 => decoded_base64(text),
                });
                self.signed(&[body], &[signature.ok_or_else(|| malformed(name))?])?;
                let id = id_header.as_deref().and_then(&header);
                Ok(Delivery {
                    id: id.map(str::to_owned),
                    sent: None,
                })
            }
        }
    }

    fn standard<'h>(
        &self,
        header: impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
        now: Millis,
    ) -> Result<Delivery, WebhookFault> {
        // One family of names, so that a signed header of one is never read with an unsigned one of the other.
        let family = if header("webhook-id").is_some() {
            "webhook"
        } else {
            "svix"
        };
        let need = |part: &str| {
            let value = header(&format!("{family}-{part}")).filter(|value| !value.is_empty());
            value.ok_or_else(|| WebhookFault::Missing(format!("webhook-{part}")))
        };
        let (id, time, list) = (need("id")?, need("timestamp")?, need("signature")?);
        let malformed = |part: &str| WebhookFault::Malformed(format!("webhook-{part}"));
        if id.contains('.') {
            // The dot parts id, time and body: with one in the id, another cut of the same text has the signature too.
            return Err(malformed("id"));
        }
        let sent = seconds(time).ok_or_else(|| malformed("timestamp"))?;
        let versions = list.split_ascii_whitespace();
        let signatures = versions.filter_map(|one| decoded_base64(one.strip_prefix("v1,")?));
        let signatures: Vec<_> = signatures.take(MOST_SIGNATURES).collect();
        let parts = [id.as_bytes(), b".", time.as_bytes(), b".", body];
        self.signed(&parts, &signatures)?;
        self.fresh(Some(id.to_owned()), sent, now)
    }

    fn signed(&self, parts: &[&[u8]], signatures: &[Vec<u8>]) -> Result<(), WebhookFault> {
        // Every secret is tried, so that time does not tell which one it was.
        let good = self
            .secrets
            .iter()
            .fold(false, |good, secret| secret.signed(parts, signatures) | good);
        if good {
            Ok(())
        } else {
            Err(WebhookFault::Signature)
        }
    }

    /// Asked last: only a sender who knows the secret is told that its clock is wrong.
    fn fresh(&self, id: Option<String>, sent: Millis, now: Millis) -> Result<Delivery, WebhookFault> {
        if now.saturating_sub(sent).saturating_abs() > self.tolerance {
            return Err(WebhookFault::Stale);
        }
        Ok(Delivery { id, sent: Some(sent) })
    }
}

/// Signatures of one delivery that are looked at.
const MOST_SIGNATURES: usize = 16;

#[cfg(test)]
mod tests;
