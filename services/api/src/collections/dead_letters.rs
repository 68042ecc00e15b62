//! `/v1/dead-letters`: records that can never be processed.

use crate::answer::Answer;
use crate::caller::Asker;
use crate::filter::Filter;
use crate::key::Key;
use crate::page::{self, Api, Collection, Page, Sort};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, Postgres, QueryBuilder};
use utoipa::ToSchema;

/// A record that can never be processed.
#[derive(Debug, Serialize, FromRow, ToSchema)]
#[schema(as = DeadLetter)]
pub(crate) struct DeadLetterItem {
    /// Names the dead letter here.
    key: String,
    /// The stage that gave it up.
    stage: String,
    /// Where the record stands in Kafka.
    topic: String,
    partition: i32,
    offset: i64,
    time: DateTime<Utc>,
    /// A code, such as `undecodable`.
    reason: String,
    /// What is wrong, for people.
    message: String,
    /// How many times the record has failed: 1 unless it was replayed before.
    attempts: i32,
    trace_id: Option<String>,
    /// The record's key, in base64.
    key_base64: Option<String>,
    /// The record's value, in base64: in lists the first 3072 bytes.
    payload_base64: Option<String>,
    /// How long the whole value is.
    payload_bytes: Option<i32>,
}

/// The list of dead letters, with the beginnings of their payloads.
pub(crate) struct DeadLetters;

/// One dead letter, with its whole payload.
struct WholeDeadLetters;

/// Dead letters without what only an operator may read: key and payload.
struct SealedDeadLetters;

/// How many ways to read a key are tried; a `~` in a name makes another.
const READINGS: usize = 8;

/// The parts of a dead letter's key.
struct Place {
    /// Stage and topic; each way to read them.
    names: Vec<(String, String)>,
    partition: i32,
    offset: i64,
}

impl Place {
    fn read(key: &str) -> Option<Self> {
        let (rest, offset) = key.rsplit_once('~')?;
        let (names, partition) = rest.rsplit_once('~')?;
        let marks = names.match_indices('~').take(READINGS);
        Some(Self {
            names: marks
                .map(|(at, _)| (names[..at].to_owned(), names[at + 1..].to_owned()))
                .collect(),
            partition: partition.parse().ok()?,
            offset: offset.parse().ok()?,
        })
    }

    fn condition(self, query: &mut QueryBuilder<Postgres>) {
        query.push("kafka_partition = ").push_bind(self.partition);
        query.push(" AND kafka_offset = ").push_bind(self.offset);
        query.push(" AND (false");
        for (stage, topic) in self.names {
            query.push(" OR (stage = ").push_bind(stage);
            query.push(" AND topic = ").push_bind(topic).push(")");
        }
        query.push(")");
    }
}

impl Collection for DeadLetters {
    type Item = DeadLetterItem;
    const COLUMNS: &'static str = "stage || '~' || topic || '~' || kafka_partition || '~' || kafka_offset AS key, \
        stage, topic, kafka_partition AS partition, kafka_offset AS \"offset\", time, reason, message, attempts, trace_id, \
        translate(encode(key_bytes, 'base64'), E'\\n', '') AS key_base64, \
        translate(encode(substring(payload FOR 3072), 'base64'), E'\\n', '') AS payload_base64, \
        octet_length(payload) AS payload_bytes";
    const TABLE: &'static str = "dead_letters";
    const TENANTS: bool = false;
    const SORTS: &'static [Sort] = &[Sort {
        name: "time",
        columns: &[
            ("time", "timestamptz"),
            ("stage", "text"),
            ("topic", "text"),
            ("kafka_partition", "int"),
            ("kafka_offset", "bigint"),
        ],
        walks: &["reason", "stage", "topic"],
    }];
    const FILTERS: &'static [Filter] = &[
        Filter::equals("reason", "reason", "A code, such as `undecodable`."),
        Filter::equals("stage", "stage", "The stage that gave them up."),
        Filter::equals("topic", "topic", "The topic they were read from."),
        Filter::since("time"),
        Filter::until("time"),
    ];
}

impl Collection for WholeDeadLetters {
    type Item = DeadLetterItem;
    const COLUMNS: &'static str = "stage || '~' || topic || '~' || kafka_partition || '~' || kafka_offset AS key, \
        stage, topic, kafka_partition AS partition, kafka_offset AS \"offset\", time, reason, message, attempts, trace_id, \
        translate(encode(key_bytes, 'base64'), E'\\n', '') AS key_base64, \
        translate(encode(payload, 'base64'), E'\\n', '') AS payload_base64, octet_length(payload) AS payload_bytes";
    const TABLE: &'static str = DeadLetters::TABLE;
    const TENANTS: bool = DeadLetters::TENANTS;
    const SORTS: &'static [Sort] = DeadLetters::SORTS;
    const FILTERS: &'static [Filter] = &[];
}

impl Collection for SealedDeadLetters {
    type Item = DeadLetterItem;
    const COLUMNS: &'static str = "stage || '~' || topic || '~' || kafka_partition || '~' || kafka_offset AS key, \
        stage, topic, kafka_partition AS partition, kafka_offset AS \"offset\", time, reason, message, attempts, trace_id, \
        NULL::text AS key_base64, NULL::text AS payload_base64, octet_length(payload) AS payload_bytes";
    const TABLE: &'static str = DeadLetters::TABLE;
    const TENANTS: bool = DeadLetters::TENANTS;
    const SORTS: &'static [Sort] = DeadLetters::SORTS;
    const FILTERS: &'static [Filter] = DeadLetters::FILTERS;
}

/// Dead letters, newest first. Keys and payloads are shown to callers with the scope `admin`; a caller with a tenant sees
/// the dead letters of its own records.
#[utoipa::path(get, path = "/v1/dead-letters", tag = "dead letters", responses(
    (status = 200, body = Page<DeadLetterItem>),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(api): State<Api>, asker: Asker, uri: Uri) -> Result<Answer, Problem> {
    let own = asker.tenant(None)?.map(|tenant| ("tenant", tenant));
    if asker.is_admin {
        page::page_where::<DeadLetters>(&api, &asker, &uri, own).await
    } else {
        page::page_where::<SealedDeadLetters>(&api, &asker, &uri, own).await
    }
}

/// One dead letter with its whole payload, which is shown to callers with the scope `admin`.
#[utoipa::path(get, path = "/v1/dead-letters/{key}", tag = "dead letters",
    params(("key" = String, Path, description = "The dead letter's `key`")),
    responses(
        (status = 200, body = DeadLetterItem),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn one(
    State(api): State<Api>,
    asker: Asker,
    Key(key): Key,
    uri: Uri,
) -> Result<Json<DeadLetterItem>, Problem> {
    let place = Place::read(&key);
    let place =
        place.ok_or_else(|| Problem::not_found("keys of dead letters are `stage~topic~partition~offset`"))?;
    let own = asker.tenant(None)?.map(str::to_owned);
    let condition = |query: &mut QueryBuilder<Postgres>| {
        place.condition(query);
        if let Some(tenant) = own {
            query.push(" AND tenant = ").push_bind(tenant);
        }
    };
    let letter = if asker.is_admin {
        page::one::<WholeDeadLetters>(&api, &asker, &uri, condition).await
    } else {
        page::one::<SealedDeadLetters>(&api, &asker, &uri, condition).await
    };
    letter.map(Json)
}
