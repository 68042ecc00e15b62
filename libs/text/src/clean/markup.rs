//! HTML: tags removed, character references resolved. Only names of real elements count as tags, so that
//! `a < b` and `<3` stay. No I/O.

use std::borrow::Cow;

/// Elements that break a line or cell; a blank takes their place.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "iframe",
    "img",
    "li",
    "main",
    "nav",
    "ol",
    "option",
    "p",
    "pre",
    "script",
    "section",
    "style",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
    "video",
];
/// Elements inside a line; they leave nothing behind.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "label", "link",
    "mark", "meta", "q", "s", "samp", "small", "source", "span", "strike", "strong", "sub", "sup", "svg",
    "time", "tt", "u", "var", "wbr",
];
/// Longest element name above, in bytes.
const LONGEST_NAME: usize = 10;

/// The text of `html`. Escaped markup, as feeds carry it, is resolved once more.
pub(super) fn strip(html: &str) -> Cow<'_, str> {
    let once = strip_and_decode(html);
    // Feeds escape the HTML of an entry once; anything deeper was meant to be read as it is.
    if once.contains('<') && html.contains("&lt;") {
        return Cow::Owned(strip_and_decode(&once).into_owned());
    }
    once
}

fn strip_and_decode(html: &str) -> Cow<'_, str> {
    let tagless = if html.contains('<') {
        strip_tags(html)
    } else {
        Cow::Borrowed(html)
    };
    if !tagless.contains('&') {
        return tagless;
    }
    Cow::Owned(html_escape::decode_html_entities(&tagless).into_owned())
}

/// What stands at a `<`: how far it reaches and what takes its place.
struct Tag {
    end: usize,
    replacement: &'static str,
}

fn strip_tags(html: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    let mut closings = Closings::default();
    while let Some(found) = html[at..].find('<') {
        let open = at + found;
        match tag_at(html, open, &mut closings) {
            Some(tag) => {
                out.push_str(&html[copied..open]);
                out.push_str(tag.replacement);
                (copied, at) = (tag.end, tag.end);
            }
            None => at = open + 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

fn tag_at(html: &str, open: usize, closings: &mut Closings) -> Option<Tag> {
    let rest = &html[open + 1..];
    if rest.starts_with("!--") {
        let end = closings.comment(html, open + 4)? + 3;
        return Some(Tag { end, replacement: "" });
    }
    if rest.starts_with("!DOCTYPE") || rest.starts_with("!doctype") || rest.starts_with("?xml") {
        return Some(Tag {
            end: closings.tag(html, open)? + 1,
            replacement: "",
        });
    }
    let closing = rest.starts_with('/');
    let (name, after) = element_name(&rest[usize::from(closing)..])?;
    let end = closings.tag(html, open)? + 1;
    if !closing && (name == "script" || name == "style") && !after.starts_with('/') {
        let end = closings.raw_text(html, end, &name).unwrap_or(end);
        return Some(Tag {
            end,
            replacement: " ",
        });
    }
    Some(Tag {
        end,
        replacement: if BLOCKS.contains(&name.as_str()) { " " } else { "" },
    })
}

/// The known element name that `rest` begins with, in lower case, and what follows it.
fn element_name(rest: &str) -> Option<(String, &str)> {
    let length = rest
        .bytes()
        .take(LONGEST_NAME + 1)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let name = rest[..length].to_ascii_lowercase();
    let after = &rest[length..];
    let ends = after.is_empty() || after.starts_with(['>', '/', ' ', '\t', '\r', '\n']);
    let known = BLOCKS.contains(&name.as_str()) || INLINE.contains(&name.as_str());
    (ends && known).then_some((name, after))
}

/// Remembers the last search for each kind of closing, so that a text of nothing but openings stays linear.
#[derive(Default)]
struct Closings {
    tag: Search,
    comment: Search,
    raw: Search,
}

/// What the last search for a closing gave.
#[derive(Default, Clone, Copy)]
enum Search {
    #[default]
    NotYet,
    Found(usize),
    Nowhere,
}

impl Closings {
    fn tag(&mut self, html: &str, from: usize) -> Option<usize> {
        self.tag.next(html, from, ">")
    }

    fn comment(&mut self, html: &str, from: usize) -> Option<usize> {
        self.comment.next(html, from, "-->")
    }

    /// The end of a script or style element, at the first `</s`: a wrong nesting only keeps the element's text.
    fn raw_text(&mut self, html: &str, from: usize, name: &str) -> Option<usize> {
        let start = self.raw.next(html, from, "</s")?;
        let found = html[start + 2..].get(..name.len())?;
        found.eq_ignore_ascii_case(name).then_some(start)
    }
}

impl Search {
    /// The first `needle` at or after `from`; `from` never decreases between calls.
    fn next(&mut self, html: &str, from: usize, needle: &str) -> Option<usize> {
        let known = match *self {
            Self::Found(place) if place >= from => Some(place),
            Self::Nowhere => None,
            _ => html
                .get(from..)
                .and_then(|rest| rest.find(needle))
                .map(|offset| from + offset),
        };
        *self = known.map_or(Self::Nowhere, Self::Found);
        known
    }
}
