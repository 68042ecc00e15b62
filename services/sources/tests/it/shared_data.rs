//! Feeds that nobody on this project wrote: no panic on any, and entries and dates of those that are well-formed as a look at
//! their elements has them. Skipped where the data is absent.

use regex::Regex;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of shared data, from `SLUICEBOX_SHARED_DATA` or beside the repository.
fn shared(part: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let path = std::env::var_os("SLUICEBOX_SHARED_DATA")
        .map_or_else(beside, PathBuf::from)
        .join(part);
    if !path.exists() {
        eprintln!("skipped: {} is absent", path.display());
        return None;
    }
    Some(path)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// What a look at the elements of a feed finds, which knows nothing of feeds: how many items, and how many have a date that
/// can be one.
struct Look {
    root: Regex,
    aside: Regex,
    item: Regex,
    date: Regex,
}

impl Look {
    fn new() -> Self {
        let new = |pattern| Regex::new(pattern).unwrap();
        Self {
            root: new(
                r#"<(rss\b[^>]*version=["'](0\.9[0-9]?|2\.0)["']|rdf:RDF|feed\b[^>]*xmlns=["']http://www\.w3\.org/2005/Atom["'])"#,
            ),
            aside: new(r"(?s)<!--.*?-->|<!\[CDATA\[.*?\]\]>|<source\b.*?</source>"),
            item: new(r"(?s)<(item|entry)(\s[^>]*[^/])?>.*?</(item|entry)>"),
            date: new(
                r"<(pubDate|published|updated|dc:date)>\s*((?:[A-Za-z]{3}, )?\d{1,2} [A-Z][a-z]{2} (?:19|20)\d\d \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})|(?:19|20)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))\s*</",
            ),
        }
    }

    /// Items, and those with a date; nothing of what is no feed of a known kind.
    fn at(&self, text: &str) -> Option<(usize, usize)> {
        let text = self.aside.replace_all(text, "");
        self.root.find(&text)?;
        let items: Vec<_> = self.item.find_iter(&text).collect();
        let dated = items.iter().filter(|item| self.date.is_match(item.as_str()));
        Some((items.len(), dated.count()))
    }
}

#[test]
fn feeds_of_others_are_read_as_they_are() {
    let Some(folder) = shared("feeds") else { return };
    let mut all = Vec::new();
    files(&folder, &mut all);
    let (look, mut compared, mut right, mut wrong) = (Look::new(), 0, 0, Vec::new());
    for file in &all {
        let bytes = fs::read(file).unwrap();
        let parsed = sources::parse_feed(&bytes, None, "https://x.example/feed");
        let Some((items, dated)) = std::str::from_utf8(&bytes).ok().and_then(|text| look.at(text)) else {
            continue;
        };
        compared += 1;
        let entries = parsed.map(|parsed| parsed.entries).unwrap_or_default();
        let has_date =
            |entry: &&serde_json::Value| entry.get("published").or_else(|| entry.get("updated")).is_some();
        let read = (entries.len(), entries.iter().filter(has_date).count());
        if read.0 == items && read.1 >= dated {
            right += 1;
        } else {
            wrong.push(format!(
                "{}: {:?} and not {:?}",
                file.display(),
                read,
                (items, dated)
            ));
        }
    }
    let share = f64::from(right) / f64::from(compared);
    println!(
        "{} files; of {compared} feeds {right} are right ({share:.4}); {wrong:#?}",
        all.len()
    );
    assert!(compared > 1_000, "{compared}");
    assert!(share >= 0.98, "{share}: {wrong:#?}");
}

#[test]
fn feeds_that_are_cut_or_changed_anywhere_are_survived() {
    let Some(folder) = shared("feeds") else { return };
    let mut all = Vec::new();
    files(&folder, &mut all);
    for file in all.iter().step_by(7) {
        let mut bytes = fs::read(file).unwrap();
        bytes.truncate(64 * 1024);
        for cut in (0..bytes.len()).step_by((bytes.len() / 12).max(1)) {
            let _ = sources::parse_feed(
                &bytes[..cut],
                Some("text/xml; charset=utf-16"),
                "https://x.example/",
            );
            let old = std::mem::replace(&mut bytes[cut], b'<');
            let _ = sources::parse_feed(&bytes, None, "no address");
            bytes[cut] = old;
        }
    }
}
