//! Which column is what. No I/O.

use std::collections::BTreeMap;
use std::str::FromStr;

/// The columns that become attributes of the event, and those that are renamed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    pub id: Option<String>,
    pub time: Option<String>,
    pub subject: Option<String>,
    pub tenant: Option<String>,
    /// By column, its name in the data.
    pub renamed: BTreeMap<String, String>,
}

impl FromStr for Columns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut columns = Self::default();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (name, column) = pair
                .split_once('=')
                .ok_or_else(|| format!("{pair:?} is not NAME=COL"))?;
            let (name, column) = (name.trim(), column.trim().to_owned());
            if name.is_empty() || column.is_empty() {
                return Err(format!("{pair:?} is not NAME=COL"));
            }
            let place = match name {
                "id" => &mut columns.id,
                "time" => &mut columns.time,
                "subject" => &mut columns.subject,
                "tenant" => &mut columns.tenant,
                _ => {
                    columns.renamed.insert(column, name.to_owned());
                    continue;
                }
            };
            if place.replace(column).is_some() {
                return Err(format!("{name} is given twice"));
            }
        }
        Ok(columns)
    }
}

impl Columns {
    /// Every column that is named, for checking a header.
    pub(crate) fn named(&self) -> impl Iterator<Item = &str> {
        let attributes = [&self.id, &self.time, &self.subject, &self.tenant];
        attributes
            .into_iter()
            .flatten()
            .map(String::as_str)
            .chain(self.renamed.keys().map(String::as_str))
    }

    /// Whether a column becomes an attribute and so is no member of the data.
    pub(crate) fn is_attribute(&self, column: &str) -> bool {
        [&self.id, &self.time, &self.subject, &self.tenant]
            .into_iter()
            .flatten()
            .any(|name| name == column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn attributes_and_renamed_columns() {
        let columns: Columns = "id=ID, time=when,text=body".parse().unwrap();
        assert_eq!(columns.id.as_deref(), Some("ID"));
        assert_eq!(columns.renamed["body"], "text");
        assert!(columns.is_attribute("when") && !columns.is_attribute("body"));
        assert!("id".parse::<Columns>().is_err() && "id=a,id=b".parse::<Columns>().is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = text.parse::<Columns>();
        }
    }
}
