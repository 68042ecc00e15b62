//! From the bytes of a feed to text, whatever they claim to be. No I/O.
//!
//! A byte order mark is right; then comes what the document says of itself, then what the server says, then UTF-8. Servers are
//! wrong more often than documents. Where the bytes are not what is claimed, they are what Windows wrote, as browsers have it
//! (WHATWG Encoding Standard).

use std::borrow::Cow;
use std::sync::LazyLock;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use regex::bytes::Regex as Bytes;

static DECLARED: LazyLock<Option<Bytes>> = LazyLock::new(|| {
    Bytes::new(r#"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']"#).ok()
});

/// The text, without a byte order mark.
pub(super) fn text<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    let encoding = declared(bytes)
        .or_else(|| without_mark(bytes))
        .or_else(|| said(content_type?))
        .unwrap_or(UTF_8);
    let (text, is_wrong) = encoding.decode_without_bom_handling(bytes);
    if is_wrong && encoding == UTF_8 {
        return WINDOWS_1252.decode_without_bom_handling(bytes).0;
    }
    text
}

/// What the document says of itself. One that says so in ASCII is not of two bytes a character.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let captured = DECLARED.as_ref()?.captures(bytes)?;
    let encoding = Encoding::for_label(captured.get(1)?.as_bytes())?;
    Some(if [UTF_16LE, UTF_16BE].contains(&encoding) {
        UTF_8
    } else {
        encoding
    })
}

/// UTF-16 without its mark begins with `<` and a zero (XML 1.0, appendix F).
fn without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<', 0, ..] => Some(UTF_16LE),
        [0, b'<', ..] => Some(UTF_16BE),
        _ => None,
    }
}

fn said(content_type: &str) -> Option<&'static Encoding> {
    let at = content_type.to_ascii_lowercase().find("charset=")? + "charset=".len();
    let label = content_type.get(at..)?.split(';').next()?;
    Encoding::for_label(label.trim().trim_matches(['"', '\'']).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_the_document_and_the_server_are_believed_in_that_order() {
        assert_eq!(
            text(b"\xef\xbb\xbf<a>\xc3\xa9", Some("text/xml; charset=latin1")),
            "<a>é"
        );
        assert_eq!(text(b"\xff\xfe<\0a\0", None), "<a");
        assert_eq!(text(b"<\0a\0", None), "<a");
        let declared = b"<?xml version='1.0' encoding='ISO-8859-1'?>\xe9";
        assert!(text(declared, Some("text/xml; charset=utf-8")).ends_with('é'));
        assert_eq!(text(b"<a>\xe9", Some("text/xml; charset=\"ISO-8859-1\"")), "<a>é");
        assert_eq!(text(b"<a>\x93", None), "<a>\u{201c}", "not UTF-8, so of Windows");
        let wrong = b"<?xml version='1.0' encoding='utf-16'?>\xc3\xa9";
        assert!(text(wrong, None).ends_with('é'));
    }
}
