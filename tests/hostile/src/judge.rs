//! What the afternoon did to the client that was not hostile.

use crate::failure::Failure;
use crate::normal::Taken;
use crate::place::Place;
use crate::report::{Report, Waits};
use crate::strikes::Struck;
use sqlx::PgPool;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// How long what was left to do may take afterwards.
const DRAIN: Duration = Duration::from_mins(3);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What was seen of the afternoon while it lasted.
pub(crate) struct Seen {
    pub(crate) warm_up: Taken,
    pub(crate) quiet: Taken,
    pub(crate) hostile: Taken,
    /// Whether everything ran and was ready under attack.
    pub(crate) whole: bool,
    pub(crate) struck: Vec<Struck>,
}

/// Looks whether every event that was taken is in the database, and every stage where it should be.
pub(crate) async fn judge(place: &mut Place, seen: Seen) -> Result<Report, Failure> {
    let flow = place.flow(DRAIN)?;
    let phases = [&seen.warm_up, &seen.quiet, &seen.hostile];
    let taken: Vec<&String> = phases.into_iter().flat_map(|phase| &phase.ids).collect();
    let pool = PgPool::connect(place.sandbox.postgres_url()).await?;
    let lost = lost(&pool, &taken).await;
    pool.close().await;
    Ok(Report {
        taken: taken.len(),
        lost: lost?,
        quiet: Waits::of(seen.quiet.waits),
        hostile: Waits::of(seen.hostile.waits),
        again: seen.hostile.again,
        struck: seen.struck,
        whole: seen.whole && place.is_whole().await?,
        conserves: flow["conserves"].as_bool() == Some(true) && flow["drained"].as_bool() == Some(true),
    })
}

/// The events that were taken and did not come; waits for the sink.
async fn lost(pool: &PgPool, taken: &[&String]) -> Result<usize, sqlx::Error> {
    let deadline = Instant::now() + DRAIN;
    loop {
        let stored = sqlx::query_scalar::<_, String>("SELECT id FROM events WHERE source = '/normal'");
        let stored: HashSet<String> = stored.fetch_all(pool).await?.into_iter().collect();
        let lost = taken.iter().filter(|id| !stored.contains(**id)).count();
        if lost == 0 || Instant::now() > deadline {
            return Ok(lost);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
