//! `sluicebox state export`: all that a store holds, one partition after the other, so that memory holds one.

use super::StoreArgs;
use super::entry::described;
use crate::app::{self, App};
use crate::commands::lines::Lines;
use crate::failure::Failure;
use crate::output::tell;
use clap::Args;
use runtime::admin::{Selection, StoredRecord};
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Where to write; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

type Newest = BTreeMap<Vec<u8>, StoredRecord>;

pub(super) async fn run(args: ExportArgs, app: &App) -> Result<(), Failure> {
    let topic = args.store.changelog()?.topic_name();
    let admin = app::admin(&app.settings()?)?;
    let partitions = admin.partitions_of(&topic).await?;
    let mut lines = Lines::open(args.out)?;
    for partition in partitions {
        let selection = Selection::of(&topic).partition(partition).settled();
        for record in admin.read(selection, Newest::new(), keep).await?.values() {
            if !lines.write(&described(record)) {
                break;
            }
        }
    }
    let written = lines.finish()?;
    tell(format_args!("{written} entries"));
    Ok(())
}

fn keep(newest: &mut Newest, record: StoredRecord) -> bool {
    if record.value.is_some() {
        newest.insert(record.key.clone(), record);
    } else {
        newest.remove(&record.key);
    }
    true
}
