//! The sink as the runtime drives it: a batch and its offsets in one transaction, or nothing.

use crate::SinkInput;
use crate::connect::Link;
use crate::evidence_seen::EvidenceSeen;
use crate::offsets::{self, Epochs};
use crate::rows::Rows;
use sqlx::{Connection, PgConnection};
use stage::{Advance, Batch, Drain, DrainError, Task};
use std::time::Duration;

/// Longest wait for an answer; a server that takes longer is as good as away.
const ANSWER: Duration = Duration::from_mins(1);

/// Stores batches in PostgreSQL.
pub struct SinkDrain {
    link: Link,
    epochs: Epochs,
    stored: EvidenceSeen,
}

impl SinkDrain {
    pub(crate) fn new(link: Link) -> Self {
        Self {
            link,
            epochs: Epochs::new(),
            stored: EvidenceSeen::default(),
        }
    }
}

impl Drain for SinkDrain {
    type In = SinkInput;

    fn another(&self) -> Self {
        Self::new(self.link.another())
    }

    async fn take_over(&mut self, tasks: &[Task]) -> Result<Vec<Option<i64>>, DrainError> {
        let mut connection = self.link.take().await.map_err(|error| classify(&error))?;
        let positions = in_time(offsets::take_over(tasks, &mut self.epochs, &mut connection)).await?;
        self.link.keep(connection);
        Ok(positions)
    }

    async fn store(&mut self, batch: Batch<SinkInput>) -> Result<(), DrainError> {
        let mut rows = Rows::of(batch.records, &self.stored);
        let new_evidence = std::mem::take(&mut rows.new_evidence);
        let mut connection = self.link.take().await.map_err(|error| classify(&error))?;
        let stored = in_time(transact(rows, &batch.advances, &self.epochs, &mut connection)).await?;
        self.link.keep(connection);
        if !stored {
            return Err(DrainError::Moved(describe(&batch.advances)));
        }
        self.stored.remember(new_evidence);
        Ok(())
    }
}

async fn in_time<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, DrainError> {
    match tokio::time::timeout(ANSWER, answer).await {
        Ok(answer) => answer.map_err(|error| classify(&error)),
        Err(_) => Err(DrainError::Away(format!(
            "PostgreSQL did not answer within {ANSWER:?}"
        ))),
    }
}

async fn transact(
    rows: Rows,
    advances: &[Advance],
    epochs: &Epochs,
    connection: &mut PgConnection,
) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    // The offsets first: their rows are the lock that keeps another owner of the same tasks out.
    if !offsets::advance(advances, epochs, &mut transaction).await? {
        transaction.rollback().await?;
        return Ok(false);
    }
    rows.sorted().store(&mut transaction).await?;
    transaction.commit().await?;
    Ok(true)
}

fn describe(advances: &[Advance]) -> String {
    let name = |advance: &Advance| {
        format!(
            "{}-{} is not at {}, or has another owner",
            advance.task.topic.name(),
            advance.task.partition,
            advance.from
        )
    };
    format!(
        "one of {}",
        advances.iter().map(name).collect::<Vec<_>>().join(", ")
    )
}

/// Whether waiting may help.
fn classify(error: &sqlx::Error) -> DrainError {
    match error {
        sqlx::Error::Database(refused) => {
            let code = refused.code().unwrap_or_default();
            if passes(&code) {
                DrainError::Away(format!("{refused} (SQLSTATE {code})"))
            } else if is_login(&code) {
                DrainError::Away(format!("{refused} (SQLSTATE {code}); {}", mend(&code)))
            } else {
                DrainError::Fatal(format!(
                    "PostgreSQL refuses the rows: {refused} (SQLSTATE {code}); {}",
                    mend(&code)
                ))
            }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => DrainError::Away(database::explain(error)),
        other => DrainError::Fatal(format!("the rows cannot be sent to PostgreSQL: {other}")),
    }
}

/// Connections, rolled back transactions, full disks and memory, restarts, broken files, and servers that only read.
/// Source: PostgreSQL, appendix A, "PostgreSQL Error Codes".
fn passes(code: &str) -> bool {
    ["08", "40", "53", "57", "58"]
        .iter()
        .any(|class| code.starts_with(class))
        || ["55P03", "25006"].contains(&code)
}

/// A login that is refused: a password is changed at the server and in the settings, one after the other.
fn is_login(code: &str) -> bool {
    code.starts_with("28")
}

fn mend(code: &str) -> &'static str {
    match code.get(..2) {
        Some("42") => "the tables are not those of this program: run `sluicebox migrate`",
        Some("28" | "3D") => "check user, password and database in postgres.url",
        _ => "this is a fault of the sink: please report it with this message",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_waited_for() {
        assert!(
            ["08006", "40P01", "53100", "57P01", "55P03", "25006"]
                .into_iter()
                .all(passes)
        );
        assert!(!["42P01", "23505", "22021", ""].into_iter().any(passes));
        assert!(is_login("28P01") && is_login("28000") && !is_login("42501"));
        assert!(matches!(
            classify(&sqlx::Error::PoolTimedOut),
            DrainError::Away(_)
        ));
        assert!(matches!(
            classify(&sqlx::Error::RowNotFound),
            DrainError::Fatal(_)
        ));
    }
}
