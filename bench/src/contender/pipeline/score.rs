//! The second stage: six rules, each with its weight.

use super::Json;
use super::post::Post;
use stage::{Cx, Emit, Poison, Stage};
use topology::Topic;

struct Rule {
    name: &'static str,
    weight: i64,
    holds: fn(&Post) -> bool,
}

const fn rule(name: &'static str, weight: i64, holds: fn(&Post) -> bool) -> Rule {
    Rule { name, weight, holds }
}

const RULES: [Rule; 6] = [
    rule("keyword", 25, |post| {
        ["listing", "airdrop"]
            .iter()
            .any(|word| post.data.text.contains(word))
    }),
    rule("reach", 15, |post| post.data.followers >= 10_000),
    rule("address", 15, |post| {
        post.addresses.as_ref().is_some_and(|found| !found.is_empty())
    }),
    rule("symbol", 10, |post| {
        post.symbols.as_ref().is_some_and(|found| !found.is_empty())
    }),
    rule("trusted", 10, |post| {
        ["twitter", "farcaster"].contains(&post.source.as_str()) && post.data.lang == "en"
    }),
    rule("engagement", 25, |post| {
        post.data.likes + 2 * post.data.reposts > 500
    }),
];

/// Adds the rules that hold and the sum of their weights.
pub(in crate::contender) struct Score;

fn scored(mut post: Post) -> Post {
    let hits: Vec<&Rule> = RULES.iter().filter(|rule| (rule.holds)(&post)).collect();
    post.score = Some(hits.iter().map(|rule| rule.weight).sum());
    post.rules = Some(hits.iter().map(|rule| rule.name.to_owned()).collect());
    post
}

impl Stage for Score {
    type In = Post;
    type Out = Json;
    type Stores = ();

    fn apply(&mut self, post: Post, (): &mut (), _: &Cx<'_>) -> Result<Emit<Json>, Poison> {
        let post = scored(post);
        Json::of(Topic::EventsScored, post.subject.clone(), &post).map(Emit::One)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contender::pipeline::post::sample;

    #[test]
    fn each_rule_that_holds_adds_its_weight() {
        let mut post = sample();
        post.data.text = "an airdrop".to_owned();
        post.symbols = Some(Vec::new());
        post.addresses = Some(vec!["0x".to_owned()]);
        let scored = scored(post);
        assert_eq!(
            scored.rules.unwrap(),
            ["keyword", "reach", "address", "trusted", "engagement"]
        );
        assert_eq!(scored.score, Some(90));
    }
}
