//! `just chaos --faults N --seed S`: a run of any length; exit code 1 if a check does not hold.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line speaks to people"
)]

use chaos::Options;
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// All services as processes, faults while they run, and an oracle that counts what came of it
#[derive(Debug, Parser)]
struct Arguments {
    /// How many faults; one begins every four seconds
    #[arg(long, default_value_t = 30)]
    faults: usize,
    /// Decides the day that is sent and the faults
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the logs of the services go; without it, a temporary folder that is kept when something is wrong
    #[arg(long, value_name = "FOLDER")]
    logs: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let kept = arguments.logs.is_some();
    let folder = arguments
        .logs
        .unwrap_or_else(|| std::env::temp_dir().join(format!("sluicebox-chaos-{}", std::process::id())));
    if let Err(error) = std::fs::create_dir_all(&folder) {
        eprintln!("{}: {error}; name another folder with --logs", folder.display());
        return ExitCode::FAILURE;
    }
    let options = Options {
        seed: arguments.seed,
        faults: arguments.faults,
    };
    let say = Arc::new(|line| println!("{line}"));
    // Servers and services end with the run, so it must not be torn away from them.
    let ended = tokio::select! {
        ended = chaos::run(&options, &folder, say) => ended,
        () = interrupted() => {
            eprintln!("seed {}: interrupted", options.seed);
            return ExitCode::FAILURE;
        }
    };
    match ended {
        Ok(report) => {
            report.lines().iter().for_each(|line| println!("{line}"));
            if report.holds() {
                if !kept {
                    let _ = std::fs::remove_dir_all(&folder);
                }
                return ExitCode::SUCCESS;
            }
            eprintln!(
                "seed {}: something is wrong; the logs are in {}",
                options.seed,
                folder.display()
            );
        }
        Err(failure) => {
            eprintln!(
                "seed {}: {failure}; the logs are in {}",
                options.seed,
                folder.display()
            );
        }
    }
    ExitCode::FAILURE
}

/// Resolves on Ctrl-C and on SIGTERM.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
