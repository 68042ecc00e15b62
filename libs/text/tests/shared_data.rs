//! Other people's texts: language accuracy and the big list of naughty strings. Skipped where the data is absent.

#![expect(clippy::print_stderr, reason = "a skipped check says so")]

use std::fs;
use std::path::PathBuf;

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

#[test]
fn naughty_strings_are_survived() {
    let Some(path) = shared("suites/blns/blns.json") else {
        return;
    };
    let strings: Vec<String> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    for naughty in strings {
        let cleaned = text::clean(&naughty);
        assert!(!cleaned.contains(['\0', '\u{feff}', '\u{202e}']), "{naughty:?}");
        text::find(&cleaned);
        text::language::detect(&cleaned);
        text::topic(&cleaned);
    }
}

#[test]
fn languages_of_sentences() {
    let Some(root) = shared("language/lingua_testdata") else {
        return;
    };
    let languages = [
        ("arabic", "ar"),
        ("chinese", "zh"),
        ("english", "en"),
        ("french", "fr"),
        ("german", "de"),
        ("indonesian", "id"),
        ("japanese", "ja"),
        ("korean", "ko"),
        ("persian", "fa"),
        ("portuguese", "pt"),
        ("russian", "ru"),
        ("spanish", "es"),
        ("turkish", "tr"),
        ("ukrainian", "uk"),
        ("vietnamese", "vi"),
    ];
    for (folder, code) in languages {
        let sentences = fs::read_to_string(root.join(folder).join("sentences.txt")).unwrap();
        let lines: Vec<&str> = sentences
            .lines()
            .filter(|line| !line.trim().is_empty())
            .take(200)
            .collect();
        let right = lines
            .iter()
            .filter(|line| text::language::detect(line).is_some_and(|l| l.code == code))
            .count();
        assert!(
            right * 100 >= lines.len() * 88,
            "{folder}: {right} of {}",
            lines.len()
        );
    }
}
