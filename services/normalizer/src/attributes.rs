//! The data's scalar members by dotted name, typed, with the extension attributes beside them. No I/O.

use model::presented::{keep, present};
use model::{Facts, JsonRef, Value};
use std::collections::BTreeMap;

/// The members as [`model::presented`] has them. Extension attributes follow as `extension.<name>`; what the data says
/// under such a name gives way to them.
pub(crate) fn flatten(data: Option<JsonRef<'_>>, extensions: &BTreeMap<String, String>) -> Facts {
    let mut facts = data.map(present).unwrap_or_default();
    for (name, value) in extensions {
        keep(
            &mut facts,
            &format!("extension.{name}"),
            Value::String(value.clone()),
        );
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_follow() {
        let extensions = BTreeMap::from([("priority".to_owned(), "3".to_owned())]);
        assert_eq!(flatten(None, &extensions)["extension.priority"], Value::from("3"));
        let json = model::Json::read(r#"{"a":1,"extension":{"priority":"9"}}"#, 64).unwrap();
        let facts = flatten(Some(json.root()), &extensions);
        assert_eq!(
            (&facts["a"], &facts["extension.priority"]),
            (&Value::Long(1), &Value::from("3"))
        );
    }
}
