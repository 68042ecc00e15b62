//! The rule files in use: read again when they change, the last good ones kept when the new ones are bad.

use std::path::Path;

use rules::{RuleSet, explain};
use settings::{WatchError, Watched};

/// Opens a rule file or a folder of them; `${VAR:default}` is answered from the process environment.
///
/// Fails when the rules cannot be read or have mistakes now. Later mistakes leave the last good rules in
/// use and are told by [`Watched::status`].
pub fn open_rules(path: &Path) -> Result<Watched<RuleSet>, WatchError> {
    let rules = Watched::open(path, parse)?;
    Ok(rules.described(|rules| format!("{} rules, version {}", rules.len(), rules.version())))
}

fn parse(texts: &[(String, String)]) -> Result<RuleSet, String> {
    let files = rules::scoring_files(texts);
    RuleSet::parse(&files, &|name| std::env::var(name).ok()).map_err(|errors| explain(&errors))
}
