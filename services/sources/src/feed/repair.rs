//! What is broken in many feeds, mended: only for a text that no parser takes as it is. No I/O.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

static AMPERSAND: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"&(#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)?").ok());
static VERSION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"<rss\b([^>]{0,2000}?)(\sversion\s*=\s*(?:"[^"]*"|'[^']*'))?([^>]{0,2000})>"#).ok()
});
static TYPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let texts = "title|summary|content|subtitle|tagline|rights|copyright|description";
    Regex::new(&format!(
        r#"<((?:[A-Za-z]+:)?(?:{texts})\b[^<>]{{0,500}}?\stype\s*=\s*)["']([^"'<>]*)["']"#
    ))
    .ok()
});
/// What RSS 0.90 was, before it was RDF's 1.0.
const NETSCAPE: [&str; 2] = [
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://channel.netscape.com/rdf/simple/0.9/",
];
const RSS_1: &str = "http://purl.org/rss/1.0/";
const OF_XML: [&str; 5] = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"];

/// The text as a parser of XML may take it: without what stands before the document, without characters that XML has not,
/// with ampersands and names that XML does not know as text, with a version that is known, and with its end.
pub(super) fn mended(text: &str) -> String {
    let begins = text.find('<').unwrap_or(0);
    let text: String = text[begins..].chars().filter(|c| is_of_xml(*c)).collect();
    let text = known_version(&text);
    let text = known_types(&text);
    ended(&references(&text)).into_owned()
}

/// Items of RSS 0.90 in the namespace in which they are known.
pub(super) fn known_namespace(text: &str) -> Cow<'_, str> {
    NETSCAPE.into_iter().fold(Cow::Borrowed(text), |text, old| {
        if text.contains(old) {
            Cow::Owned(text.replace(old, RSS_1))
        } else {
            text
        }
    })
}

/// A text of a type that no text has (RFC 4287, section 3.1.1) is read as HTML.
fn known_types(text: &str) -> Cow<'_, str> {
    let Some(pattern) = TYPE.as_ref() else {
        return Cow::Borrowed(text);
    };
    pattern.replace_all(text, |found: &Captures<'_>| {
        let is_known = matches!(&found[2], "text" | "html" | "xhtml");
        let kind = if is_known { &found[2] } else { "html" };
        format!(r#"<{}"{kind}""#, &found[1])
    })
}

/// XML 1.0, production 2.
const fn is_of_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn references(text: &str) -> Cow<'_, str> {
    let Some(pattern) = AMPERSAND.as_ref() else {
        return Cow::Borrowed(text);
    };
    pattern.replace_all(text, |found: &Captures<'_>| {
        let all = &found[0];
        if all == "&" {
            "&amp;".to_owned()
        } else if all.starts_with("&#") || OF_XML.contains(&all) {
            all.to_owned()
        } else {
            format!("&amp;{}", &all[1..])
        }
    })
}

/// RSS of any version is read like 2.0, which took over all of the earlier ones.
fn known_version(text: &str) -> Cow<'_, str> {
    match VERSION.as_ref() {
        Some(pattern) => pattern.replace(text, r#"<rss version="2.0"$1$3>"#),
        None => Cow::Borrowed(text),
    }
}

/// A document that was cut is ended behind its last whole item.
fn ended(text: &str) -> Cow<'_, str> {
    let ends = [
        ("<rss", "</rss>", "</item>", "</channel></rss>"),
        ("<feed", "</feed>", "</entry>", "</feed>"),
        ("<rdf:RDF", "</rdf:RDF>", "</item>", "</rdf:RDF>"),
    ];
    for (begin, end, item, closing) in ends {
        if text.contains(begin) && !text.trim_end().ends_with(end) {
            let rest = text.rfind(end).map(|at| &text[..at + end.len()]);
            let cut = || Some(&text[..text.rfind(item)? + item.len()]);
            return match (rest, cut()) {
                (Some(whole), _) => Cow::Borrowed(whole),
                (None, Some(cut)) => Cow::Owned(format!("{cut}{closing}")),
                (None, None) => Cow::Borrowed(text),
            };
        }
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_breaks_feeds_is_mended() {
        assert_eq!(
            mended("junk\n<rss version=\"0.94\"><a>Q&A &nbsp;&amp;&#39;\u{1}</a></rss>"),
            "<rss version=\"2.0\"><a>Q&amp;A &amp;nbsp;&amp;&#39;</a></rss>"
        );
        assert_eq!(
            mended("<rss><channel><item>1</item><item>2"),
            "<rss version=\"2.0\"><channel><item>1</item></channel></rss>"
        );
        assert_eq!(
            mended("<feed><entry>1</entry></feed>\n<!-- late"),
            "<feed><entry>1</entry></feed>"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,400}") {
            mended(&text);
        }
    }
}
