//! `just hostile`: the afternoon, of any length; exit code 1 if something does not hold.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line speaks to people"
)]

use clap::Parser;
use hostile::Options;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Hostile clients of every kind against `run all`, beside a client that only wants to send its events
#[derive(Debug, Parser)]
struct Arguments {
    /// Seconds before the attacks, to compare with
    #[arg(long, default_value_t = 30)]
    quiet: u64,
    /// Seconds of attacks
    #[arg(long, default_value_t = 120)]
    hostile: u64,
    /// Events a second of the client that is none of them
    #[arg(long, default_value_t = 50)]
    rate: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let options = Options {
        attackers: beside("attackers"),
        quiet: Duration::from_secs(arguments.quiet),
        hostile: Duration::from_secs(arguments.hostile),
        rate: arguments.rate.max(1),
    };
    match hostile::run(&options).await {
        Ok(report) => {
            report.lines().iter().for_each(|line| println!("{line}"));
            println!("{}", report.json());
            ExitCode::from(u8::from(!report.holds()))
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// A program beside this one.
fn beside(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap_or_default();
    this.with_file_name(name)
}
