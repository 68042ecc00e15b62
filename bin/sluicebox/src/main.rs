//! One binary, many targets.

mod app;
mod cli;
mod commands;
mod failure;
mod output;
mod reload;
mod wiring;

use clap::Parser;
use std::process::ExitCode;
use tikv_jemallocator::Jemalloc;

/// With threads for connections beside those of the Kafka client, the system's allocator spends its time on locks.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    output::choose_colors(cli.color);
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            failure.exit_code()
        }
    }
}
