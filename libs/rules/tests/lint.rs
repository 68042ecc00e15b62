//! Every check of the lint has a page, and the examples on the page are told and not told of as it says.

#![expect(clippy::panic, reason = "a test that cannot go on fails")]

use std::path::PathBuf;

use rules::{CHECKS, explain, lint};

fn pages() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules/lint")
}

fn page(name: &str) -> String {
    let path = pages().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn example<'a>(page: &'a str, fence: &str) -> &'a str {
    let start = page.find(fence).unwrap_or_else(|| panic!("no {fence} in {page}")) + fence.len();
    page[start..].split("```").next().unwrap_or_default()
}

fn checks_told(text: &str) -> Vec<&'static str> {
    let findings = lint(&[("example.yml", text)], &|_| None, None)
        .unwrap_or_else(|errors| panic!("{}\n{text}", explain(&errors)));
    findings.iter().map(|finding| finding.check).collect()
}

#[test]
fn each_page_shows_what_is_told_and_what_is_not() {
    assert!(CHECKS.len() >= 20);
    for check in CHECKS {
        let page = page(&format!("{}.md", check.name));
        let told = checks_told(example(&page, "```yaml told\n"));
        assert!(told.contains(&check.name), "{}: told of {told:?}", check.name);
        let mended = checks_told(example(&page, "```yaml not told\n"));
        assert!(
            !mended.contains(&check.name),
            "{}: still told of {mended:?}",
            check.name
        );
    }
}

#[test]
fn the_overview_names_each_check_and_no_other() {
    let overview = page("README.md");
    for check in CHECKS {
        assert!(
            overview.contains(&format!("[{0}]({0}.md)", check.name)),
            "{}",
            check.name
        );
    }
    assert_eq!(overview.matches(".md)").count(), CHECKS.len());
}
