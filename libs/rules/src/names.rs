//! The names conditions may use, which of them are known only later, and the reference system's
//! flat names.

use crate::error::Fault;

/// When a rule can be decided: with the event alone, or only once the signal is enriched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Event fields, payload (`data.*`) and attributes: decided by the scorer.
    Event,
    /// Facts known later (`security.*`, `market.*`, tables) and the signal's own fields: decided by
    /// the enricher.
    Signal,
}

/// Bare names of an event's fields.
pub const EVENT_FIELDS: &[&str] = &[
    "id",
    "tenant",
    "type",
    "source",
    "subject",
    "time",
    "received_at",
    "hour",
    "weekday",
    "text",
    "title",
    "lang",
    "lang_confidence",
    "author",
    "url",
    "urls",
    "hashtags",
    "cashtags",
    "addresses",
    "symbol",
    "token_ca",
    "chain",
    "severity",
    "tags",
    "sentiment",
    "spam",
    "spam_features",
    "urgency",
    "keyphrases",
    "mentions",
    "ens_names",
    "transactions",
    "dates",
    "author_weight",
    "listed",
];

/// Bare names of a signal's own fields; every name that starts with `heat`, `evidence` or `sources` is
/// one too.
pub const SIGNAL_FIELDS: &[&str] = &["state", "source_count", "suppressed", "first_seen", "last_seen"];

const SIGNAL_PREFIXES: &[&str] = &["heat", "evidence", "sources"];

/// First parts of dotted names that an event has.
const EVENT_ROOTS: &[&str] = &["data", "attributes"];

/// First parts of dotted names that are known later. Tables add roots of their own.
const SIGNAL_ROOTS: &[&str] = &["security", "market", "onchain", "enriched"];

/// What kind of value a name has, as far as that is known before any event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Any,
    Null,
    Truth,
    Number,
    Text,
    /// A time, held in milliseconds.
    Moment,
    Span,
    List,
}

impl Kind {
    pub(crate) fn with_article(self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Null => "null",
            Self::Truth => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Moment => "a time",
            Self::Span => "a span of time",
            Self::List => "a list",
        }
    }
}

/// The kind of a resolved name; payloads and tables may hold anything.
pub(crate) fn kind_of(name: &str) -> Kind {
    match name {
        "id" | "tenant" | "type" | "source" | "subject" | "text" | "title" | "lang" | "author" | "url"
        | "severity" | "state" | "weekday" => Kind::Text,
        "time" | "received_at" | "first_seen" | "last_seen" => Kind::Moment,
        "hour" | "lang_confidence" | "source_count" | "evidence_count" | "suppressed" | "heat_10m"
        | "heat_30m" | "heat_slope" | "heat_slope_10m" | "heat_slope_30m" => Kind::Number,
        "urls" | "hashtags" | "cashtags" | "addresses" | "tags" | "spam_features" | "urgency"
        | "keyphrases" | "mentions" | "ens_names" | "transactions" | "dates" | "listed" => Kind::List,
        _ => Kind::Any,
    }
}

/// What is wrong with asking for the items of a name; `None` where it may have some. Payload members and facts from
/// outside are kept without their lists.
pub(crate) fn not_a_list(name: &str) -> Option<String> {
    let is_dotted = name.contains('.');
    is_dotted.then(|| {
        format!(
            "`{name}` is never a list: lists in data are not kept; events have the lists tags, cashtags, hashtags, urls \
             and others of their own"
        )
    })
}

/// The reference system's flat names and ours. Its documents do not say units: liquidity and volume
/// are US dollars, taxes are percent, lock is days.
pub const ALIASES: &[(&str, &str)] = &[
    ("goplus_risk", "security.goplus_risk"),
    ("buy_tax", "security.buy_tax"),
    ("sell_tax", "security.sell_tax"),
    ("lp_lock_days", "security.lp_lock_days"),
    ("honeypot", "security.honeypot"),
    ("dex_liquidity", "market.liquidity_usd"),
    ("dex_volume_1h", "market.volume_1h_usd"),
    ("last_sentiment_score", "sentiment"),
    ("event_type", "type"),
    ("active_addr_pctl", "onchain.active_addr_pctl"),
    ("growth_ratio", "onchain.growth_ratio"),
    ("top10_share", "onchain.top10_share"),
    ("self_loop_ratio", "onchain.self_loop_ratio"),
];

/// The name a fact is looked up by, or why there can be no such fact.
pub(crate) fn resolve(name: &str) -> Result<&str, Fault> {
    if let Some((_, ours)) = ALIASES.iter().find(|(theirs, _)| *theirs == name) {
        return Ok(ours);
    }
    let limit = model::presented::LONGEST_NAME;
    if name.len() > limit + "attributes.".len() {
        let what = "the length of a name in bytes";
        return Err(Fault::TooBig { what, limit });
    }
    let known = match name.split_once('.') {
        None => is_event_field(name) || is_signal_field(name),
        Some((root, _)) => !is_slip(root),
    };
    if known {
        Ok(name)
    } else {
        Err(Fault::UnknownName {
            name: name.to_owned(),
            hint: nearest_name(name),
        })
    }
}

/// Where a resolved name is known.
pub(crate) fn scope_of(name: &str) -> Scope {
    let root = name.split_once('.').map_or(name, |(root, _)| root);
    let event = if root.len() == name.len() {
        is_event_field(name)
    } else {
        EVENT_ROOTS.contains(&root)
    };
    if event { Scope::Event } else { Scope::Signal }
}

fn is_event_field(name: &str) -> bool {
    EVENT_FIELDS.contains(&name)
}

fn is_signal_field(name: &str) -> bool {
    SIGNAL_FIELDS.contains(&name) || SIGNAL_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn roots() -> impl Iterator<Item = &'static str> {
    EVENT_ROOTS.iter().chain(SIGNAL_ROOTS).copied()
}

/// Tables bring roots that nobody knows here, so only a near miss of a known root is refused.
fn is_slip(root: &str) -> bool {
    roots().all(|known| known != root)
        && roots().any(|known| !root.starts_with(known) && strsim::osa_distance(root, known) <= slack(known))
}

fn nearest_name(name: &str) -> Option<String> {
    if let Some((root, rest)) = name.split_once('.') {
        return nearest(root, roots()).map(|root| format!("{root}.{rest}"));
    }
    let flat = ALIASES.iter().map(|(theirs, _)| *theirs);
    nearest(
        name,
        EVENT_FIELDS.iter().chain(SIGNAL_FIELDS).copied().chain(flat),
    )
    .or_else(|| data_field(name))
}

/// A bare name that is no field is most often a payload field without its prefix.
fn data_field(name: &str) -> Option<String> {
    let plain = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain.then(|| format!("data.{name}"))
}

/// How many slips of the pen still mean `word`.
fn slack(word: &str) -> usize {
    if word.chars().count() < 5 { 1 } else { 2 }
}

/// The candidate nearest to `word`, if one is near enough to have been meant.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    candidates
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= slack(candidate).min(candidate.len().saturating_sub(1)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_come_from_names() {
        for name in ["type", "text", "data.amount", "attributes.region", "sentiment"] {
            assert_eq!(scope_of(name), Scope::Event, "{name}");
        }
        for name in [
            "security.goplus_risk",
            "market.x",
            "heat_slope",
            "evidence_count",
            "sources",
            "state",
            "vip.tier",
        ] {
            assert_eq!(scope_of(name), Scope::Signal, "{name}");
        }
    }

    #[test]
    fn slips_are_named() {
        let hint = |name: &str| match resolve(name) {
            Err(Fault::UnknownName { hint, .. }) => hint,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(hint("typ").as_deref(), Some("type"));
        assert_eq!(
            hint("makret.liquidity_usd").as_deref(),
            Some("market.liquidity_usd")
        );
        assert_eq!(hint("dex_liqudity").as_deref(), Some("dex_liquidity"));
        assert_eq!(hint("amount").as_deref(), Some("data.amount"));
        assert_eq!(resolve("whales.tier"), Ok("whales.tier"));
        assert_eq!(resolve("goplus_risk"), Ok("security.goplus_risk"));
    }
}
