//! From one process to three and back under load: how many partitions move, and how long each of them pauses.

use super::crew::Crew;
use super::figures::Figures;
use crate::driver::Broker;
use crate::outputs::Outputs;
use crate::say;
use anyhow::Result;
use serde_json::json;
use std::time::Duration;

const PARTITIONS: i32 = 12;
const RATE: u32 = 2_000;
/// How long is looked before and after, so that a pause has two ends.
const AROUND: Duration = Duration::from_secs(3);

pub(super) fn measure(broker: &Broker, figures: &mut Figures) -> Result<()> {
    let mut crew = Crew::new(broker, "scaling", PARTITIONS, RATE)?;
    crew.join("one")?;
    crew.until_shared()?;
    say(format_args!(
        "\n{:8} {:>8} {:>10} {:>10}  pause of each partition, ms",
        "", "moved", "least", "greatest"
    ));
    for (name, change) in [("up", up as fn(&mut Crew) -> Result<()>), ("down", down)] {
        let seen = around(&mut crew, change)?;
        let gaps: Vec<i64> = seen.longest_gaps().into_values().collect();
        let (least, greatest) = (gaps.iter().min(), gaps.iter().max());
        let (least, greatest) = (
            least.copied().unwrap_or_default(),
            greatest.copied().unwrap_or_default(),
        );
        say(format_args!(
            "{name:8} {:>8} {least:>10} {greatest:>10}  {gaps:?}",
            seen.moved()
        ));
        figures.note_all(
            &format!("scaling_{name}"),
            json!({"moved": seen.moved(), "of": PARTITIONS, "pauses_ms": gaps}),
        );
    }
    Ok(())
}

fn up(crew: &mut Crew) -> Result<()> {
    crew.join("two")?;
    crew.join("three")
}

fn down(crew: &mut Crew) -> Result<()> {
    crew.stop("two")?;
    crew.stop("three")
}

/// Everything that comes out from a while before a change until a while after it has been followed.
fn around(crew: &mut Crew, change: fn(&mut Crew) -> Result<()>) -> Result<Outputs> {
    let mut seen = crew.watch(AROUND)?;
    change(crew)?;
    seen.extend(crew.until_shared()?);
    seen.extend(crew.watch(AROUND)?);
    Ok(seen)
}
