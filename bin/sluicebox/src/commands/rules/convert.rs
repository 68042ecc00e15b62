//! `sluicebox rules convert`: the reference system's rule files in our form.

use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use rules::explain;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(
    after_help = "The file loads as it is, too; both forms give the same scores.\n\nExample:\n  sluicebox rules convert rules.yml > rules/scoring/market.yml"
)]
pub(crate) struct ConvertArgs {
    /// `rules.yml`, `onchain.yml`, `risk_rules.yml`, `topic_blacklist.yml`, `topic_whitelist.yml` or `topic_merge.yml`
    file: PathBuf,
}

pub(crate) fn run(args: &ConvertArgs) -> Result<(), Failure> {
    let text = std::fs::read_to_string(&args.file)
        .map_err(|error| Failure::File(format!("{}: {error}", args.file.display())))?;
    let name = args
        .file
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let native = rules::convert(&name, &text).map_err(|errors| Failure::Check(explain(&errors)))?;
    say(native.trim_end());
    Ok(())
}
