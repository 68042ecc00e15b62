//! The attackers, as a process of their own: they attack what they are told until their standard input ends, and then
//! say how often they struck.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line speaks to whoever started it"
)]

use clap::Parser;
use hostile::Targets;
use settings::Settings;
use std::process::ExitCode;

/// Hostile clients of every kind, until the end of the standard input
#[derive(Debug, Parser)]
struct Arguments {
    /// The listener that takes events
    #[arg(long)]
    edge: std::net::SocketAddr,
    /// The listener that answers questions
    #[arg(long)]
    api: std::net::SocketAddr,
    /// The listener that tells of health
    #[arg(long)]
    ops: std::net::SocketAddr,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let settings = match Settings::load(None, settings::process_environment()) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let targets = Targets {
        edge: arguments.edge,
        api: arguments.api,
        ops: arguments.ops,
        settings,
    };
    match hostile::attack(&targets, || println!("under way")) {
        Ok(strikes) => {
            println!("{strikes}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
