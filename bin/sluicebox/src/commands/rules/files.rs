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

/// Whether these are files of detections, which are read by other rules.
pub(super) fn are_detections(texts: &[(String, String)]) -> bool {
    let files = rules::rule_files(texts);
    files
        .iter()
        .any(|(_, text)| text.lines().any(|line| line.starts_with("detections:")))
}

/// Compiles scoring rules; mistakes are told one a line.
pub(super) fn scoring(texts: &[(String, String)]) -> Result<RuleSet, Failure> {
    RuleSet::parse(&rules::rule_files(texts), &environment).map_err(|errors| Failure::Check(explain(&errors)))
}

/// Compiles detection rules; mistakes are told one a line.
pub(super) fn detections(texts: &[(String, String)]) -> Result<DetectionRules, Failure> {
    DetectionRules::parse(&rules::rule_files(texts), &environment)
        .map_err(|errors| Failure::Check(explain(&errors)))
}

/// What `${VAR}` is answered from.
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
