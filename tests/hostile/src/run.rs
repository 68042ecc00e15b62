//! The order of an afternoon: quiet first, to compare with, then everything at once, then the count.

use crate::failure::Failure;
use crate::judge::{self, Seen};
use crate::normal;
use crate::outside::Outside;
use crate::place::Place;
use crate::report::Report;
use std::path::PathBuf;
use std::time::Duration;

/// Before anything is measured, with and without attackers: connections are made, code and caches are warm. The broker's
/// compiler takes half a core while it meets new paths, which says nothing of an afternoon.
const WARM_UP: Duration = Duration::from_secs(5);

/// How long, and how much.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program `attackers`.
    pub attackers: PathBuf,
    /// Before the attacks.
    pub quiet: Duration,
    /// With them.
    pub hostile: Duration,
    /// Events a second of the client that is not hostile.
    pub rate: u32,
}

/// Holds an afternoon.
///
/// # Errors
/// It cannot be held. What does not hold in it is said by the report.
pub async fn run(options: &Options) -> Result<Report, Failure> {
    let mut place = Place::start().await?;
    let attackers = Outside::begin(&options.attackers, &place).await?;
    let mut warm_up = normal::send(&place, "attacked", options.rate, WARM_UP).await?;
    attackers.end().await?;
    warm_up.add(normal::send(&place, "warm-up", options.rate, WARM_UP).await?);
    let quiet = normal::send(&place, "quiet", options.rate, options.quiet).await?;
    let attackers = Outside::begin(&options.attackers, &place).await?;
    let hostile = normal::send(&place, "hostile", options.rate, options.hostile).await?;
    let whole = place.is_whole().await?;
    let struck = attackers.end().await?;
    let seen = Seen {
        warm_up,
        quiet,
        hostile,
        whole,
        struck,
    };
    judge::judge(&mut place, seen).await
}
