//! One scoring rule, and reading it from a file. No I/O.

use crate::condition::{Condition, Values, Variables};
use crate::error::Fault;
use crate::file::{Fields, Reader};
use crate::node::{Node, Place, Yaml};
use crate::template::Template;

const GROUP_KEYS: &[&str] = &["name", "description", "priority", "rules"];
const RULE_KEYS: &[&str] = &["id", "description", "when", "condition", "score", "reason"];

/// The language a reason is given in when it has several.
const FIRST_LANGUAGE: &str = "en";

/// A compiled rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) priority: f64,
    pub(super) condition: Condition,
    pub(super) points: f64,
    pub(super) reason: Reason,
    /// Where it was written.
    pub(super) file: String,
    pub(super) place: Place,
}

/// A reason in one or more languages, the preferred one first.
#[derive(Debug)]
pub(super) struct Reason(Vec<(String, Template)>);

impl Reason {
    pub(super) fn text(&self, values: &Values<'_>) -> String {
        self.0
            .first()
            .map_or_else(String::new, |(_, template)| template.render(values, &[]))
    }
}

/// Reads the groups of a file into rules.
pub(super) fn read_groups(
    reader: &mut Reader<'_>,
    root: &Fields<'_>,
    variables: &mut Variables,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    for item in reader.list(root, "groups") {
        let Some(group) = reader.fields(item, "a group", GROUP_KEYS) else {
            continue;
        };
        let name = reader.required_text(&group, "name").unwrap_or_default();
        let priority = reader.number(&group, "priority").unwrap_or(0.0);
        for (at, item) in reader.list(&group, "rules").iter().enumerate() {
            let fallback_id = format!("{name}.{}", at + 1);
            rules.extend(read_rule(reader, item, variables, fallback_id, priority));
        }
    }
    rules
}

fn read_rule(
    reader: &mut Reader<'_>,
    node: &Node,
    variables: &mut Variables,
    fallback_id: String,
    priority: f64,
) -> Option<Rule> {
    let fields = reader.fields(node, "a rule", RULE_KEYS)?;
    let id = reader.text(&fields, "id").unwrap_or(fallback_id);
    let condition = read_condition(reader, &fields, variables);
    let points = if fields.get("score").is_some() {
        reader.number(&fields, "score")
    } else {
        reader.missing(&fields, "score")
    };
    let reason = match fields.get("reason") {
        Some(node) => read_reason(reader, node, variables)?,
        None => Reason(vec![(String::new(), Template::parse(&id, &[], variables).ok()?)]),
    };
    let (file, place) = (reader.file.to_owned(), fields.place);
    Some(Rule {
        id,
        priority,
        condition: condition?,
        points: points?,
        reason,
        file,
        place,
    })
}

/// `when` is ours, `condition` the reference system's; they mean the same.
pub(crate) fn read_condition(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    variables: &mut Variables,
) -> Option<Condition> {
    let (key, node) = match (fields.get("when"), fields.get("condition")) {
        (Some(node), None) => ("when", node),
        (None, Some(node)) => ("condition", node),
        (None, None) => return reader.missing(fields, "when"),
        (Some(_), Some(node)) => {
            reader.fail(
                node.place,
                Fault::DuplicateKey("condition` beside `when".to_owned()),
            );
            return None;
        }
    };
    let text = reader.required_text(fields, key)?;
    reader.keep(node.place, Condition::compile(&text, variables))
}

/// A text, or a mapping of languages to texts.
pub(super) fn read_reason(reader: &mut Reader<'_>, node: &Node, variables: &mut Variables) -> Option<Reason> {
    let texts: Vec<(String, Place, &str)> = match &node.value {
        Yaml::Scalar { text, .. } => vec![(String::new(), node.place, text)],
        Yaml::Map(entries) => {
            let text = |(key, value): &'_ (Node, Node)| -> Option<(String, Place)> {
                Some((key.text()?.to_owned(), value.place))
            };
            entries
                .iter()
                .filter_map(|entry| {
                    text(entry)
                        .zip(entry.1.text())
                        .map(|((lang, place), text)| (lang, place, text))
                })
                .collect()
        }
        Yaml::List(_) => Vec::new(),
    };
    if texts.is_empty() {
        reader.fail(
            node.place,
            Fault::WrongKind {
                key: "reason".to_owned(),
                wanted: "a text, or a mapping of languages to texts",
            },
        );
        return None;
    }
    let mut reasons = Vec::with_capacity(texts.len());
    for (language, place, text) in texts {
        reasons.push((
            language,
            reader.keep(place, Template::parse(text, &[], variables))?,
        ));
    }
    reasons.sort_by_key(|(language, _)| language != FIRST_LANGUAGE);
    Some(Reason(reasons))
}
