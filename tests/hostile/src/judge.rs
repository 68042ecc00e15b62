//! What the afternoon did to the client that was not hostile.

use crate::failure::Failure;
use crate::normal::Taken;
use crate::place::Place;
use crate::report::Report;
use sqlx::PgPool;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// How long what was left to do may take afterwards.
const DRAIN: Duration = Duration::from_mins(3);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Looks whether every event that was taken is in the database, and every stage where it should be.
pub(crate) async fn judge(
    place: &mut Place,
    quiet: Taken,
    hostile: Taken,
    whole_under_attack: bool,
) -> Result<Report, Failure> {
    let flow = place.flow(DRAIN)?;
    let taken: Vec<&String> = quiet.ids.iter().chain(&hostile.ids).collect();
    let pool = PgPool::connect(place.sandbox.postgres_url()).await?;
    let lost = lost(&pool, &taken).await;
    pool.close().await;
    Ok(Report {
        taken: taken.len(),
        lost: lost?,
        quiet_p99: p99(quiet.waits),
        hostile_p99: p99(hostile.waits),
        again: hostile.again,
        whole: whole_under_attack && place.is_whole().await?,
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

fn p99(mut waits: Vec<Duration>) -> Duration {
    waits.sort_unstable();
    let at = (waits.len() * 99).div_ceil(100).saturating_sub(1);
    waits.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_hundred_is_slower_than_the_p99() {
        let waits = (1..=100).map(Duration::from_millis).rev().collect();
        assert_eq!(p99(waits), Duration::from_millis(99));
        assert_eq!(p99(Vec::new()), Duration::ZERO);
    }
}
