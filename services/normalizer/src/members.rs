//! Which members of the data mean what: the names that feeds, social networks and analytics use. No I/O.

use admission::Payload;
use model::JsonRef;
use std::borrow::Cow;
use std::collections::BTreeMap;

const TITLE: &[&str] = &["title", "headline"];
const TEXT: &[&str] = &[
    "text",
    "full_text",
    "body",
    "content",
    "message",
    "description",
    "summary",
];
const URL: &[&str] = &["url", "link", "permalink"];
const AUTHOR: &[&str] = &[
    "author",
    "username",
    "screen_name",
    "author_name",
    "user_name",
    "from",
];
const NAME_OF_AUTHOR: &[&str] = &["username", "screen_name", "login", "name", "id"];
const USER: &[&str] = &["user_id", "userId", "userid", "uid"];
const LANG: &[&str] = &["lang", "language"];
const SYMBOL: &[&str] = &["symbol", "ticker", "token_symbol"];
const ADDRESS: &[&str] = &[
    "token_ca",
    "token_address",
    "contract_address",
    "contract",
    "address",
];
const CHAIN: &[&str] = &["chain", "chain_id", "network", "blockchain"];
const SEVERITY: &[&str] = &["severity"];

/// Tags of one event at most, and the longest, in bytes.
const MOST_TAGS: usize = 64;
const LONGEST_TAG: usize = 200;

/// The members of the data, by meaning. Data that is text or one JSON string is the text.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    object: Option<JsonRef<'a>>,
    bare: Option<&'a str>,
    extensions: &'a BTreeMap<String, String>,
}

impl<'a> Members<'a> {
    /// The members of a payload, and extension attributes where the payload has none of a name.
    pub(crate) fn new(payload: &'a Payload<'a>, extensions: &'a BTreeMap<String, String>) -> Self {
        let (object, bare) = match payload {
            Payload::Json(json) => (Some(json.root()), json.root().as_str()),
            Payload::Text(text) => (None, Some(*text)),
            Payload::Absent => (None, None),
        };
        Self {
            object,
            bare,
            extensions,
        }
    }

    pub(crate) fn title(&self) -> Option<&'a str> {
        self.string(TITLE)
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        self.bare.or_else(|| self.string(TEXT))
    }

    pub(crate) fn url(&self) -> Option<&'a str> {
        self.string(URL)
    }

    pub(crate) fn lang(&self) -> Option<&'a str> {
        self.string(LANG)
    }

    /// A user's identity: text or a number.
    pub(crate) fn user(&self) -> Option<Cow<'a, str>> {
        self.scalar(USER)
    }

    pub(crate) fn symbol(&self) -> Option<&'a str> {
        self.string(SYMBOL)
    }

    pub(crate) fn address(&self) -> Option<&'a str> {
        self.string(ADDRESS)
    }

    pub(crate) fn chain(&self) -> Option<Cow<'a, str>> {
        self.scalar(CHAIN)
    }

    pub(crate) fn severity(&self) -> Option<String> {
        self.string(SEVERITY).map(|severity| tag(severity).to_lowercase())
    }

    /// Who wrote it: a name, or the name inside an object.
    pub(crate) fn author(&self) -> Option<String> {
        let nested = || {
            let author = self.object?.get("author").or_else(|| self.object?.get("user"))?;
            NAME_OF_AUTHOR.iter().find_map(|name| scalar(author.get(name)?))
        };
        let author = self.string(AUTHOR).map(Cow::Borrowed).or_else(nested)?;
        Some(tag(&author)).filter(|author| !author.is_empty())
    }

    /// Tags: a list of strings, or one string with commas.
    pub(crate) fn tags(&self) -> Vec<String> {
        let listed = self.object.and_then(|object| object.get("tags")?.items());
        let tags: Vec<String> = match listed {
            Some(list) => list.filter_map(JsonRef::as_str).map(tag).collect(),
            None => self
                .string(&["tags"])
                .map(|tags| tags.split(',').map(tag).collect())
                .unwrap_or_default(),
        };
        tags.into_iter()
            .filter(|tag| !tag.is_empty())
            .take(MOST_TAGS)
            .collect()
    }

    /// The first of these members that is a string and not blank.
    fn string(&self, names: &[&str]) -> Option<&'a str> {
        let in_data = names
            .iter()
            .find_map(|name| text(self.object?.get(name)?.as_str()));
        in_data.or_else(|| {
            names
                .iter()
                .find_map(|name| text(self.extensions.get(*name).map(String::as_str)))
        })
    }

    fn scalar(&self, names: &[&str]) -> Option<Cow<'a, str>> {
        let number = || names.iter().find_map(|name| scalar(self.object?.get(name)?));
        self.string(names).map(Cow::Borrowed).or_else(number)
    }
}

fn text(value: Option<&str>) -> Option<&str> {
    value.filter(|text| !text.trim().is_empty())
}

fn scalar(value: JsonRef<'_>) -> Option<Cow<'_, str>> {
    let number = || value.number_text().map(Cow::Owned);
    text(value.as_str()).map(Cow::Borrowed).or_else(number)
}

/// A short name: cleaned and cut.
fn tag(name: &str) -> String {
    text::clean(text::span::prefix(name, LONGEST_TAG)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Sample(Payload<'static>, BTreeMap<String, String>);

    fn sample(data: &serde_json::Value) -> Sample {
        let text: &'static str = data.to_string().leak();
        Sample(
            Payload::Json(model::Json::read(text, 64).unwrap()),
            BTreeMap::from([("severity".to_owned(), "High".to_owned())]),
        )
    }

    impl Sample {
        fn members(&self) -> Members<'_> {
            Members::new(&self.0, &self.1)
        }
    }

    #[test]
    fn names_of_several_worlds() {
        let post = sample(
            &json!({"headline": "h", "body": "b", "user": {"screen_name": "x", "id": 7}, "tags": ["a", 1, " b "]}),
        );
        let post = post.members();
        assert_eq!((post.title(), post.text()), (Some("h"), Some("b")));
        assert_eq!(post.author().as_deref(), Some("x"));
        assert_eq!(post.tags(), ["a", "b"]);
        let behaviour = sample(&json!({"user_id": 123, "tags": "a, b,,"}));
        let behaviour = behaviour.members();
        assert_eq!(behaviour.user().as_deref(), Some("123"));
        assert_eq!(behaviour.tags(), ["a", "b"]);
        assert_eq!(
            behaviour.severity().as_deref(),
            Some("high"),
            "an extension attribute"
        );
        assert_eq!(sample(&json!("just text")).members().text(), Some("just text"));
    }

    #[test]
    fn blanks_and_wrong_types_are_absent() {
        let odd = sample(&json!({"title": "  ", "text": 5, "user_id": null, "tags": 1, "author": []}));
        let odd = odd.members();
        assert_eq!(
            (odd.title(), odd.text(), odd.user(), odd.author()),
            (None, None, None, None)
        );
        assert!(odd.tags().is_empty());
    }
}
