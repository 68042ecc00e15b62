//! Rule files from disk, as services read them.

use crate::app::App;
use crate::failure::Failure;
use rules::{DetectionRules, RuleSet, explain};
use std::path::{Path, PathBuf};

/// The texts of a rule file or a folder, by name.
pub(super) type Texts = Vec<(String, String)>;

/// The given path, or the one the scorer is configured with.
pub(super) fn scoring_path(given: Option<&PathBuf>, app: &App) -> Result<PathBuf, Failure> {
    match given {
        Some(path) => Ok(path.clone()),
        None => Ok(app.settings()?.scorer.rules),
    }
}

/// The given paths, or those the scorer and the detector are configured with.
pub(super) fn all_paths(given: &[PathBuf], app: &App) -> Result<Vec<PathBuf>, Failure> {
    if !given.is_empty() {
        return Ok(given.to_vec());
    }
    let settings = app.settings()?;
    Ok(vec![settings.scorer.rules, settings.detector.rules])
}

/// Reads a file or a folder.
pub(super) fn read(path: &Path) -> Result<Texts, Failure> {
    settings::texts(path).map_err(|error| Failure::File(error.to_string()))
}

/// Compiles scoring rules; mistakes are told one a line.
pub(super) fn scoring(texts: &[(String, String)]) -> Result<RuleSet, Failure> {
    scoring_of(&rules::scoring_files(texts))
}

/// The same of files that were sorted.
pub(super) fn scoring_of(files: &[(&str, &str)]) -> Result<RuleSet, Failure> {
    RuleSet::parse(files, &environment).map_err(|errors| Failure::Check(explain(&errors)))
}

/// Compiles detection rules; mistakes are told one a line.
pub(super) fn detections_of(files: &[(&str, &str)]) -> Result<DetectionRules, Failure> {
    DetectionRules::parse(files, &environment).map_err(|errors| Failure::Check(explain(&errors)))
}

/// What `${VAR}` is answered from.
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
