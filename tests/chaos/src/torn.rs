//! Tears files that a broker can make again from its logs: indexes, and snapshots of its producers.
//!
//! A stage has no folder on disk whose tearing could be tried: its state is in memory and in changelogs. Torn are the
//! files that the truth of those changelogs is found by.

use crate::failure::Failure;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fs;
use std::path::{Path, PathBuf};

/// What the broker makes again. Not the logs themselves: with one copy of everything, what they lose is lost.
const REMADE: [&str; 3] = ["index", "timeindex", "snapshot"];
/// One in so many of them is torn.
const ONE_IN: u32 = 3;

/// Cuts some of them short or fills them with bytes of no meaning.
pub(crate) fn tear(logs: &Path, seed: u64) -> Result<(), Failure> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for path in remade(logs) {
        if !random.random_ratio(1, ONE_IN) {
            continue;
        }
        let mut bytes = fs::read(&path).unwrap_or_default();
        bytes.truncate(random.random_range(0..=bytes.len()));
        if random.random() {
            random.fill(bytes.as_mut_slice());
        }
        fs::write(&path, bytes).map_err(Failure::place(path.display().to_string()))?;
    }
    Ok(())
}

fn remade(logs: &Path) -> Vec<PathBuf> {
    let files = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = files(logs.to_owned())
        .flat_map(|partition| files(partition.path()))
        .map(|file| file.path())
        .filter(|path| {
            let kind = path.extension().and_then(|kind| kind.to_str());
            // The log of the controller's own metadata is not a topic.
            let metadata = path
                .components()
                .any(|part| part.as_os_str() == "__cluster_metadata-0");
            kind.is_some_and(|kind| REMADE.contains(&kind)) && !metadata
        })
        .collect();
    paths.sort();
    paths
}
