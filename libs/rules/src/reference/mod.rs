//! Rule files of event-stream-starter that are no rule files of ours: recognised by their keys, and read as the native
//! file that says the same. Its `rules.yml` needs none of this but for writing it natively. No I/O.

mod lists;
mod merge;
mod onchain;
mod risk;
mod scores;

use crate::error::{Fault, RuleError};
use crate::file::{Fields, Reader, error};
use crate::node::{self, Node, Yaml};

/// What kind of file of the reference system a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `onchain.yml`: thresholds with verdicts.
    Onchain,
    /// `risk_rules.yml`: from what a scan found to a colour.
    Risk,
    /// `risk_rules.example.yml`: the same with lists of addresses.
    RiskLists,
    /// `topic_blacklist.yml`, `topic_whitelist.yml`.
    List,
    /// `topic_merge.yml`: settings of merging, which are no rules.
    Merge,
}

impl Form {
    fn of(root: &Node) -> Option<Self> {
        let Yaml::Map(entries) = &root.value else {
            return None;
        };
        let has = |name: &str| entries.iter().any(|(key, _)| key.text() == Some(name));
        let only = |names: &[&str]| {
            entries
                .iter()
                .all(|(key, _)| key.text().is_some_and(|key| names.contains(&key)))
        };
        if has("verdict") && has("windows") {
            Some(Self::Onchain)
        } else if has("RISK_TAX_RED") || has("goplus_version") {
            Some(Self::Risk)
        } else if has("honeypot_patterns") || has("lp_requirements") {
            Some(Self::RiskLists)
        } else if has("merge_rules") {
            Some(Self::Merge)
        } else if (has("blacklist") || has("whitelist")) && only(&["blacklist", "whitelist"]) {
            Some(Self::List)
        } else {
            None
        }
    }

    fn native(self, reader: &mut Reader<'_>, root: &Node) -> Option<String> {
        match self {
            Self::Onchain => onchain::native(reader, root),
            Self::Risk => risk::native(reader, root),
            Self::RiskLists => lists::native_risk(reader, root),
            Self::List => lists::native(reader, root),
            Self::Merge => merge::native(reader, root),
        }
    }
}

/// The tree of the native file, if this is one of the reference system's other files.
pub(crate) fn as_native(file: &str, root: Node, errors: &mut Vec<RuleError>) -> Option<Node> {
    let Some(form) = Form::of(&root) else {
        return Some(root);
    };
    let native = form.native(&mut Reader { file, errors }, &root)?;
    let tree = node::read(&native);
    tree.map_err(|(place, fault)| errors.push(error(file, place, fault)))
        .ok()
}

/// Writes a rule file of the reference system as a native one; `${VAR:default}` stays as it is. A native file comes out
/// with the same meaning.
pub fn convert(file: &str, text: &str) -> Result<String, Vec<RuleError>> {
    let root = node::read(text).map_err(|(place, fault)| vec![error(file, place, fault)])?;
    let mut errors = Vec::new();
    let reader = &mut Reader {
        file,
        errors: &mut errors,
    };
    let native = match Form::of(&root) {
        Some(form) => form.native(reader, &root),
        None => Some(scores::native(&root)),
    };
    match native {
        Some(text) if errors.is_empty() => {
            Ok(format!("# Written from {file} of event-stream-starter.\n{text}"))
        }
        _ => Err(errors),
    }
}

/// A number of the file, or what the reference system takes in its stead.
fn number_or(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &'static str, otherwise: f64) -> f64 {
    reader.number(fields, key).unwrap_or(otherwise)
}

/// A colour that the reference system gives a contract, as an expression; `unknown` means that nothing is known.
fn colour(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &'static str) -> String {
    match fields.get(key) {
        None => "null".to_owned(),
        Some(node) => match node.text() {
            Some("unknown") => "null".to_owned(),
            Some(colour @ ("red" | "yellow" | "green")) => format!("'{colour}'"),
            _ => {
                let wanted = "`red`, `yellow`, `green` or `unknown`";
                let key = key.to_owned();
                reader.fail(node.place, Fault::WrongKind { key, wanted });
                "null".to_owned()
            }
        },
    }
}
