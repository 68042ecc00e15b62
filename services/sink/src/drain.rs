//! The sink as the runtime drives it: a batch and its offsets in one transaction, or nothing.

use crate::SinkInput;
use crate::evidence_seen::EvidenceSeen;
use crate::offsets;
use crate::rows::Rows;
use sqlx::PgPool;
use stage::{Advance, Batch, Drain, DrainError, Task};

/// Stores batches in PostgreSQL.
#[derive(Debug)]
pub struct SinkDrain {
    pool: PgPool,
    stored: EvidenceSeen,
}

impl SinkDrain {
    /// A sink that writes through this pool; it uses one connection at a time.
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            stored: EvidenceSeen::default(),
        }
    }

    /// The pool it writes through.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    async fn transact(&self, rows: Rows, advances: &[Advance]) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        // The offsets first: their rows are the lock that keeps another owner of the same tasks out.
        if !offsets::advance(advances, &mut transaction).await? {
            transaction.rollback().await?;
            return Ok(false);
        }
        rows.store(&mut transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

impl Drain for SinkDrain {
    type In = SinkInput;

    async fn positions(&mut self, tasks: &[Task]) -> Result<Vec<Option<i64>>, DrainError> {
        offsets::positions(tasks, &self.pool)
            .await
            .map_err(|error| classify(&error))
    }

    async fn store(&mut self, batch: Batch<SinkInput>) -> Result<(), DrainError> {
        let mut rows = Rows::of(batch.records, &self.stored);
        let new_evidence = std::mem::take(&mut rows.new_evidence);
        match self.transact(rows, &batch.advances).await {
            Ok(true) => {
                self.stored.remember(new_evidence);
                Ok(())
            }
            Ok(false) => Err(DrainError::Moved(describe(&batch.advances))),
            Err(error) => Err(classify(&error)),
        }
    }
}

fn describe(advances: &[Advance]) -> String {
    let name = |advance: &Advance| {
        format!(
            "{}-{} is not at {}",
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
        | sqlx::Error::BeginFailed => DrainError::Away(error.to_string()),
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
