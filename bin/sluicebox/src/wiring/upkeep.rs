//! What the database needs now and then, beside the lanes and without holding them up: days and months that are made
//! before they come, and what is too old dropped.

use database::Way;
use settings::RetentionSettings;
use sink::Done;
use std::time::Duration;

const EVERY: Duration = Duration::from_hours(1);
/// After a failure, such as a database that is away.
const SOONER: Duration = Duration::from_mins(1);

/// Looks after the tables, at once and then every hour. Of all processes one does it at a time.
pub(super) async fn upkeep(way: Way, retention: RetentionSettings) {
    loop {
        let options = way.options("sluicebox-upkeep");
        let wait = match sink::maintain(&options, &retention).await {
            Ok(done) => {
                done.iter().for_each(tell);
                EVERY
            }
            Err(error) => {
                let error = database::explain(&error);
                tracing::warn!(%error, "days could not be made or dropped now; tried again in a minute");
                SOONER
            }
        };
        tokio::time::sleep(wait).await;
    }
}

fn tell(done: &Done) {
    for change in &done.changes {
        tracing::info!(%change, "partitions");
    }
    for (table, rows) in &done.deleted {
        tracing::info!(
            table,
            rows,
            "rows were deleted that are older than sink.retention keeps"
        );
    }
}
