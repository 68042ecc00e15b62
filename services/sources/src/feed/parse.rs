//! From the text of a feed to entries: RSS 0.9 to 2.0, RDF, Atom, JSON Feed. No I/O.

use chrono::{DateTime, Utc};
use feed_rs::model::{Entry, Feed, Link, Person};
use feed_rs::parser::Builder;
use serde_json::{Map, Value, json};

use super::{dates, encoding, manners, repair};
use crate::source::Validators;

/// Most entries of one feed that are read, the first ones.
const MOST: usize = 2_000;
/// Longest text of an entry, in bytes.
const LONGEST: usize = 256 * 1024;

/// What a feed says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParsedFeed {
    /// Its entries, as the data of events will have them, each with its `id` if it has one.
    pub entries: Vec<Value>,
    /// When it wants to be asked.
    pub manners: Validators,
}

/// Reads a feed that was at `base`; whatever it claims to be, and however broken it is.
///
/// # Errors
/// It is no feed, in words.
pub fn parse_feed(bytes: &[u8], content_type: Option<&str>, base: &str) -> Result<ParsedFeed, String> {
    let text = encoding::text(bytes, content_type);
    let text = repair::known_namespace(&text);
    let feed = read(&text, base).or_else(|error| {
        let looks_like_xml = text.trim_start().starts_with('<') || text.contains("<?xml");
        let mended = looks_like_xml.then(|| repair::mended(&text));
        mended.map_or(Err(error), |mended| read(&mended, base))
    })?;
    let mut parsed = ParsedFeed::default();
    manners::read(&text, feed.ttl, &mut parsed.manners);
    let language = feed.language.clone();
    let about = feed.title.as_ref().map(|title| title.content.clone());
    let authors = feed.authors.clone();
    parsed.entries = feed
        .entries
        .into_iter()
        .take(MOST)
        .map(|entry| described(entry, about.as_deref(), language.as_deref(), &authors))
        .collect();
    Ok(parsed)
}

/// The text is UTF-8, whatever its declaration says.
fn read(text: &str, base: &str) -> Result<Feed, String> {
    let parser = Builder::new()
        .base_uri(Some(base))
        .sanitize_content(false)
        .timestamp_parser(dates::parse)
        // An id that is made up may be another one at the next fetch.
        .id_generator(|_, _, _| String::new())
        .build();
    let parsed = parser.parse(without_declaration(text).as_bytes());
    parsed.map_err(|error| error.to_string())
}

fn without_declaration(text: &str) -> &str {
    let text = text.trim_start();
    match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest,
        None => text,
    }
}

fn described(entry: Entry, feed: Option<&str>, language: Option<&str>, authors: &[Person]) -> Value {
    let mut data = Map::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            data.insert(name.to_owned(), value.into());
        }
    };
    let url = link(&entry.links);
    add("id", Some(entry.id));
    add("title", entry.title.map(|title| title.content));
    let content = entry.content.and_then(|content| content.body);
    let summary = entry.summary.map(|summary| summary.content);
    add("text", content.or(summary).map(bounded));
    add("url", url);
    add("author", name(&entry.authors).or_else(|| name(authors)));
    add("feed", feed.map(str::to_owned));
    add("lang", entry.language.or_else(|| language.map(str::to_owned)));
    add("published", entry.published.map(shown));
    add("updated", entry.updated.map(shown));
    let tags = entry
        .categories
        .into_iter()
        .map(|category| category.label.unwrap_or(category.term));
    let tags: Vec<String> = tags.filter(|tag| !tag.is_empty()).take(64).collect();
    if !tags.is_empty() {
        data.insert("tags".to_owned(), json!(tags));
    }
    Value::Object(data)
}

/// The page of the entry: the link that says nothing else of itself.
fn link(links: &[Link]) -> Option<String> {
    let plain = |link: &&Link| link.rel.as_deref().is_none_or(|rel| rel == "alternate");
    let link = links.iter().find(plain).or_else(|| links.first())?;
    Some(link.href.clone())
}

fn name(people: &[Person]) -> Option<String> {
    let mut names = people
        .iter()
        .filter_map(|person| person.name.clone().or_else(|| person.email.clone()));
    names.find(|name| !name.trim().is_empty())
}

fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

fn bounded(mut text: String) -> String {
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or_default());
    }
    text
}
