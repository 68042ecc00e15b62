//! The first stage: a text in one form, and the symbols and addresses in it.

use super::Json;
use super::post::Post;
use regex::Regex;
use stage::{Cx, Emit, Poison, Stage};
use topology::Topic;
use unicode_normalization::UnicodeNormalization;

/// NFKC, trimmed, in lower case; `$symbol` and 0x addresses by regular expression.
#[derive(Clone)]
pub(in crate::contender) struct Normalize {
    symbol: Regex,
    address: Regex,
}

impl Normalize {
    /// Compiles the expressions.
    pub(in crate::contender) fn new() -> Result<Self, regex::Error> {
        Ok(Self {
            symbol: Regex::new(r"\$[a-z][a-z0-9]{1,9}(?-u:\b)")?,
            address: Regex::new(r"(?-u:\b)0x[0-9a-f]{40}(?-u:\b)")?,
        })
    }

    fn normalized(&self, mut post: Post) -> Post {
        let text: String = post.data.text.nfkc().collect();
        let text = text.trim().to_lowercase();
        post.symbols = Some(found(&self.symbol, &text));
        post.addresses = Some(found(&self.address, &text));
        post.data.text = text;
        post
    }
}

fn found(expression: &Regex, text: &str) -> Vec<String> {
    let found = expression.find_iter(text);
    found.map(|found| found.as_str().to_owned()).collect()
}

impl Stage for Normalize {
    type In = Post;
    type Out = Json;
    type Stores = ();

    fn apply(&mut self, post: Post, (): &mut (), _: &Cx<'_>) -> Result<Emit<Json>, Poison> {
        let post = self.normalized(post);
        Json::of(Topic::EventsNormalized, post.subject.clone(), &post).map(Emit::One)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contender::pipeline::post::sample;

    #[test]
    fn a_text_comes_into_one_form_and_what_is_in_it_is_found() {
        let post = Normalize::new().unwrap().normalized(sample());
        let address = "0x00000000000000000000000000000000000000ab";
        assert_eq!(post.data.text, format!("$tkn7 whales listing v2 {address}"));
        assert_eq!(post.symbols.unwrap(), ["$tkn7"]);
        assert_eq!(post.addresses.unwrap(), [address]);
    }
}
