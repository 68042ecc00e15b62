//! The order of an afternoon: quiet first, to compare with, then everything at once, then the count.

use crate::attacks;
use crate::failure::Failure;
use crate::judge;
use crate::normal;
use crate::place::Place;
use crate::report::Report;
use std::time::Duration;
use tokio::sync::watch;

/// More than all attackers hold at once.
const DESCRIPTORS: u64 = 16_384;

/// How long, and how much.
#[derive(Debug, Clone, Copy)]
pub struct Options {
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
    // The program under test keeps the limit that it finds, which is the usual one.
    let mut place = Place::start().await?;
    let _ = rlimit::increase_nofile_limit(DESCRIPTORS);
    let quiet = normal::send(&place, "quiet", options.rate, options.quiet).await?;
    let (tell, over) = watch::channel(false);
    let mut attacks = attacks::begin(&place, &over).await?;
    let hostile = normal::send(&place, "hostile", options.rate, options.hostile).await?;
    let whole_under_attack = place.is_whole().await?;
    tell.send_replace(true);
    while attacks.join_next().await.is_some() {}
    judge::judge(&mut place, quiet, hostile, whole_under_attack).await
}
