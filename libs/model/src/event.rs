//! Events after normalization, and events with a score.

use crate::value::Facts;
use crate::{Millis, Record, avro, default_tenant};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use topology::Schema;

/// A chain address found in a text or given by the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Short name of the chain: `eth`, `sol`, or what the source named.
    pub chain: String,
    /// The address; EVM addresses in lower case, Solana addresses as written.
    pub address: String,
    /// Whether the EIP-55 checksum held; `None` where the writing carries none.
    #[serde(default)]
    pub checksum: Option<bool>,
}

avro::record!(Address {
    chain,
    address,
    checksum
});

/// An amount that a text names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// `money`, `percentage` or `quantity`.
    pub kind: String,
    /// The number, magnitude applied.
    pub value: f64,
    /// ISO 4217 code of money, `%`, or what is counted.
    pub unit: String,
}

avro::record!(Amount { kind, value, unit });

/// A raw event after normalization: cleaned, typed, about one subject. `schemas/event.avsc` says what each field means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct Event {
    pub id: String,
    pub source: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub subject: String,
    #[serde(default = "default_tenant")]
    pub tenant: String,
    pub time: Millis,
    pub received_at: Millis,
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub author: Option<String>,
    #[serde(default)]
    pub lang: Option<String>,
    #[serde(default)]
    pub lang_confidence: f64,
    #[serde(default)]
    pub cashtags: Vec<String>,
    #[serde(default)]
    pub hashtags: Vec<String>,
    #[serde(default)]
    pub urls: Vec<String>,
    #[serde(default)]
    pub addresses: Vec<Address>,
    #[serde(default)]
    pub severity: Option<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub attributes: Facts,
    #[serde(default)]
    pub mentions: Vec<String>,
    #[serde(default)]
    pub ens_names: Vec<String>,
    #[serde(default)]
    pub transactions: Vec<String>,
    #[serde(default)]
    pub amounts: Vec<Amount>,
    #[serde(default)]
    pub dates: Vec<String>,
    #[serde(default)]
    pub keyphrases: Vec<String>,
    #[serde(default)]
    pub urgency: Vec<String>,
    #[serde(default)]
    pub sentiment: Option<f64>,
    #[serde(default)]
    pub spam: Option<f64>,
    #[serde(default)]
    pub spam_features: Vec<String>,
    #[serde(default)]
    pub author_weight: Option<f64>,
    #[serde(default)]
    pub listed: Vec<String>,
    #[serde(default)]
    pub principal: Option<String>,
    #[serde(default)]
    pub trusted: bool,
    #[serde(default)]
    pub time_corrected: bool,
}

avro::record!(Event {
    id,
    source,
    kind,
    subject,
    tenant,
    time,
    received_at,
    title,
    text,
    url,
    author,
    lang,
    lang_confidence,
    cashtags,
    hashtags,
    urls,
    addresses,
    severity,
    tags,
    attributes,
    mentions,
    ens_names,
    transactions,
    amounts,
    dates,
    keyphrases,
    urgency,
    sentiment,
    spam,
    spam_features,
    author_weight,
    listed,
    principal,
    trusted,
    time_corrected,
});

impl Event {
    /// Title and text together, as one reads them; empty when there is neither.
    pub fn full_text(&self) -> Cow<'_, str> {
        match (&self.title, &self.text) {
            (Some(title), Some(text)) if title != text => Cow::Owned(format!("{title}\n{text}")),
            (Some(one), _) | (None, Some(one)) => Cow::Borrowed(one),
            (None, None) => Cow::Borrowed(""),
        }
    }

    /// Whether there is a title or a text that is not blank.
    pub fn has_text(&self) -> bool {
        [&self.title, &self.text]
            .into_iter()
            .flatten()
            .any(|text| !text.trim().is_empty())
    }
}

impl Record for Event {
    const SCHEMA: Schema = Schema::Event;

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.subject)
    }
}

/// One rule that matched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// Identifier of the rule: its group and its id or place.
    pub rule: String,
    /// Points that it added.
    pub points: f64,
    /// Why, for people.
    pub text: String,
}

avro::record!(Reason { rule, points, text });

/// An event with the score of the rules that mention only event fields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoredEvent {
    /// The event.
    pub event: Event,
    /// Sum of the points of the rules that matched.
    pub score: f64,
    /// Name of the level that the score reaches.
    pub level: String,
    /// How many rules matched; 0 means unscored.
    pub matched: i32,
    /// The rules that matched, in the order of the rule files.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// Variables that rules asked for and nobody knew.
    #[serde(default)]
    pub unknown: Vec<String>,
    /// Content hash of the rule set.
    #[serde(default)]
    pub rules_version: String,
    /// How much of the score rests on what is known; `None` on events scored before this was kept.
    #[serde(default)]
    pub coverage: Option<Coverage>,
    /// What rules in shadow or canary mode would have changed; `None` when none of them matched.
    #[serde(default)]
    pub shadow: Option<Shadow>,
}

avro::record!(ScoredEvent {
    event,
    score,
    level,
    matched,
    reasons,
    unknown,
    rules_version,
    coverage,
    shadow,
});

/// How much of a score rests on what is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Rules that were true or false.
    pub decided: i32,
    /// Rules that were neither, because something they name is not known.
    pub undecided: i32,
    /// How many points higher the score could be, were everything known.
    pub could_add: f64,
    /// How many points lower it could be; not above 0.
    pub could_take: f64,
}

avro::record!(Coverage {
    decided,
    undecided,
    could_add,
    could_take
});

/// What a score would be if the rules on trial counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shadow {
    /// The score with them.
    pub score: f64,
    /// Name of the level that this score reaches.
    pub level: String,
    /// The rules on trial that matched.
    pub reasons: Vec<Reason>,
}

avro::record!(Shadow {
    score,
    level,
    reasons
});

impl Record for ScoredEvent {
    const SCHEMA: Schema = Schema::ScoredEvent;

    fn key(&self) -> Cow<'_, str> {
        self.event.key()
    }
}
