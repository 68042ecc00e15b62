//! Detections against labels: unusual numbers by NAB's scoring, and guessed passwords in a server's log.

mod nab;
mod openssh;

use super::report::Row;
use anyhow::Result;
use std::path::Path;

pub(crate) fn rows(folder: &Path) -> Result<Vec<Row>> {
    let mut rows = nab::rows(&folder.join("nab"))?;
    rows.extend(openssh::rows(&folder.join("openssh/OpenSSH_2k.log"))?);
    Ok(rows)
}
