//! `sluicebox completion`: what a shell needs to complete our command lines.

use crate::cli::Cli;
use crate::output;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  source <(sluicebox completion bash)")]
pub(crate) struct CompletionArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(args: &CompletionArgs) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "sluicebox", &mut script);
    output::say(String::from_utf8_lossy(&script).trim_end());
}
