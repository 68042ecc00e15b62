//! Posts of real people: retweets of one post, and posts that link one page. Both are hidden from what is measured.
//!
//! Of a site's home page nothing is known: hundreds of different alerts link it. So pairs of one page are those whose
//! link has a path; the figure over all links stands beside it.

use crate::quality::report::{Row, Wanted};
use anyhow::{Context, Result};
use flate2::read::GzDecoder;
use sameness::near::{NearIndex, NearText, compare};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Posts of a group that are compared with each other, so that one retweet of thousands is not all there is.
const MOST_OF_A_GROUP: usize = 40;
/// The share of common words from which on two posts of one page are expected to be one text.
const LEAST_JACCARD: f64 = 0.5;
/// Pairs without a retweet, a page or a text in common that one reader judged: post, post, same or other.
const JUDGED: &str = include_str!("../../../data/near_judged.txt");

#[derive(Deserialize)]
struct Post {
    id: String,
    text: String,
    retweet_of: Option<String>,
    urls: Vec<String>,
}

pub(super) fn rows(path: &Path) -> Result<Vec<Row>> {
    let posts = read(path)?;
    let texts: Vec<NearText> = posts.iter().map(|post| NearText::of(&post.text)).collect();
    let [pages, all] = url_recalls(&posts, &texts);
    let on = "posts with cashtags";
    let row = |name, what, value, wanted| Row {
        name,
        what,
        on,
        n: posts.len(),
        value,
        wanted,
    };
    Ok(vec![
        row(
            "stocknet_rt_recall",
            "copies: recall over retweets",
            retweet_recall(&posts, &texts),
            Wanted::AtLeast(0.99),
        ),
        row(
            "stocknet_url_recall",
            "copies: recall over posts of one page, Jaccard ≥ 0.5",
            pages,
            Wanted::AtLeast(0.85),
        ),
        row(
            "stocknet_all_url_recall",
            "the same with links of home pages",
            all,
            Wanted::Nothing,
        ),
        row(
            "stocknet_precision",
            "copies: precision of what is folded, tag spam counted as one text",
            precision(&posts, &texts),
            Wanted::AtLeast(0.98),
        ),
    ])
}

fn read(path: &Path) -> Result<Vec<Post>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

fn retweet_recall(posts: &[Post], texts: &[NearText]) -> Option<f64> {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, post) in posts.iter().enumerate() {
        if let Some(of) = &post.retweet_of {
            groups.entry(of).or_default().push(at);
        }
    }
    let found = pairs(groups.values()).map(|(a, b)| compare(&texts[a], &texts[b]).is_same());
    share(found)
}

/// Over posts of one page, and over posts of one link of any kind.
fn url_recalls(posts: &[Post], texts: &[NearText]) -> [Option<f64>; 2] {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, post) in posts
        .iter()
        .enumerate()
        .filter(|(_, post)| post.retweet_of.is_none())
    {
        for url in &post.urls {
            groups.entry(url).or_default().push(at);
        }
    }
    let words: Vec<BTreeSet<String>> = posts.iter().map(|post| words(&post.text)).collect();
    [true, false].map(|pages| {
        let groups = groups
            .iter()
            .filter(|(url, _)| !pages || has_path(url))
            .map(|(_, group)| group);
        let alike = pairs(groups).filter(|(a, b)| jaccard(&words[*a], &words[*b]) >= LEAST_JACCARD);
        share(alike.map(|(a, b)| compare(&texts[a], &texts[b]).is_same()))
    })
}

fn has_path(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.trim_end_matches('/').contains('/')
}

/// The pairs of the first posts of each group.
fn pairs<'g>(groups: impl Iterator<Item = &'g Vec<usize>>) -> impl Iterator<Item = (usize, usize)> {
    groups.flat_map(|group| {
        let group = &group[..group.len().min(MOST_OF_A_GROUP)];
        (0..group.len()).flat_map(move |b| (0..b).map(move |a| (group[a], group[b])))
    })
}

fn words(text: &str) -> BTreeSet<String> {
    let runs = text.split_whitespace();
    let runs = runs.filter(|run| !run.contains("://") && !run.starts_with('@') && *run != "RT");
    let bare = runs.map(|run| run.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase());
    bare.filter(|word| !word.is_empty()).collect()
}

fn jaccard(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let common = a.intersection(b).count();
    common as f64 / (a.len() + b.len() - common).max(1) as f64
}

fn share(found: impl Iterator<Item = bool>) -> Option<f64> {
    let (mut count, mut right) = (0_u32, 0_u32);
    for found in found {
        count += 1;
        right += u32::from(found);
    }
    (count > 0).then(|| f64::from(right) / f64::from(count))
}

/// Folds the posts in their order. Of the pairs that have a retweet, a page or all words in common all are right; of the
/// others, the share that one reader found so in a sample.
fn precision(posts: &[Post], texts: &[NearText]) -> Option<f64> {
    let mut index = NearIndex::default();
    let (mut folded, mut obvious) = (0_u32, 0_u32);
    let mut others = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let known = index
            .candidates(text)
            .into_iter()
            .find(|known| compare(text, &texts[*known]).is_same());
        let Some(known) = known else {
            index.add(at, text);
            continue;
        };
        folded += 1;
        if is_obvious(&posts[at], &posts[known]) {
            obvious += 1;
        } else {
            others.push((posts[at].id.as_str(), posts[known].id.as_str()));
        }
    }
    if crate::quality::wants_details() {
        others
            .iter()
            .step_by(others.len() / 100 + 1)
            .for_each(|(a, b)| crate::say(format_args!("judge {a} {b}")));
    }
    let rate = judged(&others)?;
    (folded > 0).then(|| (f64::from(obvious) + rate * f64::from(folded - obvious)) / f64::from(folded))
}

fn is_obvious(a: &Post, b: &Post) -> bool {
    fn origin(post: &Post) -> &str {
        post.retweet_of.as_deref().unwrap_or(&post.id)
    }
    let urls: HashSet<&String> = a.urls.iter().collect();
    origin(a) == origin(b) || b.urls.iter().any(|url| urls.contains(url)) || bare(&a.text) == bare(&b.text)
}

/// Letters and digits of the words that are no tag, mention or link.
fn bare(text: &str) -> String {
    let runs = text
        .split_whitespace()
        .filter(|run| !run.contains("://") && !run.starts_with(['@', '#', '$']));
    let letters = runs
        .filter(|run| *run != "RT")
        .flat_map(str::chars)
        .filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// The share of right ones among those of these pairs that were judged.
fn judged(others: &[(&str, &str)]) -> Option<f64> {
    let others: HashSet<&(&str, &str)> = others.iter().collect();
    let verdicts = JUDGED
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            let pair = (fields.next()?, fields.next()?);
            others.contains(&pair).then_some(fields.next()? == "same")
        });
    share(verdicts)
}
