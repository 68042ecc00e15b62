//! From a score to a level. No I/O.

use crate::error::Fault;
use crate::file::{Fields, Reader};

/// `from`: reached from this score upwards; `to`: from this score downwards.
pub(crate) const LEVEL_KEYS: &[&str] = &["name", "from", "to", "display", "description"];

/// Names of levels with the scores they begin at.
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    /// Reached from this score upwards, highest first.
    floors: Vec<(f64, String)>,
    /// Reached from this score downwards, lowest first.
    ceilings: Vec<(f64, String)>,
    /// What is neither high nor low enough for any other.
    rest: String,
}

impl Default for Levels {
    /// low, then medium from 20, high from 50, critical from 80.
    fn default() -> Self {
        let floors = [(80.0, "critical"), (50.0, "high"), (20.0, "medium")];
        let floors = floors.map(|(from, name)| (from, name.to_owned())).to_vec();
        Self {
            floors,
            ceilings: Vec::new(),
            rest: "low".to_owned(),
        }
    }
}

impl Levels {
    /// The level of a score.
    pub fn of(&self, score: f64) -> &str {
        let floor = self.floors.iter().find(|(from, _)| score >= *from);
        let ceiling = || self.ceilings.iter().find(|(to, _)| score <= *to);
        floor.or_else(ceiling).map_or(&self.rest, |(_, name)| name)
    }

    /// Levels reached upwards, with their thresholds.
    pub(crate) fn floors(&self) -> impl Iterator<Item = (&str, f64)> {
        self.floors.iter().map(|(from, name)| (name.as_str(), *from))
    }

    /// Levels reached downwards, with their thresholds.
    pub(crate) fn ceilings(&self) -> impl Iterator<Item = (&str, f64)> {
        self.ceilings.iter().map(|(to, name)| (name.as_str(), *to))
    }

    /// The names, from the highest to the lowest.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let floors = self.floors.iter().map(|(_, name)| name.as_str());
        let ceilings = self.ceilings.iter().rev().map(|(_, name)| name.as_str());
        floors.chain([self.rest.as_str()]).chain(ceilings)
    }

    /// Builds from names with their thresholds, best level first. The one level without a threshold is
    /// for what no other takes; those before it are reached from their threshold upwards, those after it
    /// from theirs downwards.
    pub(crate) fn best_first(named: Vec<(String, Option<f64>)>) -> Result<Self, Fault> {
        let mut levels = Levels {
            floors: Vec::new(),
            ceilings: Vec::new(),
            rest: String::new(),
        };
        for (name, threshold) in named {
            match threshold {
                None if levels.rest.is_empty() => levels.rest = name,
                None => return Err(Fault::Levels("only one level may do without a threshold")),
                Some(from) if levels.rest.is_empty() => levels.floors.push((from, name)),
                Some(to) => levels.ceilings.push((to, name)),
            }
        }
        if levels.rest.is_empty() {
            return Err(Fault::Levels(
                "one level must do without a threshold: what no other level takes",
            ));
        }
        levels.ceilings.reverse();
        let falling = levels.floors.is_sorted_by(|a, b| a.0 > b.0);
        let rising = levels.ceilings.is_sorted_by(|a, b| a.0 < b.0);
        let apart = levels
            .floors
            .last()
            .zip(levels.ceilings.last())
            .is_none_or(|(floor, top)| floor.0 > top.0);
        if falling && rising && apart {
            Ok(levels)
        } else {
            Err(Fault::Levels(
                "thresholds must fall from the best level to the worst",
            ))
        }
    }
}

/// Reads `levels:` (ours, worst first, with `from`) or `scoring:` (the reference system's, best first,
/// with `thresholds` beside).
pub(super) fn read(reader: &mut Reader<'_>, root: &Fields<'_>) -> Option<Levels> {
    let named = if let Some(node) = root.get("scoring") {
        let scoring = reader.fields(node, "`scoring`", &["thresholds", "levels"])?;
        read_reference(reader, &scoring)
    } else {
        root.get("levels")?;
        let mut named = read_list(reader, root);
        named.reverse();
        named
    };
    if let Some(double) = double_name(&named) {
        reader.fail(
            root.place,
            Fault::Duplicate {
                what: "level",
                name: double,
                first: reader.file.to_owned(),
            },
        );
        return None;
    }
    reader.keep(root.place, Levels::best_first(named))
}

fn double_name(named: &[(String, Option<f64>)]) -> Option<String> {
    let double = named
        .iter()
        .enumerate()
        .find(|(at, (name, _))| named[..*at].iter().any(|(seen, _)| seen == name));
    double.map(|(_, (name, _))| name.clone())
}

fn read_list(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<(String, Option<f64>)> {
    let mut named = Vec::new();
    for item in reader.list(fields, "levels") {
        let Some(level) = reader.fields(item, "a level", LEVEL_KEYS) else {
            continue;
        };
        if let Some(name) = reader.required_text(&level, "name") {
            let threshold = if level.get("to").is_some() { "to" } else { "from" };
            named.push((name, reader.number(&level, threshold)));
        }
    }
    named
}

fn read_reference(reader: &mut Reader<'_>, scoring: &Fields<'_>) -> Vec<(String, Option<f64>)> {
    let mut named = read_list(reader, scoring);
    let Some(node) = scoring.get("thresholds") else {
        return named;
    };
    let crate::node::Yaml::Map(entries) = &node.value else {
        reader.fail(
            node.place,
            Fault::WrongKind {
                key: "thresholds".to_owned(),
                wanted: "a mapping of levels to scores",
            },
        );
        return named;
    };
    for (key, value) in entries {
        let threshold = value
            .text()
            .and_then(|text| text.trim().parse::<f64>().ok())
            .filter(|score| score.is_finite());
        let level = named
            .iter_mut()
            .find(|(name, _)| Some(name.as_str()) == key.text());
        match (level, threshold) {
            (Some(level), Some(score)) => level.1 = Some(score),
            (None, _) => reader.fail(
                key.place,
                Fault::Levels("a threshold must be for one of the levels"),
            ),
            (_, None) => reader.fail(
                value.place,
                Fault::WrongKind {
                    key: key.text().unwrap_or_default().to_owned(),
                    wanted: "a number",
                },
            ),
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(named: &[(&str, Option<f64>)]) -> Result<Levels, Fault> {
        Levels::best_first(named.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect())
    }

    #[test]
    fn boundaries_belong_to_the_further_level() {
        let levels = levels(&[
            ("opportunity", Some(15.0)),
            ("observe", None),
            ("caution", Some(-5.0)),
        ])
        .expect("levels");
        let rows = [
            (15.0, "opportunity"),
            (14.9, "observe"),
            (0.0, "observe"),
            (-4.9, "observe"),
            (-5.0, "caution"),
            (-99.0, "caution"),
        ];
        for (score, name) in rows {
            assert_eq!(levels.of(score), name, "{score}");
        }
        assert_eq!(
            levels.names().collect::<Vec<_>>(),
            ["opportunity", "observe", "caution"]
        );
    }

    #[test]
    fn the_lowest_of_ours_takes_everything_below() {
        let levels = Levels::default();
        assert_eq!(levels.of(-40.0), "low");
        assert_eq!(levels.of(20.0), "medium");
        assert_eq!(levels.of(80.0), "critical");
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(levels(&[("a", Some(1.0)), ("b", Some(2.0)), ("c", None)]).is_err());
        assert!(levels(&[("a", None), ("b", None)]).is_err());
        assert!(levels(&[("a", Some(1.0))]).is_err());
        assert!(levels(&[("a", Some(1.0)), ("b", None), ("c", Some(3.0))]).is_err());
        assert!(levels(&[]).is_err());
    }
}
