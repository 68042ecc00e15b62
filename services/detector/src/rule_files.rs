//! The detection files in use: read again when they change, the last good ones kept when the new ones are
//! bad.

use std::path::Path;

use rules::{DetectionRules, detection_files, explain};
use settings::{WatchError, Watched};

/// Opens a detection file or a folder of them; `${VAR:default}` is answered from the process environment.
///
/// Fails when the rules cannot be read or have mistakes now. Later mistakes leave the last good rules in
/// use and are told by [`Watched::status`].
pub fn open_rules(path: &Path) -> Result<Watched<DetectionRules>, WatchError> {
    let rules = Watched::open(path, parse)?;
    Ok(rules.described(|rules| format!("{} rules, version {}", rules.rules().len(), rules.version())))
}

fn parse(texts: &[(String, String)]) -> Result<DetectionRules, String> {
    let env = |name: &str| std::env::var(name).ok();
    DetectionRules::parse(&detection_files(texts), &env).map_err(|errors| explain(&errors))
}
