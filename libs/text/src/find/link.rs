//! Links: where they end in running text, and one canonical form for the same page. No I/O.

use crate::span::Span;
use url::Url;

/// What the host of a link is, where that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkHost {
    /// Nothing special.
    Plain,
    /// The form of a site for small screens; the canonical link names the usual one.
    Mobile,
    /// A service that hides where a link leads.
    Shortener,
}

/// A link found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Canonical form, see [`canonical`].
    pub url: String,
    /// What was known of its host, as written.
    pub host: LinkHost,
    /// Where it stands.
    pub span: Span,
}

/// Longest link that is read, in bytes; browsers and proxies stop earlier.
const LONGEST: usize = 4_096;

/// Query parameters that only say where a reader came from.
const TRACKING: &[&str] = &[
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "ysclid",
    "twclid",
    "ttclid",
    "li_fat_id",
    "igshid",
    "igsh",
    "mc_cid",
    "mc_eid",
    "ref_src",
    "ref_url",
    "mkt_tok",
    "_hsenc",
    "_hsmi",
    "vero_id",
    "wickedid",
    "s_cid",
    "cmpid",
    "ncid",
    "spm",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "_ga",
    "_gl",
    "rb_clickid",
    "oly_anon_id",
    "oly_enc_id",
    "__twitter_impression",
    "_openstat",
    "ocid",
];

/// What begins at `at` with a scheme: the link, unless it is malformed or too long, and the place where reading
/// goes on. A rejected link is passed over as a whole, so that hostile ones are not read again from within.
pub(super) fn link(text: &str, at: usize) -> Option<(Option<Link>, usize)> {
    let rest = &text[at..];
    let scheme = ["https://", "http://", "www."]
        .into_iter()
        .find(|scheme| starts_with(rest, scheme))?;
    let end = end_of(rest);
    let written = trim_end(&rest[..end]);
    let url = if scheme == "www." {
        canonical(&format!("https://{written}"))
    } else {
        canonical(written)
    };
    let span = Span {
        start: at,
        end: at + written.len(),
    };
    let host = host_of(written);
    Some((url.map(|url| Link { url, host, span }), at + end))
}

/// Whether a link begins here.
pub(crate) fn starts(text: &str) -> bool {
    ["https://", "http://", "www."]
        .into_iter()
        .any(|scheme| starts_with(text, scheme))
}

/// Services that shorten links.
const SHORTENERS: &[&str] = &[
    "bit.ly",
    "buff.ly",
    "cutt.ly",
    "dlvr.it",
    "goo.gl",
    "ift.tt",
    "is.gd",
    "lnkd.in",
    "ow.ly",
    "rb.gy",
    "rebrand.ly",
    "shorturl.at",
    "t.co",
    "t.ly",
    "tiny.cc",
    "tinyurl.com",
    "trib.al",
    "v.gd",
];
/// First labels of hosts for small screens.
const MOBILE: &[&str] = &["m.", "mobile.", "amp."];

fn host_of(written: &str) -> LinkHost {
    let behind = written.split_once("://").map_or(written, |(_, behind)| behind);
    let host = behind
        .split(['/', '?', '#', ':'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if SHORTENERS.contains(&host.trim_start_matches("www.")) {
        LinkHost::Shortener
    } else if is_mobile(&host) {
        LinkHost::Mobile
    } else {
        LinkHost::Plain
    }
}

/// A first label for small screens, of a host that has a name besides it (`m.media.example`, not `m.example`).
fn is_mobile(host: &str) -> bool {
    MOBILE
        .iter()
        .any(|label| host.strip_prefix(label).is_some_and(|rest| rest.contains('.')))
}

fn starts_with(text: &str, scheme: &str) -> bool {
    text.as_bytes()
        .get(..scheme.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(scheme.as_bytes()))
}

/// A link ends at white space, quotes and brackets, and where a script without blanks goes on writing.
fn end_of(rest: &str) -> usize {
    rest.find(|c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`')
            || matches!(c, '\u{2018}'..='\u{201f}' | '\u{2026}' | '\u{ab}' | '\u{bb}')
            || matches!(c, '\u{2e80}'..='\u{d7ff}' | '\u{ff00}'..='\u{ffef}')
    })
    .unwrap_or(rest.len())
}

/// Drops punctuation of the sentence; a bracket stays when its partner is inside the link.
fn trim_end(mut written: &str) -> &str {
    let mut depth = None;
    while let Some(last) = written.chars().next_back() {
        let partner = match last {
            ')' => Some('('),
            ']' => Some('['),
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' => None,
            _ => break,
        };
        if let Some(open) = partner {
            // Counted once: the brackets trimmed afterwards only lower the count by one each.
            let balance = depth.get_or_insert_with(|| balance(written, open, last));
            if *balance <= 0 {
                break;
            }
            *balance -= 1;
        }
        written = &written[..written.len() - last.len_utf8()];
    }
    written
}

/// Closing minus opening brackets.
fn balance(written: &str, open: char, close: char) -> i32 {
    written
        .chars()
        .fold(0, |sum, c| sum + i32::from(c == close) - i32::from(c == open))
}

/// One form for one page: lower-case scheme and host, no default port, no credentials, no fragment, no tracking
/// parameters, no empty query. `None` for anything but `http` and `https` with a host, and beyond 4,096 bytes.
pub fn canonical(url: &str) -> Option<String> {
    if url.len() > LONGEST {
        return None;
    }
    let mut parsed = Url::parse(url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))?;
    parsed
        .host_str()
        .filter(|host| host.contains('.') || *host == "localhost" || host.contains(':'))?;
    parsed.set_fragment(None);
    // Neither call can fail for http and https with a host; a failure would only keep what was there.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    if let Some(query) = parsed.query() {
        let kept: Vec<&str> = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !is_tracking(pair))
            .collect();
        let kept = kept.join("&");
        parsed.set_query((!kept.is_empty()).then_some(kept.as_str()));
    }
    Some(parsed.into())
}

fn is_tracking(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or(pair);
    name.starts_with("utm_") || TRACKING.contains(&name)
}
