//! A hundred conditions by each engine that could decide them: microseconds a hundred, compiled before.
//!
//! The event is handed over in the form that each engine wants, once: what is timed is deciding alone.

mod engines;

use anyhow::{Result, ensure};
use std::time::Instant;

const ROUNDS: usize = 7;
const EVENTS: u32 = 2_000;

/// Decides all conditions about the event, and says how many are true.
type Decide = Box<dyn FnMut() -> Result<usize>>;

fn main() -> Result<()> {
    println!("{:<24} {:>20}", "engine", "µs a hundred");
    let mut figures = serde_json::Map::new();
    for (name, make) in engines::ALL {
        let mut decide = make()?;
        let hold = decide()?;
        ensure!(hold == 100, "{name}: {hold} of 100 conditions hold");
        let micros = median(&mut decide)?;
        println!("{name:<24} {micros:>20.1}");
        figures.insert((*name).to_owned(), micros.into());
    }
    println!("{}", serde_json::Value::Object(figures));
    Ok(())
}

fn median(decide: &mut Decide) -> Result<f64> {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..EVENTS {
            std::hint::black_box(decide()?);
        }
        rounds.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(EVENTS));
    }
    rounds.sort_by(f64::total_cmp);
    Ok(rounds[ROUNDS / 2])
}
