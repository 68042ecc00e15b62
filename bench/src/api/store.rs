//! What the sink's tables cost when they are written: the same batches by the sink into the tables as they are, and as
//! both were before lists had indexes of their own and days were cut.

use super::Place;
use super::batches::{Batches, EVENTS, tasks};
use crate::{median, say};
use anyhow::{Result, ensure};
use settings::{PostgresSettings, Secret};
use sink::SinkDrain;
use sink::before::Before;
use sqlx::PgPool;
use stage::Drain;
use std::time::{Instant, SystemTime};

/// The migration before.
const BEFORE: i64 = 3;
/// Batches that do not count.
const WARM: i64 = 5;

/// How much of what went into the old tables in a second goes into the new ones.
pub(super) async fn compared(place: &Place, events: i64) -> Result<f64> {
    let (old, new) = (place.fresh("before").await?, place.fresh("after").await?);
    sink::migrations()
        .run_to(BEFORE, &PgPool::connect(&old).await?)
        .await?;
    sink::migrate(&PgPool::connect(&new).await?).await?;
    let (mut before, mut after) = (opened_before(&old).await?, opened(&new).await?);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let begins = i64::try_from(now.as_millis())?;
    let (mut olds, mut news) = (Batches::new(begins), Batches::new(begins));
    let (mut ratios, mut spent) = (Vec::new(), [0.0, 0.0]);
    for batch in 0..(events / EVENTS).max(8) + WARM {
        // In turns, and each goes first half of the time.
        let (old, new) = if batch % 2 == 0 {
            let old = stored_before(&mut before, &mut olds).await?;
            (old, stored(&mut after, &mut news).await?)
        } else {
            let new = stored(&mut after, &mut news).await?;
            (stored_before(&mut before, &mut olds).await?, new)
        };
        if batch >= WARM {
            ratios.push(old / new);
            spent = [spent[0] + old, spent[1] + new];
        }
    }
    let rate = |seconds: f64| ratios.len() as f64 * EVENTS as f64 / seconds;
    say(format_args!(
        "\n{:>9.0} events/s before, {:.0} now, with raw events, signals and evidence",
        rate(spent[0]),
        rate(spent[1])
    ));
    drop((before, after));
    place.drop("before").await?;
    place.drop("after").await?;
    Ok(median(ratios))
}

fn settings(url: &str) -> PostgresSettings {
    PostgresSettings {
        url: Secret::new(url),
        ..PostgresSettings::default()
    }
}

async fn opened(url: &str) -> Result<SinkDrain> {
    let mut sink = sink::connect(&settings(url)).await?;
    sink.take_over(&tasks()).await?;
    Ok(sink)
}

async fn opened_before(url: &str) -> Result<Before> {
    let mut sink = Before::connect(&settings(url))?;
    sink.take_over(&tasks()).await?;
    Ok(sink)
}

/// Stores a batch; how long it took, s.
async fn stored(sink: &mut SinkDrain, batches: &mut Batches) -> Result<f64> {
    let batch = batches.another();
    let began = Instant::now();
    sink.store(batch).await?;
    Ok(began.elapsed().as_secs_f64())
}

async fn stored_before(sink: &mut Before, batches: &mut Batches) -> Result<f64> {
    let batch = batches.another();
    let began = Instant::now();
    ensure!(sink.store(batch).await?, "the batch is not where the offsets are");
    Ok(began.elapsed().as_secs_f64())
}
