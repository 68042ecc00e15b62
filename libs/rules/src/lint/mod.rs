//! What is suspicious about rules that load: never a mistake that stops them, always worth a look. No I/O.

mod checks;
mod conditions;
mod detections;
mod groups;
mod texts;
mod tried;

pub use checks::{CHECKS, Check};

use crate::detection::DetectionRules;
use crate::error::RuleError;
use crate::given::Normalize;
use crate::lists::Declared;
use crate::node::Place;
use crate::scoring::RuleSet;

/// Something suspicious, where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the check; docs/rules/lint/NAME.md says more.
    pub check: &'static str,
    /// The rule file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is suspicious, and what to do.
    pub message: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "{}:{}:{}: {} [{}]",
            self.file, self.line, self.column, self.message, self.check
        )
    }
}

/// Loads rule files and looks at them with every check; findings stand in the order of the files. With a normalizer, the
/// tests beside the rules see events as the stream presents them.
pub fn lint(
    files: &[(&str, &str)],
    env: &dyn Fn(&str) -> Option<String>,
    normalize: Option<Normalize<'_>>,
) -> Result<Vec<Finding>, Vec<RuleError>> {
    let mut rules = RuleSet::parse(files, env)?;
    if let Some(normalize) = normalize {
        rules.normalize_cases(normalize);
    }
    let study = rules.study();
    let rules = study.rules();
    let mut findings = Findings::default();
    conditions::look(rules, &mut findings);
    groups::look(rules, &mut findings);
    texts::look(rules, &mut findings);
    tried::look(&study, &mut findings);
    Ok(findings.sorted())
}

/// The same for files of detections, with the checks that are about conditions and names.
pub fn lint_detections(
    files: &[(&str, &str)],
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Finding>, Vec<RuleError>> {
    let rules = DetectionRules::parse(files, env)?;
    let mut findings = Findings::default();
    detections::look(&rules, &mut findings);
    Ok(findings.sorted())
}

/// Findings while they are gathered.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn sorted(mut self) -> Vec<Finding> {
        self.0
            .sort_by(|a, b| (&a.file, a.line, a.column, a.check).cmp(&(&b.file, b.line, b.column, b.check)));
        self.0
    }

    fn unused(&mut self, unused: &Declared) {
        let message = format!(
            "nothing names the {} `{}`; use it or take it out",
            unused.what, unused.name
        );
        self.add("unused-name", &unused.file, unused.place, message);
    }

    fn add(&mut self, check: &'static str, file: &str, place: Place, message: String) {
        self.0.push(Finding {
            check,
            file: file.to_owned(),
            line: place.line.max(1),
            column: place.column.max(1),
            message,
        });
    }
}
