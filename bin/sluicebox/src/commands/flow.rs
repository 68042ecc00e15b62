//! `sluicebox flow`.

use crate::app::App;
use crate::failure::Failure;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct FlowArgs {}

pub(crate) async fn run(_args: FlowArgs, _app: &App) -> Result<(), Failure> {
    Err(Failure::Usage("`flow` is not in this build".to_owned()))
}
