//! Why a rule matched, for people, in one language or in several. No I/O.

use crate::condition::{Values, Variables};
use crate::error::Fault;
use crate::file::Reader;
use crate::node::{Node, Place, Yaml};
use crate::template::Template;

/// The language a reason is given in unless the files wish another.
const FIRST_LANGUAGE: &str = "en";

/// A reason in one or more languages, the preferred one first.
#[derive(Debug)]
pub(crate) struct Reason(Vec<(String, Template)>);

impl Reason {
    /// A text without values, in no language.
    pub(super) fn plain(text: &str) -> Self {
        Self(vec![(String::new(), Template::plain(text))])
    }

    pub(super) fn text(&self, values: &Values<'_>) -> String {
        self.0
            .first()
            .map_or_else(String::new, |(_, template)| template.render(values, &[]))
    }

    /// Puts this language before the others.
    pub(super) fn prefer(&mut self, language: &str) {
        self.0.sort_by_key(|(own, _)| own != language);
    }

    /// The languages; an empty one for a text that does not say.
    pub(crate) fn languages(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(language, _)| language.as_str())
    }

    /// The variables whose values are put in.
    pub(crate) fn slots(&self) -> impl Iterator<Item = crate::condition::Slot> {
        self.0.iter().flat_map(|(_, template)| template.slots())
    }
}

/// A text, or a mapping of languages to texts.
pub(super) fn read_reason(reader: &mut Reader<'_>, node: &Node, variables: &mut Variables) -> Option<Reason> {
    let texts: Vec<(String, Place, &str)> = match &node.value {
        Yaml::Scalar { text, .. } => vec![(String::new(), node.place, text)],
        Yaml::Map(entries) => entries
            .iter()
            .filter_map(|(key, value)| in_language(key, value))
            .collect(),
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
        let template = reader.keep(place, Template::parse(text, &[], variables))?;
        reasons.push((language, template));
    }
    let mut reason = Reason(reasons);
    reason.prefer(FIRST_LANGUAGE);
    Some(reason)
}

fn in_language<'n>(key: &Node, value: &'n Node) -> Option<(String, Place, &'n str)> {
    Some((key.text()?.to_owned(), value.place, value.text()?))
}
