//! `sluicebox demo`.

use crate::app::App;
use crate::failure::Failure;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {}

pub(crate) async fn run(_args: DemoArgs, _app: &App) -> Result<(), Failure> {
    Err(Failure::Usage("`demo` is not in this build".to_owned()))
}
