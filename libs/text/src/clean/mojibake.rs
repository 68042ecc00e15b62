//! Mojibake: UTF-8 that somebody read as Windows-1252 (`donâ€™t`, `cafÃ©`), mended where it is certain. No I/O.

use std::borrow::Cow;

/// What Windows-1252 has at 0x80 to 0x9f; the five places without a character stay control characters.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// `text` with broken sequences mended, and Windows-1252 control characters and `\x93` escapes as what was meant.
pub(super) fn mend(text: &str) -> Cow<'_, str> {
    let mut text = unescape(text);
    if let Some(mended) = mend_once(&text) {
        text = Cow::Owned(mended);
    }
    // Some texts were broken twice; what is left then has these letters.
    if text.contains(['Â', 'Ã', 'â'])
        && let Some(mended) = mend_once(&text)
    {
        text = Cow::Owned(mended);
    }
    text
}

/// `\x93` to the character that Windows-1252 has there.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains("\\x") {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split("\\x");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(code) = code.filter(|code| (0x80..0xa0).contains(code)) {
            out.push(HIGH[usize::from(code - 0x80)]);
            out.push_str(&part[2..]);
        } else {
            out.push_str("\\x");
            out.push_str(part);
        }
    }
    Cow::Owned(out)
}

/// One round; `None` when nothing was broken.
fn mend_once(text: &str) -> Option<String> {
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = text[at..].find(is_suspect) {
        let start = at + found;
        let goes_on = copied > 0 && copied == start;
        match sequence(&text[start..]).filter(|found| goes_on || found.is_certain(&text[start..])) {
            Some(Sequence {
                character, length, ..
            }) => {
                out.push_str(&text[copied..start]);
                out.push(character);
                (copied, at) = (start + length, start + length);
            }
            None => at = text.ceil_char_boundary(start + 1),
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some(out)
}

fn is_suspect(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{9f}' | '\u{c2}'..='\u{f4}')
}

/// A broken sequence: what it stands for, its length in bytes, and its first byte.
struct Sequence {
    character: char,
    length: usize,
    lead: u8,
}

impl Sequence {
    /// `Â£`, `Ã©`, `â€™` and `ðŸš€` are nothing else. Other leads are letters of real writing (`CAFÉ»`), so that one
    /// sequence says nothing; two in a row do.
    fn is_certain(&self, rest: &str) -> bool {
        matches!(self.lead, 0x80..=0x9f | 0xc2 | 0xc3 | 0xe2 | 0xf0)
            || sequence(&rest[self.length..]).is_some()
    }
}

/// The broken sequence at the beginning of `rest`.
fn sequence(rest: &str) -> Option<Sequence> {
    let first = rest.chars().next()?;
    let lead = byte(first)?;
    let mut length = first.len_utf8();
    let follow = match lead {
        // A control character on its own; inside a sequence it was taken with its lead.
        0x80..=0x9f => {
            let character = HIGH[usize::from(lead - 0x80)];
            return (character != first).then_some(Sequence {
                character,
                length,
                lead,
            });
        }
        0xc2 | 0xc3 | 0xd0 | 0xd1 => 1,
        0xe2..=0xef => 2,
        0xf0..=0xf4 => 3,
        _ => return None,
    };
    let mut bytes = vec![lead];
    for c in rest[length..].chars().take(follow) {
        bytes.push(byte(c).filter(|byte| (0x80..0xc0).contains(byte))?);
        length += c.len_utf8();
    }
    let character = std::str::from_utf8(&bytes).ok()?.chars().next()?;
    Some(Sequence {
        character,
        length,
        lead,
    })
}

/// The byte that a character is in Windows-1252, for those beyond ASCII.
fn byte(c: char) -> Option<u8> {
    match c {
        '\u{a0}'..='\u{ff}' | '\u{80}'..='\u{9f}' => u8::try_from(u32::from(c)).ok(),
        _ => HIGH
            .iter()
            .position(|high| *high == c)
            .and_then(|place| u8::try_from(place + 0x80).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::mend;
    use proptest::prelude::*;

    #[test]
    fn broken_texts_are_mended() {
        for (broken, meant) in [
            (
                "donâ€™t panic â€“ it\u{e2}\u{20ac}\u{153}s fineâ€\u{9d}",
                "don’t panic – it“s fine”",
            ),
            ("cafÃ© costs Â£5", "café costs £5"),
            ("ðŸš€ to the moon", "🚀 to the moon"),
            ("ÐŸÑ€Ð¸Ð²ÐµÑ‚", "Привет"),
            ("\\x93quoted\\x94 and \\x41", "“quoted” and \\x41"),
            ("\u{93}quoted\u{94}", "“quoted”"),
            ("Ã¢â‚¬â„¢", "’"),
        ] {
            assert_eq!(mend(broken), meant, "{broken}");
        }
    }

    #[test]
    fn real_writing_stays() {
        for text in [
            "CAFÉ», à la française",
            "São Paulo, coração, ação",
            "Ærø Ðorð",
            "naïve élève",
            "Größe",
            "日本",
        ] {
            assert_eq!(mend(text), text);
        }
    }

    proptest! {
        #[test]
        fn what_was_broken_is_whole_again(text in "[a-zéüñ’“”–🚀]{0,40}") {
            let broken: String = text.bytes().map(|b| match b {
                0x80..0xa0 => super::HIGH[usize::from(b - 0x80)],
                _ => char::from(b),
            }).collect();
            prop_assert_eq!(mend(&broken), text);
        }

        #[test]
        fn any_text_is_survived(text in any::<String>()) {
            mend(&text);
        }
    }
}
