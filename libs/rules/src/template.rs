//! Reasons and descriptions with `{{ name }}` values. No I/O.

use std::fmt::Write as _;

use chrono::SecondsFormat;

use crate::condition::{Slot, Values, Variables, shown_span};
use crate::error::Fault;
use crate::fact::Fact;

/// A text with holes for values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    Value(Slot),
    /// A value the caller brings, such as the count of a window.
    Extra(String),
}

impl Template {
    /// Reads a template. Names among `extras` are brought at rendering, all others are facts.
    pub(crate) fn parse(text: &str, extras: &[&str], variables: &mut Variables) -> Result<Self, Fault> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let after = &rest[start + 2..];
            let end = after.find("}}").ok_or_else(|| Fault::Template {
                text: text.to_owned(),
                problem: "`{{` has no `}}`",
            })?;
            pieces.push(Piece::Text(rest[..start].to_owned()));
            let name = after[..end].trim();
            pieces.push(if extras.contains(&name) {
                Piece::Extra(name.to_owned())
            } else {
                Piece::Value(variables.resolve(name)?)
            });
            rest = &after[end + 2..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self { pieces })
    }

    /// A text without holes.
    pub(crate) fn plain(text: &str) -> Self {
        Self {
            pieces: vec![Piece::Text(text.to_owned())],
        }
    }

    /// The variables whose values are put in.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Value(slot) => Some(*slot),
            Piece::Text(_) | Piece::Extra(_) => None,
        })
    }

    /// The text with values; what is not known reads `?`.
    pub(crate) fn render(&self, values: &Values<'_>, extras: &[(&str, &str)]) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Value(slot) => write_fact(&mut out, values.get(*slot)),
                Piece::Extra(name) => {
                    let value = extras.iter().find(|(known, _)| known == name);
                    out.push_str(value.map_or("?", |(_, value)| value));
                }
            }
        }
        out
    }
}

/// A value as people read it.
pub(crate) fn shown(fact: Fact<'_>) -> String {
    let mut out = String::new();
    write_fact(&mut out, Some(fact));
    out
}

fn write_fact(out: &mut String, fact: Option<Fact<'_>>) {
    // Writing to a String cannot fail.
    let _ = match fact {
        None | Some(Fact::Null) => write!(out, "?"),
        Some(Fact::Bool(value)) => write!(out, "{value}"),
        Some(Fact::Long(value)) => write!(out, "{value}"),
        Some(Fact::Double(value)) => write!(out, "{value}"),
        Some(Fact::Decimal(value)) => write!(out, "{value}"),
        Some(Fact::Str(text) | Fact::Beginning(text)) => write!(out, "{text}"),
        Some(Fact::Moment(time)) => {
            write!(out, "{}", time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
        }
        Some(Fact::Span(span)) => write!(out, "{}", shown_span(span)),
        Some(Fact::StrList(items)) => write!(out, "{}", items.join(", ")),
        Some(Fact::Addresses(items)) => {
            let items: Vec<&str> = items.iter().map(|item| item.address.as_str()).collect();
            write!(out, "{}", items.join(", "))
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::{FactList, OwnedFact};

    #[test]
    fn values_are_put_in() {
        let mut variables = Variables::default();
        let template = Template::parse(
            "{{count}} of {{ data.amount }} by {{author}}!",
            &["count"],
            &mut variables,
        );
        let facts = FactList::default().with("data.amount", OwnedFact::Double(2.5));
        let text = template
            .expect("parses")
            .render(&variables.over(&facts), &[("count", "3")]);
        assert_eq!(text, "3 of 2.5 by ?!");
    }

    #[test]
    fn mistakes_are_told() {
        let fault = |text: &str| Template::parse(text, &[], &mut Variables::default()).expect_err(text);
        assert!(matches!(fault("a {{ b"), Fault::Template { .. }));
        assert!(matches!(fault("{{ txt }}"), Fault::UnknownName { .. }));
    }
}
