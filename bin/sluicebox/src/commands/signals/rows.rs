//! What the sink has stored of signals, stories and topics. Read only.

use crate::commands::shown::rfc3339;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{FromRow, PgPool};

/// Evidence and changes of one signal that are shown.
const MOST: i64 = 50;
/// Links of a chain at most, as in the view `event_topics`.
const STEPS: i32 = 128;
/// Characters of a text that are shown.
const SHOWN: usize = 80;

type Time = DateTime<Utc>;

/// A signal's newest version.
#[derive(FromRow, Serialize)]
pub(super) struct Signal {
    #[sqlx(rename = "signal_key")]
    #[serde(rename = "signal_key")]
    pub(super) key: String,
    pub(super) tenant: String,
    #[sqlx(rename = "type")]
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) subject: String,
    pub(super) title: String,
    pub(super) state: String,
    pub(super) level: String,
    pub(super) score: f64,
    pub(super) version: i64,
    pub(super) evidence_count: i64,
    pub(super) source_count: i64,
    pub(super) independent_count: i64,
    pub(super) suppressed: i64,
    pub(super) first_seen: Time,
    pub(super) last_seen: Time,
    pub(super) reasons: Option<Value>,
    pub(super) story_key: Option<String>,
    pub(super) topic_key: Option<String>,
    pub(super) merged_into: Option<String>,
    pub(super) subjects: Option<Value>,
    pub(super) langs: Option<Value>,
    pub(super) heat_10m: Option<i64>,
    pub(super) heat_30m: Option<i64>,
    pub(super) slope_10m: Option<f64>,
    pub(super) slope_30m: Option<f64>,
    pub(super) changes: Option<Value>,
}

/// An event that a signal rests on.
#[derive(FromRow, Serialize)]
pub(super) struct Found {
    event_id: String,
    source: String,
    time: Time,
    author: Option<String>,
    text: Option<String>,
    score: f64,
}

impl Found {
    pub(super) fn cells(&self) -> [String; 5] {
        let author = self.author.as_deref().unwrap_or("-");
        let text = self.text.as_deref().unwrap_or(&self.event_id);
        [
            time(self.time),
            self.score.to_string(),
            self.source.clone(),
            author.to_owned(),
            short(text),
        ]
    }
}

/// A change of what belongs together.
#[derive(FromRow, Serialize)]
pub(super) struct Change {
    time: Time,
    kind: String,
    id: String,
    into_id: Option<String>,
    tier: Option<String>,
    similarity: Option<f64>,
    shared: Option<Value>,
    changed_by: Option<String>,
    reason: Option<String>,
}

impl Change {
    pub(super) fn cells(&self) -> [String; 9] {
        [
            time(self.time),
            self.kind.clone(),
            self.id.clone(),
            self.into_id.clone().unwrap_or_default(),
            self.tier.clone().unwrap_or_default(),
            alike(self.similarity),
            words(self.shared.as_ref()),
            self.changed_by.clone().unwrap_or_default(),
            self.reason.clone().unwrap_or_default(),
        ]
    }
}

/// What the text of an event belongs to now.
#[derive(FromRow, Serialize)]
pub(super) struct Belongs {
    pub(super) tenant: String,
    pub(super) source: String,
    pub(super) event_id: String,
    pub(super) part: String,
    pub(super) copy: bool,
    pub(super) story_key: String,
    pub(super) topic_key: String,
}

/// A link on the way from a part to its topic.
#[derive(FromRow, Serialize)]
pub(super) struct Link {
    level: String,
    id: String,
    into_id: String,
    tier: Option<String>,
    similarity: Option<f64>,
    shared: Option<Value>,
    changed_at: Time,
}

impl Link {
    pub(super) fn cells(&self) -> [String; 7] {
        [
            self.level.clone(),
            self.id.clone(),
            self.into_id.clone(),
            self.tier.clone().unwrap_or_default(),
            alike(self.similarity),
            words(self.shared.as_ref()),
            time(self.changed_at),
        ]
    }
}

fn time(time: Time) -> String {
    rfc3339(time.timestamp_millis())
}

fn alike(similarity: Option<f64>) -> String {
    similarity
        .map(|similarity| format!("{similarity:.2}"))
        .unwrap_or_default()
}

fn words(shared: Option<&Value>) -> String {
    let words = shared.and_then(Value::as_array).into_iter().flatten();
    words.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

/// The beginning of a text in one line.
fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The newest version of a signal.
pub(super) async fn signal(pool: &PgPool, key: &str) -> Result<Option<Signal>, sqlx::Error> {
    let asked = "SELECT signal_key, tenant, type, subject, title, state, level, score, version, evidence_count, \
                 source_count, independent_count, suppressed, first_seen, last_seen, reasons, story_key, topic_key, \
                 merged_into, subjects, langs, heat_10m, heat_30m, slope_10m, slope_30m, changes FROM signals WHERE signal_key = $1";
    sqlx::query_as(asked).bind(key).fetch_optional(pool).await
}

/// Its best evidence.
pub(super) async fn evidence(pool: &PgPool, key: &str) -> Result<Vec<Found>, sqlx::Error> {
    let asked = "SELECT event_id, source, time, author, text, score FROM signal_evidence WHERE signal_key = $1 \
                 ORDER BY score DESC, time LIMIT $2";
    sqlx::query_as(asked).bind(key).bind(MOST).fetch_all(pool).await
}

/// The changes of a story and of whatever it took in, in the order in which they were decided.
pub(super) async fn changes(pool: &PgPool, tenant: &str, story: &str) -> Result<Vec<Change>, sqlx::Error> {
    let asked = "WITH RECURSIVE held (id, steps) AS ( \
                     SELECT $2::text COLLATE \"C\", 0 \
                     UNION \
                     SELECT link.id, steps + 1 FROM held JOIN story_links link \
                         ON link.into_id = held.id AND link.tenant = $1 AND link.level = 'story' AND link.id <> held.id \
                     WHERE steps < $4 \
                 ) \
                 SELECT time, kind, id, into_id, tier, similarity, shared, changed_by, reason FROM story_changes \
                 WHERE tenant = $1 AND id IN (SELECT id FROM held) \
                 ORDER BY kafka_partition, kafka_offset LIMIT $3";
    let asked = sqlx::query_as(asked)
        .bind(tenant)
        .bind(story)
        .bind(MOST)
        .bind(STEPS);
    asked.fetch_all(pool).await
}

/// What the texts of the events of an id belong to.
pub(super) async fn belongs(
    pool: &PgPool,
    event: &str,
    source: Option<&str>,
) -> Result<Vec<Belongs>, sqlx::Error> {
    let asked = "SELECT DISTINCT ON (member.tenant, member.source) member.tenant, member.source, member.event_id, \
                     member.part, member.copy, topic.story_key, topic.topic_key \
                 FROM story_members member JOIN event_topics topic USING (tenant, source, event_id) \
                 WHERE member.event_id = $1 AND ($2::text IS NULL OR member.source = $2) \
                 ORDER BY member.tenant, member.source, member.time LIMIT $3";
    sqlx::query_as(asked)
        .bind(event)
        .bind(source)
        .bind(MOST)
        .fetch_all(pool)
        .await
}

/// A signal of a story.
#[derive(FromRow, Serialize)]
pub(super) struct Named {
    pub(super) signal_key: String,
    pub(super) state: String,
    pub(super) title: String,
}

/// The signals of a story, the newest first.
pub(super) async fn signals(pool: &PgPool, of: &Belongs) -> Result<Vec<Named>, sqlx::Error> {
    // As the index has it.
    let asked = "SELECT signal_key, state, title FROM signals WHERE hashtextextended(story_key, hashtextextended(tenant, 0)) \
                     = hashtextextended($2, hashtextextended($1, 0)) AND tenant = $1 AND story_key = $2 \
                 ORDER BY last_seen DESC LIMIT $3";
    let asked = sqlx::query_as(asked)
        .bind(&of.tenant)
        .bind(&of.story_key)
        .bind(MOST);
    asked.fetch_all(pool).await
}

/// The links that are followed from a part to its story, and from there to its topic.
pub(super) async fn links(pool: &PgPool, of: &Belongs) -> Result<Vec<Link>, sqlx::Error> {
    let mut all = Vec::new();
    for (level, from) in [("story", &of.part), ("topic", &of.story_key)] {
        let asked = "WITH RECURSIVE way (id, steps) AS ( \
                         SELECT $3::text COLLATE \"C\", 0 \
                         UNION ALL \
                         SELECT link.into_id, steps + 1 FROM way JOIN story_links link \
                             ON link.id = way.id AND link.level = $2 AND link.tenant = $1 AND link.into_id <> link.id \
                         WHERE steps < $4 \
                     ) \
                     SELECT link.level, link.id, link.into_id, link.tier, link.similarity, link.shared, link.changed_at \
                     FROM way JOIN story_links link ON link.id = way.id AND link.level = $2 AND link.tenant = $1 \
                         AND link.into_id <> link.id ORDER BY steps";
        let asked = sqlx::query_as(asked)
            .bind(&of.tenant)
            .bind(level)
            .bind(from)
            .bind(STEPS);
        all.extend(asked.fetch_all(pool).await?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_one_line_that_ends_at_a_character() {
        assert_eq!(short("a\n b"), "a b");
        let cut = short(&"é".repeat(200));
        assert_eq!(cut.chars().count(), SHOWN + 1);
        assert!(cut.ends_with('…'));
    }
}
