//! The ten best signals, with their reasons and evidence.

use crate::failure::Failure;
use crate::output::{STRONG, say, styled};
use model::Reason;
use sqlx::types::Json;
use sqlx::{FromRow, PgPool};

const EVIDENCE: usize = 2;
/// Characters of a text that fit on a line.
const LINE: usize = 96;

#[derive(FromRow)]
struct Row {
    signal_key: String,
    level: String,
    state: String,
    score: f64,
    title: String,
    subject: String,
    evidence_count: i64,
    source_count: i64,
    reasons: Option<Json<Vec<Reason>>>,
}

/// Prints them.
pub(super) async fn print(pool: &PgPool) -> Result<(), Failure> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT signal_key, level, state, score, title, subject, evidence_count, source_count, reasons FROM signals \
         ORDER BY score DESC, evidence_count DESC, signal_key LIMIT 10",
    )
    .fetch_all(pool)
    .await
    .map_err(|error| failed(&error))?;
    say(styled(STRONG, "\nThe ten best signals"));
    for row in rows {
        say(format_args!(
            "  {:>3.0} {:8} {:9} {}  {} reports from {} sources",
            row.score,
            row.level,
            row.state,
            styled(STRONG, &row.subject),
            row.evidence_count,
            row.source_count
        ));
        say(format_args!("      {}", line(&row.title)));
        let reasons = row.reasons.map(|Json(reasons)| reasons).unwrap_or_default();
        let reasons: Vec<_> = reasons
            .iter()
            .map(|reason| format!("{:+.0} {}", reason.points, reason.text))
            .collect();
        say(format_args!("      why: {}", reasons.join(", ")));
        for (source, text) in evidence(pool, &row.signal_key).await? {
            say(format_args!(
                "      {source}: {}",
                line(&text.unwrap_or_default())
            ));
        }
    }
    Ok(())
}

async fn evidence(pool: &PgPool, signal: &str) -> Result<Vec<(String, Option<String>)>, Failure> {
    let query = "SELECT source, text FROM signal_evidence WHERE signal_key = $1 ORDER BY time DESC LIMIT $2";
    let rows = sqlx::query_as(query)
        .bind(signal)
        .bind(i64::try_from(EVIDENCE).unwrap_or(i64::MAX));
    rows.fetch_all(pool).await.map_err(|error| failed(&error))
}

fn line(text: &str) -> String {
    if text.chars().count() <= LINE {
        return text.to_owned();
    }
    text.chars().take(LINE).chain(['…']).collect()
}

fn failed(error: &sqlx::Error) -> Failure {
    Failure::Unreachable(format!("PostgreSQL: {error}"))
}
